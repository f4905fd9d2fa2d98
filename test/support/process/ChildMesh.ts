// A mesh in a child process of its own, to be killed at any instant. It runs what `build/testProcesses.mjs`
// has bundled.

import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Data, Deferred, Effect, Exit, Schema, type Scope } from "effect"
import {
  type Command,
  type CutOffRemovals,
  Message,
  type ProcessOptions,
  ProcessOptionsText,
} from "./Protocol.js"

/** The mesh refused; `error` is the tag of its error. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly error: string
  readonly message: string
}> {}

/** The process ended before it answered: what became of the command is not known. */
export class Cut extends Data.TaggedError("Cut") {}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ChildMesh {
  /** Succeeds, with the removals that are to be resumed, when the mesh is up. */
  readonly ready: Effect.Effect<CutOffRemovals, Refused | Cut>
  readonly ask: (command: Command) => Effect.Effect<unknown, Refused | Cut>
  readonly ended: Effect.Effect<Ended>
  readonly pid: number | undefined
  /** Sends the signal and returns at once. */
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** What it wrote to its standard output and error. */
  readonly output: () => string
}

const entry = fileURLToPath(
  new URL("../../../.test/support/process/MeshProcess.js", import.meta.url),
)
const maxOutput = 100_000

/** Starts the process; the scope kills it, if it still runs. */
export const startMesh = (options: ProcessOptions): Effect.Effect<ChildMesh, never, Scope.Scope> =>
  Effect.gen(function* () {
    const argument = yield* Effect.orDie(Schema.encode(ProcessOptionsText)(options))
    const ready = yield* Deferred.make<CutOffRemovals, Refused | Cut>()
    const ended = yield* Deferred.make<Ended>()
    const waiting = new Map<number, Deferred.Deferred<unknown, Refused | Cut>>()
    let output = ""
    let lastId = 0

    const hear = (message: Message): void => {
      switch (message._tag) {
        case "Ready":
          return Deferred.unsafeDone(ready, Exit.succeed(message.removals))
        case "Failed":
          return Deferred.unsafeDone(ready, Exit.fail(new Refused(message)))
        case "Answer":
          return settle(message.id, Exit.succeed(message.value))
        case "Refusal":
          return settle(message.id, Exit.fail(new Refused(message)))
      }
    }
    const settle = (id: number, exit: Exit.Exit<unknown, Refused | Cut>): void => {
      const asked = waiting.get(id)
      waiting.delete(id)
      if (asked !== undefined) Deferred.unsafeDone(asked, exit)
    }
    const end = (how: Ended): void => {
      Deferred.unsafeDone(ended, Exit.succeed(how))
      Deferred.unsafeDone(ready, Exit.fail(new Cut()))
      for (const id of waiting.keys()) settle(id, Exit.fail(new Cut()))
    }

    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(argument)),
      (child) =>
        Effect.zipRight(
          Effect.sync(() => child.kill("SIGKILL")),
          Deferred.await(ended),
        ),
    )
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output = `${output}${text}`.slice(-maxOutput)
      })
    }
    child.on("message", (message) => hear(Schema.decodeUnknownSync(Message)(message)))
    child.once("close", (code, signal) => end({ code, signal }))
    child.once("error", () => end({ code: null, signal: null }))

    return {
      ready: Deferred.await(ready),
      ended: Deferred.await(ended),
      pid: child.pid,
      signal: (signal) => Effect.asVoid(Effect.sync(() => child.kill(signal))),
      output: () => output,
      ask: (command) =>
        Effect.gen(function* () {
          if (!child.connected) return yield* new Cut()
          const answer = yield* Deferred.make<unknown, Refused | Cut>()
          const id = ++lastId
          waiting.set(id, answer)
          child.send({ id, command }, (error) => {
            if (error !== null) settle(id, Exit.fail(new Cut()))
          })
          return yield* Deferred.await(answer)
        }),
    }
  })

const spawn = (argument: string): ChildProcess =>
  fork(entry, [argument], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  })
