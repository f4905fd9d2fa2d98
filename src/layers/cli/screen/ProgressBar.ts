// A bar at the bottom of a terminal while something takes its time; nothing where there is none.
//
// It shows itself after a moment, so short work draws nothing. Lines printed meanwhile go through
// `say`, above the bar.

import { Clock, Effect, Ref, type Scope } from "effect"
import { Screen } from "./Screen.js"
import { count } from "./Table.js"

export interface ProgressBar {
  /** How far it is. `total` may be unknown. */
  readonly update: (state: {
    readonly done: number
    readonly fraction?: number
  }) => Effect.Effect<void>
  /** Lines above the bar, on the standard error. */
  readonly say: (...lines: ReadonlyArray<string>) => Effect.Effect<void>
}

export interface ProgressOptions {
  readonly label: string
  /** What is counted, such as "events". */
  readonly unit: string
}

const CLEAR = "\r\u001b[2K"
const QUIET_MILLIS = 300
const REDRAW_MILLIS = 80
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

const filled = (fraction: number, width: number): string => {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8)
  const bar = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "")
  return bar.padEnd(width, "░")
}

/** A bar that is gone when the scope closes. */
export const progressBar = (
  options: ProgressOptions,
): Effect.Effect<ProgressBar, never, Screen | Scope.Scope> =>
  Effect.gen(function* () {
    const { err } = yield* Screen
    const say = (...lines: ReadonlyArray<string>) =>
      err.write(lines.map((line) => `${line}\n`).join(""))
    if (!err.isTerminal) return { update: () => Effect.void, say }

    const drawn = yield* Ref.make({ at: 0, line: "" })
    // Time counts from the first report on.
    let startedAt: number | undefined

    const lineOf = (state: { done: number; fraction?: number }, now: number): string => {
      const rate = Math.round((state.done * 1_000) / Math.max(1, now - (startedAt ?? now)))
      const figures = `${count(state.done)} ${options.unit}  ${count(rate)}/s`
      if (state.fraction === undefined) return `${options.label}  ${figures}`
      const percent = `${Math.floor(state.fraction * 100)}%`.padStart(4)
      const room = err.columns - options.label.length - figures.length - percent.length - 7
      const bar = filled(state.fraction, Math.max(8, Math.min(40, room)))
      return `${options.label}  ${err.paint.cyan(bar)} ${percent}  ${figures}`
    }

    const update: ProgressBar["update"] = (state) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        startedAt ??= now
        const { at } = yield* Ref.get(drawn)
        if (now - startedAt < QUIET_MILLIS || now - at < REDRAW_MILLIS) return
        const line = lineOf(state, now)
        yield* Ref.set(drawn, { at: now, line })
        yield* err.write(CLEAR + line)
      })

    yield* Effect.addFinalizer(() =>
      Effect.flatMap(Ref.get(drawn), ({ line }) => (line === "" ? Effect.void : err.write(CLEAR))),
    )
    return {
      update,
      say: (...lines) =>
        Effect.flatMap(Ref.get(drawn), ({ line }) =>
          err.write(
            `${line === "" ? "" : CLEAR}${lines.map((text) => `${text}\n`).join("")}${line}`,
          ),
        ),
    }
  })
