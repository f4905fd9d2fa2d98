/**
 * A webhook receiver in another process, and talking to processes of that kind.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Effect, Schema } from "effect"

/** A file of this folder; what runs is compiled and lies elsewhere. */
export const local = (path: string): string =>
  fileURLToPath(new URL(`../../bench/${path}`, import.meta.url))

export interface Receiver {
  readonly port: number
  /** Counts from now on; the promise resolves when that many have come. */
  readonly expect: (count: number, time?: boolean) => Promise<{ readonly complete: Promise<void> }>
  readonly latencies: () => Promise<ReadonlyArray<number>>
}

/** The next message of a process that has this key. */
export const answerOf = async (
  child: ChildProcess,
  key: string,
): Promise<Record<string, unknown>> => {
  for (;;) {
    const [message]: ReadonlyArray<unknown> = await once(child, "message")
    const answer = Schema.decodeUnknownSync(
      Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    )(message)
    if ("failed" in answer)
      throw new Error(`${String(answer["failed"])}: ${String(answer["reason"])}`)
    if (key in answer) return answer
  }
}

export const startReceiver = Effect.acquireRelease(
  Effect.promise(async () => {
    const child = fork(local("peers/receiver.mjs"))
    const { port } = await answerOf(child, "port")
    const receiver: Receiver = {
      port: Number(port),
      expect: async (count, time = false) => {
        const ready = answerOf(child, "ready")
        child.send({ command: "expect", count, time })
        await ready
        return { complete: answerOf(child, "complete").then(() => undefined) }
      },
      latencies: async () => {
        const answer = answerOf(child, "latencies")
        child.send({ command: "latencies" })
        return Schema.decodeUnknownSync(Schema.Array(Schema.Number))((await answer)["latencies"])
      },
    }
    return { receiver, child }
  }),
  ({ child }) => Effect.sync(() => child.kill()),
).pipe(Effect.map(({ receiver }) => receiver))
