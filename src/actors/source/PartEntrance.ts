// Two ways for a part of a table into the stream of events: before any change is told, or in between.

import { Deferred, Duration, Effect } from "effect"
import type { SourceProblem, Wal } from "../../domain/index.js"
import type { ChangeStream } from "../ports/index.js"
import type { Batch } from "./ChangeReader.js"
import type { Outlet } from "./Outlet.js"
import type { StreamGate } from "./StreamGate.js"

/**
 * Has the events told that are read under the view, where they belong by what it sees. Answers when they
 * are safe; false where they cannot be told now, but will soon.
 */
export type Enter = (
  view: Effect.Effect<Wal.ReadView, SourceProblem>,
  read: (view: Wal.ReadView) => Effect.Effect<ReadonlyArray<Wal.SourcedEvent>, SourceProblem>,
) => Effect.Effect<boolean, SourceProblem>

/** As in the batches of the stream. */
const batchEvents = 1000

export const beforeStream =
  (outlet: Outlet): Enter =>
  (view, read) =>
    Effect.gen(function* () {
      const events = yield* Effect.flatMap(view, read)
      for (const batch of inBatches(events)) yield* outlet.deliver(batch, () => {})
      return true
    })

export const throughGate =
  (gate: StreamGate<Wal.SourcedEvent>, stream: Pick<ChangeStream, "ask">): Enter =>
  (view, read) =>
    Effect.gen(function* () {
      const batches = yield* Deferred.make<ReadonlyArray<Batch<Wal.SourcedEvent>>>()
      const told = yield* Deferred.make<void>()
      const safe = () => Deferred.unsafeDone(told, Effect.void)
      let seen: Wal.ReadView | undefined
      const enter = Effect.gen(function* () {
        const noted = Effect.tap(view, (found) => Effect.sync(() => void (seen = found)))
        const mayEnter = yield* gate.await(noted, Deferred.await(batches))
        if (!mayEnter || seen === undefined) return false
        const events = yield* read(seen)
        const last = { items: [], place: undefined, safe }
        yield* Deferred.succeed(batches, [...inBatches(events), last])
        yield* Effect.raceFirst(Deferred.await(told), asking(gate, stream))
        return true
      })
      // Where it fails, nothing enters, and nobody waits for it.
      const release = Effect.zipRight(
        Effect.sync(() => gate.withdraw()),
        Deferred.succeed(batches, []),
      )
      return yield* Effect.ensuring(enter, release)
    })

/** None of them moves the slot. */
const inBatches = (
  events: ReadonlyArray<Wal.SourcedEvent>,
): ReadonlyArray<Batch<Wal.SourcedEvent>> => {
  const batches: Array<Batch<Wal.SourcedEvent>> = []
  for (let at = 0; at < events.length; at += batchEvents) {
    batches.push({ items: events.slice(at, at + batchEvents), place: undefined })
  }
  return batches
}

const askInterval = Duration.millis(100)

/** An idle server tells how far it is only when it is asked. */
const asking = (
  gate: StreamGate<Wal.SourcedEvent>,
  stream: Pick<ChangeStream, "ask">,
): Effect.Effect<never> =>
  Effect.forever(
    Effect.zipRight(
      Effect.sync(() => (gate.isAwaited ? stream.ask() : undefined)),
      Effect.sleep(askInterval),
    ),
  )
