// An awake namespace: its record, what it inherits, its path of events, its sinks and subscriptions.

import { Effect, Option } from "effect"
import {
  type EffectiveSettings,
  effectiveSettings,
  type Namespace,
  type NamespaceName,
  NamespaceNotFound,
  type Replay,
  type Settings,
  type Sink,
  type SinkName,
  type Subscription,
  type SubscriptionName,
  SubscriptionNotFound,
} from "../../domain/index.js"
import type { Catalogue } from "../catalogue/Catalogue.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { StoreUnavailable } from "../ports/index.js"
import type { SinkSeat } from "../sink/SinkActor.js"
import { SinkGate } from "../sink/SinkGate.js"
import { Alarm } from "../kernel/index.js"
import { Bulkhead } from "../sink/Bulkhead.js"
import { openSink, renewSink } from "../sink/OpenSink.js"
import { FeedSlot } from "../subscription/FeedSlot.js"
import { SharedRate } from "../subscription/SharedRate.js"
import type { SubscriptionSeat } from "../subscription/SubscriptionActor.js"
import { NamespaceHub } from "./NamespaceHub.js"
import { PublishQuota } from "./PublishQuota.js"

export interface NamespaceSeat {
  readonly world: MeshWorld
  readonly hub: NamespaceHub
  readonly quota: PublishQuota
  record: Namespace
  settings: EffectiveSettings
  /** What all its sinks share. */
  bulkhead: Bulkhead | undefined
  /** What its events must carry; undefined when that is not enforced. */
  catalogue: Catalogue | undefined
  readonly sinks: Map<SinkName, SinkSeat>
  readonly subscriptions: Map<SubscriptionName, SubscriptionSeat>
}

/** Reads what is stored of a namespace; nothing is started. */
export const loadNamespace = (
  world: MeshWorld,
  name: NamespaceName,
): Effect.Effect<
  {
    readonly seat: NamespaceSeat
    readonly sinks: ReadonlyArray<Sink>
    readonly subscriptions: ReadonlyArray<Subscription>
    /** Those that have not ended. */
    readonly replays: ReadonlyArray<Replay>
  },
  StoreUnavailable | NamespaceNotFound
> =>
  Effect.gen(function* () {
    const { registry, journal } = world
    const record = Option.getOrUndefined(yield* registry.getNamespace(name))
    if (record === undefined) return yield* new NamespaceNotFound({ namespace: name })
    const settings = yield* loadSettings(world, record)
    // Before the head is read: what they commit afterwards is not in it.
    const earlier = world.commits.hubsOf(name)
    const { bytes, head } = yield* journal.bounds(name)
    const hub = new NamespaceHub(name, record.incarnation, record.status, head, world.now())
    for (const each of earlier) each.bequeath(hub)
    const quota = new PublishQuota(name, settings, world.now())
    quota.counted(bytes)
    const seat: NamespaceSeat = {
      world,
      hub,
      quota,
      record,
      settings,
      bulkhead: bulkheadOf(settings, world),
      catalogue: yield* world.catalogues.load(record, settings),
      sinks: new Map(),
      subscriptions: new Map(),
    }
    return {
      seat,
      sinks: yield* registry.listSinks(name),
      subscriptions: yield* registry.listSubscriptions(name),
      replays: yield* world.replays.running(name),
    }
  })

/** Takes over what the store says of the namespace and of what it inherits; a removed one stays as it is. */
export const refresh = (seat: NamespaceSeat): Effect.Effect<void, StoreUnavailable> =>
  Effect.gen(function* () {
    const found = yield* seat.world.registry.getNamespace(seat.hub.name)
    if (Option.isNone(found)) return
    const settings = yield* loadSettings(seat.world, found.value)
    const catalogue = yield* seat.world.catalogues.load(found.value, settings)
    if (settings.maxConcurrentDeliveries !== seat.settings.maxConcurrentDeliveries) {
      seat.bulkhead = bulkheadOf(settings, seat.world)
    }
    seat.record = found.value
    seat.settings = settings
    seat.catalogue = catalogue
    const counted = seat.quota.countsJournal
    seat.quota.adopt(settings, seat.world.now())
    if (!counted) yield* countJournal(seat)
    if (seat.hub.status !== "asleep") seat.hub.status = found.value.status
  })

const bulkheadOf = ({ maxConcurrentDeliveries }: EffectiveSettings, { now }: MeshWorld) =>
  maxConcurrentDeliveries === undefined ? undefined : new Bulkhead(maxConcurrentDeliveries, now)

/** Finds out how many bytes the journal of the namespace has, where that is limited. */
export const countJournal = (seat: NamespaceSeat): Effect.Effect<void, StoreUnavailable> =>
  Effect.suspend(() =>
    seat.quota.countsJournal
      ? Effect.map(seat.world.journal.bounds(seat.hub.name), ({ bytes }) =>
          seat.quota.counted(bytes),
        )
      : Effect.void,
  )

/** What holds for a namespace: its overrides over the defaults of its host type, as they are stored. */
export const loadSettings = (
  world: MeshWorld,
  record: Namespace,
): Effect.Effect<EffectiveSettings, StoreUnavailable> =>
  Effect.map(loadDefaults(world, record), (defaults) =>
    effectiveSettings(defaults, record.overrides),
  )

const loadDefaults = (
  world: MeshWorld,
  { hostType }: Namespace,
): Effect.Effect<Settings | undefined, StoreUnavailable> =>
  hostType === undefined
    ? Effect.succeed(undefined)
    : Effect.map(
        world.registry.getHostType(hostType),
        (found) => Option.getOrUndefined(found)?.defaults,
      )

/** A place for a sink, with a gate of its own. */
export const seatSink = (seat: NamespaceSeat, sink: Sink): SinkSeat => {
  const { world } = seat
  const gate: SinkGate = new SinkGate({
    concurrency: sink.concurrency,
    breaker: world.config.breaker,
    now: world.now,
    random: world.random,
    onChange: (change) => sinkSeat.notify?.(change),
    bulkhead: seat.bulkhead,
    alarm: (at) => sinkSeat.alarm.set(at),
  })
  const sinkSeat: SinkSeat = {
    namespace: sink.namespace,
    name: sink.name,
    record: sink,
    gate,
    open: Effect.suspend(() => openSink(sinkSeat.record, seat.settings, world)),
    renew: Effect.suspend(() => {
      sinkSeat.renewals++
      const { connection } = gate
      return connection === undefined
        ? Effect.succeed(true)
        : renewSink(connection, sinkSeat.record, seat.settings, world)
    }),
    now: world.now,
    alerts: world.alerts,
    renewals: 0,
    alarm: new Alarm(),
    notify: undefined,
  }
  return sinkSeat
}

/** A place for a subscription at the gate of its sink, with the replays that it has. */
export const seatSubscription = (
  seat: NamespaceSeat,
  record: Subscription,
  gate: SinkGate,
  replays: SubscriptionSeat["replays"] = new Map(),
): SubscriptionSeat => {
  const slot = new FeedSlot()
  const { rateLimit } = record.spec
  return {
    world: seat.world,
    hub: seat.hub,
    gate,
    defaultRetry: seat.settings.retry,
    rate: rateLimit === undefined ? undefined : new SharedRate(rateLimit, seat.world.now()),
    record,
    get feed() {
      return slot.current
    },
    set feed(feed) {
      slot.current = feed
    },
    started: slot.next,
    replays,
  }
}

export const findSubscription = (
  seat: NamespaceSeat,
  subscription: SubscriptionName,
): Effect.Effect<SubscriptionSeat, SubscriptionNotFound> => {
  const found = seat.subscriptions.get(subscription)
  return found === undefined
    ? Effect.fail(new SubscriptionNotFound({ namespace: seat.hub.name, subscription }))
    : Effect.succeed(found)
}
