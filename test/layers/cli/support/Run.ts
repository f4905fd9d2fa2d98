// The command line in this process: what a command writes, and the exit code it would end with.

import { ConfigProvider, Effect, Exit } from "effect"
import { exitCodeOf, program } from "../../../../src/layers/cli/Cli.js"
import { paintFor } from "../../../../src/layers/cli/screen/Paint.js"
import { Screen, type Surface } from "../../../../src/layers/cli/screen/Screen.js"

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  /** The environment; nothing of this process's is seen. */
  readonly env?: Readonly<Record<string, string>>
  /** Both streams are terminals. */
  readonly onTerminal?: boolean
}

/** Runs `eventloom ...args`. */
export const runCli = (args: ReadonlyArray<string>, options: RunOptions = {}) =>
  Effect.gen(function* () {
    const written = { out: "", err: "" }
    const surface = (stream: "out" | "err"): Surface => {
      const isTerminal = options.onTerminal ?? false
      return {
        isTerminal,
        columns: 100,
        paint: paintFor({ isTerminal }, options.env?.["NO_COLOR"]),
        write: (text) =>
          Effect.sync(() => {
            written[stream] += text
          }),
      }
    }
    const exit = yield* program(["node", "eventloom", ...args]).pipe(
      Effect.provideService(Screen, { out: surface("out"), err: surface("err") }),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(options.env ?? {})))),
      Effect.exit,
    )
    const ran: Ran = { code: exitCodeOf(exit), ...written }
    return Exit.isInterrupted(exit) ? { ...ran, code: 130 } : ran
  })

/** What a command printed as its one JSON document. */
export const jsonOf = ({ out }: Ran): unknown => JSON.parse(out)
