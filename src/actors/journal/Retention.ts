// Lets old events go: by age and by size, per namespace, in bounded writes. Never past what a
// subscription still needs, unless the namespace says so; then what is lost is counted and said aloud.

import { Duration, Effect, Option } from "effect"
import { type NamespaceName, Sequence } from "../../domain/index.js"
import { forgetAttempts } from "../mesh/ForgetAttempts.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { Seats } from "../mesh/MeshIncarnation.js"
import { countJournal, loadSettings } from "../namespace/NamespaceSeat.js"
import type { StoreUnavailable } from "../ports/index.js"
import { subscriptionChange } from "../subscription/ProgressChanges.js"

export interface TrimReport {
  readonly trimmed: number
  /** Of those, events that at least one subscription had not had. */
  readonly undelivered: number
}

const kept: TrimReport = { trimmed: 0, undelivered: 0 }

/** Trims what may go, and counts what is left where that is limited. */
export const applyRetention = (
  world: MeshWorld,
  seats: Seats,
  name: NamespaceName,
): Effect.Effect<TrimReport, StoreUnavailable> =>
  Effect.zipLeft(
    trimExpired(world, seats, name),
    Effect.suspend(() => {
      const seat = seats.get(name)
      return seat === undefined ? Effect.void : countJournal(seat)
    }),
  )

const trimExpired = (
  world: MeshWorld,
  seats: Seats,
  name: NamespaceName,
): Effect.Effect<TrimReport, StoreUnavailable> =>
  Effect.gen(function* () {
    const record = Option.getOrUndefined(yield* world.registry.getNamespace(name))
    if (record === undefined || record.status === "removing") return kept
    const settings = yield* loadSettings(world, record)
    const { retentionAge, retentionBytes, dropUndelivered } = settings
    if (retentionAge === undefined && retentionBytes === undefined) return kept
    yield* writePositions(world, seats, name)
    const expired = yield* world.journal.expired(name, {
      ...(retentionAge === undefined
        ? {}
        : { acceptedBefore: world.now() - Duration.toMillis(retentionAge) }),
      ...(retentionBytes === undefined ? {} : { maxBytes: retentionBytes }),
    })
    const needed = yield* world.deliveryLog.slowestPosition(name)
    const lost = needed === undefined ? 0 : Math.max(0, expired - needed)
    const upTo = dropUndelivered === true ? expired : Math.min(expired, needed ?? expired)
    const trimmed = yield* trimUpTo(world, name, Sequence.make(upTo))
    if (trimmed > 0) yield* forgetAttempts(world, name, { upTo: Sequence.make(upTo) })
    const undelivered = dropUndelivered === true && trimmed > 0 ? Math.min(lost, trimmed) : 0
    if (undelivered > 0) {
      world.deliveries.dropped += undelivered
      world.alerts.raise({ _tag: "EventsDropped", namespace: name, events: undelivered })
      yield* Effect.logWarning("Retention dropped events that a subscription had not had").pipe(
        Effect.annotateLogs({ namespace: name, undelivered }),
      )
    }
    return { trimmed, undelivered }
  })

/** A subscription that nothing matches stands still in the store while it moves in memory. */
const writePositions = (world: MeshWorld, seats: Seats, name: NamespaceName): Effect.Effect<void> =>
  Effect.forEach(
    [...(seats.get(name)?.subscriptions.values() ?? [])],
    ({ feed }) =>
      feed === undefined
        ? Effect.void
        : Effect.asVoid(
            Effect.timeoutOption(
              world.progress.flush(feed, subscriptionChange(name, feed)),
              "5 seconds",
            ),
          ),
    { concurrency: "unbounded", discard: true },
  )

const trimUpTo = (
  world: MeshWorld,
  name: NamespaceName,
  upTo: Sequence,
): Effect.Effect<number, StoreUnavailable> => {
  const { purgeRows } = world.config
  const go = (trimmed: number): Effect.Effect<number, StoreUnavailable> =>
    Effect.flatMap(world.journal.trim(name, upTo, purgeRows), (rows) =>
      rows < purgeRows
        ? Effect.succeed(trimmed + rows)
        : Effect.zipRight(Effect.yieldNow(), go(trimmed + rows)),
    )
  return upTo <= 0 ? Effect.succeed(0) : go(0)
}

/** How many rounds over the awake namespaces go by between rounds over all of them. */
const roundsPerSweep = 60
const sweepPage = 500

/** Applies retention for ever: to the awake namespaces each interval, to all of them now and then. */
export const retentionKeeper = (world: MeshWorld, seats: Seats): Effect.Effect<never> => {
  const apply = (name: NamespaceName) =>
    applyRetention(world, seats, name).pipe(
      Effect.asVoid,
      Effect.catchAll((error) => Effect.logWarning("Retention could not be applied", error)),
    )
  const sweep = Effect.gen(function* () {
    let after: NamespaceName | undefined
    for (;;) {
      const page = yield* world.registry.listNamespaces({
        ...(after === undefined ? {} : { after }),
        limit: sweepPage,
      })
      for (const { name } of page) yield* apply(name)
      after = page.at(-1)?.name
      if (page.length < sweepPage) return
    }
  }).pipe(Effect.catchAll((error) => Effect.logWarning("Retention could not be applied", error)))
  const round = (count: number): Effect.Effect<never> =>
    Effect.sleep(world.config.retentionInterval).pipe(
      Effect.zipRight(
        count % roundsPerSweep === 0
          ? sweep
          : Effect.suspend(() => Effect.forEach([...seats.keys()], apply, { discard: true })),
      ),
      Effect.zipRight(Effect.suspend(() => round(count + 1))),
    )
  return round(0)
}
