// The process under test as the driver sees it: killed and started again at any time. Whoever asks
// while it is down waits until it is up.

import { Clock, Deferred, Effect, ExecutionStrategy, Exit, Ref, Schedule, Scope } from "effect"
import { type ChildMesh, Cut, type Refused, startMesh } from "../support/process/ChildMesh.js"
import type { Command, CutOffRemovals, ProcessOptions } from "../support/process/Protocol.js"
import type { Ledger } from "./Ledger.js"

export interface Victim {
  readonly ask: (command: Command) => Effect.Effect<unknown, Refused | Cut>
  /** Asks until it is done, whatever is killed meanwhile. Fails when it is refused for good. */
  readonly insist: (command: Command) => Effect.Effect<unknown, Refused>
  /** Starts a process and waits until its mesh is up, or it is dead. */
  readonly start: Effect.Effect<CutOffRemovals, Refused | Cut>
  /** Starts one without waiting. */
  readonly launch: Effect.Effect<void>
  readonly kill: Effect.Effect<void>
  /** Asks it to stop, and waits until it has. */
  readonly stop: Effect.Effect<{ readonly code: number | null }>
  readonly output: Effect.Effect<string>
  /** What was asked and is not answered. */
  readonly unanswered: () => ReadonlyArray<string>
  readonly startMillis: ReadonlyArray<number>
}

interface Life {
  readonly mesh: ChildMesh
  readonly scope: Scope.CloseableScope
  readonly startedAt: number
}

/** What passes by itself, after a moment. */
const passing = new Set(["StoreUnavailable", "MeshOverloaded"])

export const makeVictim = (
  ledger: Ledger,
  options: ProcessOptions,
): Effect.Effect<Victim, never, Scope.Scope> =>
  Effect.gen(function* () {
    const outer = yield* Effect.scope
    const startMillis: Array<number> = []
    const up = yield* Ref.make(yield* Deferred.make<ChildMesh>())
    const life = yield* Ref.make<Life | undefined>(undefined)

    const launch = Effect.gen(function* () {
      const scope = yield* Scope.fork(outer, ExecutionStrategy.sequential)
      ledger.run += 1
      const startedAt = yield* Clock.currentTimeMillis
      const mesh = yield* Scope.extend(startMesh(options), scope)
      yield* Ref.set(life, { mesh, scope, startedAt })
    })

    const awaitUp = Effect.gen(function* () {
      const running = yield* Ref.get(life)
      if (running === undefined) return yield* new Cut()
      const removals = yield* running.mesh.ready
      startMillis.push((yield* Clock.currentTimeMillis) - running.startedAt)
      yield* Deferred.succeed(yield* Ref.get(up), running.mesh)
      return removals
    })

    const down = Effect.gen(function* () {
      // Who waits already, since the process was killed before it was up, goes on waiting.
      const wasUp = yield* Effect.flatMap(Ref.get(up), Deferred.isDone)
      if (wasUp) yield* Ref.set(up, yield* Deferred.make<ChildMesh>())
      return yield* Ref.getAndSet(life, undefined)
    })

    const unanswered = new Set<{ readonly command: Command; readonly run: number }>()
    const ask: Victim["ask"] = (command) =>
      Effect.gen(function* () {
        const mesh = yield* Effect.flatMap(Ref.get(up), Deferred.await)
        const asked = { command, run: ledger.run }
        unanswered.add(asked)
        return yield* Effect.ensuring(
          mesh.ask(command),
          Effect.sync(() => unanswered.delete(asked)),
        )
      })

    return {
      ask,
      insist: (command) =>
        ask(command).pipe(
          Effect.retry({
            while: (error) => error._tag === "Cut" || passing.has(error.error),
            schedule: Schedule.spaced("50 millis"),
          }),
          Effect.catchTag("Cut", () => Effect.die("retried for ever")),
        ),
      start: Effect.zipRight(launch, awaitUp),
      launch,
      kill: Effect.gen(function* () {
        const running = yield* down
        if (running === undefined) return
        ledger.killedAt.set(ledger.run, yield* Clock.currentTimeMillis)
        // Its scope kills it and waits until it is dead.
        yield* Scope.close(running.scope, Exit.void)
      }),
      stop: Effect.gen(function* () {
        const running = yield* down
        if (running === undefined) return { code: null }
        yield* running.mesh.signal("SIGTERM")
        const ended = yield* running.mesh.ended
        yield* Scope.close(running.scope, Exit.void)
        return ended
      }),
      output: Effect.map(Ref.get(life), (running) => running?.mesh.output() ?? ""),
      unanswered: () =>
        [...unanswered].map(({ command, run }) => `${JSON.stringify(command)} of run ${run}`),
      startMillis,
    }
  })
