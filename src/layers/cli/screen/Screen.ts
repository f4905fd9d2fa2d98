// Where the command line writes: results to the standard output, everything else to the standard
// error. A line is written when the operating system has it, so a slow reader slows the command.

import { Context, Effect, Layer } from "effect"
import type { Writable } from "node:stream"
import { type Paint, paintFor } from "./Paint.js"

export interface Surface {
  readonly isTerminal: boolean
  readonly columns: number
  readonly paint: Paint
  readonly write: (text: string) => Effect.Effect<void>
}

export class Screen extends Context.Tag("eventloom/cli/Screen")<
  Screen,
  {
    /** For results. */
    readonly out: Surface
    /** For progress, notes and errors. */
    readonly err: Surface
  }
>() {}

const DEFAULT_COLUMNS = 100

interface Output extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
}

const surface = (stream: Output): Surface => {
  const { isTTY: isTerminal = false } = stream
  return {
    isTerminal,
    get columns() {
      const { columns = 0 } = stream
      return columns > 0 ? columns : DEFAULT_COLUMNS
    },
    paint: paintFor({ isTerminal }, process.env["NO_COLOR"]),
    write: (text) =>
      Effect.async<void>((resume) => {
        stream.write(text, () => resume(Effect.void))
      }),
  }
}

/** The streams of this process. Who reads them may close them at any time (`| head`): that ends it. */
export const layer = Layer.sync(Screen, () => {
  const leave = (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0)
    throw error
  }
  process.stdout.on("error", leave)
  process.stderr.on("error", leave)
  return { out: surface(process.stdout), err: surface(process.stderr) }
})

/** Lines of the result. */
export const print = (...lines: ReadonlyArray<string>) =>
  Effect.flatMap(Screen, ({ out }) => out.write(lines.map((line) => `${line}\n`).join("")))

/** One JSON document, on one line. */
export const printJson = (value: unknown) => print(JSON.stringify(value))

/** Lines beside the result. */
export const note = (...lines: ReadonlyArray<string>) =>
  Effect.flatMap(Screen, ({ err }) => err.write(lines.map((line) => `${line}\n`).join("")))
