// Lets old events go: by age and by size, per namespace, in bounded writes. Never past what a
// subscription still needs, unless the namespace says so; then what is lost is counted and said aloud.

import { Duration, Effect, Option } from "effect"
import { type NamespaceName, Sequence, type SubscriptionName } from "../../domain/index.js"
import { forgetAttempts } from "../mesh/ForgetAttempts.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { Seats } from "../mesh/MeshIncarnation.js"
import { countJournal, loadSettings } from "../namespace/NamespaceSeat.js"
import type { StoreUnavailable } from "../ports/index.js"
import { inBoundedWrites } from "./BoundedWrites.js"
import { subscriptionChange } from "../subscription/ProgressChanges.js"
import { undeliveredUpTo } from "./Undelivered.js"

export interface TrimReport {
  readonly trimmed: number
  /** Of those, events that a subscription had not had, counted for each subscription. */
  readonly undelivered: number
}

const kept: TrimReport = { trimmed: 0, undelivered: 0 }

/** So many subscriptions that lost events are named in an alert. */
const namedAtMost = 10

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
    const isNeeded = needed !== undefined && needed < expired
    const upTo = Sequence.make(isNeeded && dropUndelivered !== true ? needed : expired)
    const report =
      isNeeded && dropUndelivered === true
        ? yield* trimUndelivered(world, name, upTo)
        : { trimmed: yield* trimUpTo(world, name, upTo), undelivered: 0 }
    if (report.trimmed > 0) yield* forgetAttempts(world, name, { upTo })
    return report
  })

/**
 * Trims what subscriptions have not had, and accounts for it: before each write, since one that fails
 * may have been carried out.
 */
const trimUndelivered = (
  world: MeshWorld,
  name: NamespaceName,
  upTo: Sequence,
): Effect.Effect<TrimReport, StoreUnavailable> =>
  Effect.gen(function* () {
    const { losses } = world
    const { oldest } = yield* world.journal.bounds(name)
    const owed = yield* undeliveredUpTo(world.deliveryLog, name, upTo)
    const losing = new Set<SubscriptionName>()
    let undelivered = 0
    const account = (limit: number, trimmed: number) => {
      const from = Math.max(oldest + trimmed, losses.countedTo(name) + 1)
      const to = Math.min(upTo, oldest + trimmed + limit - 1)
      if (from > to) return
      losses.counted(name, to)
      for (const { subscription, within } of owed) {
        const events = within(from, to)
        if (events === 0) continue
        losing.add(subscription)
        undelivered += events
        losses.add(name, subscription, events)
        world.deliveries.dropped += events
      }
    }
    const trimmed = yield* trimUpTo(world, name, upTo, account).pipe(
      Effect.ensuring(Effect.suspend(() => reportLoss(world, name, losing, undelivered))),
    )
    return { trimmed, undelivered }
  })

const reportLoss = (
  world: MeshWorld,
  namespace: NamespaceName,
  losing: ReadonlySet<SubscriptionName>,
  events: number,
): Effect.Effect<void> => {
  if (events === 0) return Effect.void
  const subscriptions = [...losing].slice(0, namedAtMost)
  world.alerts.raise({ _tag: "EventsDropped", namespace, events, subscriptions })
  return Effect.logWarning("Retention dropped events that a subscription had not had").pipe(
    Effect.annotateLogs({ namespace, events, subscriptions }),
  )
}

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
  /** Told before each write how many events it may take, and how many the earlier ones have. */
  beforeWrite: (limit: number, trimmed: number) => void = () => undefined,
): Effect.Effect<number, StoreUnavailable> =>
  upTo <= 0
    ? Effect.succeed(0)
    : inBoundedWrites(world, (limit, trimmed) => {
        beforeWrite(limit, trimmed)
        return world.journal.trim(name, upTo, limit)
      })

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
