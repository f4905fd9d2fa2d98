// The transport "stdout": one line of JSON per event, the event in its structured form.
//
// A delivery is done when the line is handed to the operating system, so a reader that is slow slows
// its subscriptions and nothing is buffered without bound.

import type { Writable } from "node:stream"
import { Context, Effect, Layer, Schema } from "effect"
import type { Connection, Delivery, Transport } from "../../../actors/index.js"
import { Outcome } from "../../../domain/index.js"

export const STDOUT = "stdout"

export const StdoutOptions = Schema.Struct({})

/** The lines were not taken. `code` is that of the system, such as EPIPE. */
export class LinesNotWritten extends Schema.TaggedError<LinesNotWritten>()("LinesNotWritten", {
  code: Schema.String,
}) {
  override get message(): string {
    return `the output takes no lines (${this.code})`
  }
}

/** Where the lines go. */
export class LineWriter extends Context.Tag("eventloom/LineWriter")<
  LineWriter,
  {
    /** Writes whole lines, each with its line feed, in one piece; done when they are taken. */
    readonly write: (lines: string) => Effect.Effect<void, LinesNotWritten>
  }
>() {}

const codeOf = (error: Error): string =>
  "code" in error && typeof error.code === "string" ? error.code : "the write failed"

/** Lines to a stream of Node, which is left open. */
export const layerStream = (stream: Writable) =>
  Layer.scoped(
    LineWriter,
    Effect.gen(function* () {
      // Every failed write is told to its own callback as well; without a listener it would end the
      // process.
      const onError = () => undefined
      yield* Effect.acquireRelease(
        Effect.sync(() => stream.on("error", onError)),
        () => Effect.sync(() => stream.off("error", onError)),
      )
      return {
        write: (lines) =>
          Effect.async<void, LinesNotWritten>((resume) => {
            stream.write(lines, (error) =>
              resume(
                error === null || error === undefined
                  ? Effect.void
                  : new LinesNotWritten({ code: codeOf(error) }),
              ),
            )
          }),
      }
    }),
  )

/** Lines to the standard output of this process. */
export const layerStdout = Layer.unwrapEffect(Effect.sync(() => layerStream(process.stdout)))

const LINE_BREAK = /[\r\n]/

/** A line break can only stand between the tokens of the JSON, so writing it anew takes it out. */
const lineOf = ({ event: { json } }: Delivery): string =>
  `${LINE_BREAK.test(json) ? JSON.stringify(JSON.parse(json)) : json}\n`

export const make: Effect.Effect<
  Transport<typeof StdoutOptions.Type, typeof StdoutOptions.Encoded>,
  never,
  LineWriter
> = Effect.map(LineWriter, ({ write }) => {
  const send = (lines: string): Effect.Effect<Outcome> =>
    Effect.match(write(lines), {
      onSuccess: () => Outcome.delivered(),
      onFailure: ({ message }) => Outcome.retry(message),
    })
  const connection: Connection = {
    deliver: (delivery) => send(lineOf(delivery)),
    deliverBatch: (deliveries) =>
      deliveries.length === 0
        ? Effect.succeed([])
        : Effect.map(send(deliveries.map(lineOf).join("")), (outcome) =>
            deliveries.map(() => outcome),
          ),
  }
  return {
    kind: STDOUT,
    options: StdoutOptions,
    secrets: [],
    open: () => Effect.succeed(connection),
  }
})
