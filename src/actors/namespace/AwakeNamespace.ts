// What runs of an awake namespace: its seat, and its sinks and subscriptions under supervision.

import { Duration, Effect, Scope } from "effect"
import {
  type InFlightReport,
  type NamespaceName,
  type NamespaceNotFound,
  NamespaceRemoving,
} from "../../domain/index.js"
import {
  type ActorRef,
  type CellContext,
  type Supervisor,
  superviseUnder,
} from "../kernel/index.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { StoreUnavailable } from "../ports/index.js"
import { sinkActor, type SinkSeat } from "../sink/SinkActor.js"
import {
  drainSeat,
  subscriptionActor,
  type SubscriptionSeat,
} from "../subscription/SubscriptionActor.js"
import type { SubscriptionMessage } from "../subscription/SubscriptionChart.js"
import type { NamespaceMessage } from "./NamespaceChart.js"
import {
  loadNamespace,
  type NamespaceSeat,
  refresh,
  seatSink,
  seatSubscription,
} from "./NamespaceSeat.js"

export interface AwakeNamespace {
  readonly seat: NamespaceSeat
  readonly sinks: Supervisor
  readonly subscriptions: Supervisor
  /** The actors of the subscriptions, while they run. */
  readonly refs: Map<string, ActorRef<SubscriptionMessage>>
}

export interface NamespaceOptions {
  readonly world: MeshWorld
  readonly name: NamespaceName
  /** The namespace is awake: events can be published to it. */
  readonly onAwake: (seat: NamespaceSeat) => void
  /** It no longer is, whatever the reason. */
  readonly onAsleep: (seat: NamespaceSeat) => void
  /** It has had nothing to do for a while and could be put to sleep. */
  readonly onIdle: Effect.Effect<void>
}

/** Reads the namespace from the store and takes its place among the awake; starts nothing yet. */
export const awaken = (
  options: NamespaceOptions,
  context: CellContext<NamespaceMessage>,
): Effect.Effect<AwakeNamespace, StoreUnavailable | NamespaceNotFound | NamespaceRemoving> =>
  Effect.gen(function* () {
    const { seat, sinks, subscriptions, replays } = yield* loadNamespace(
      options.world,
      options.name,
    )
    for (const sink of sinks) seat.sinks.set(sink.name, seatSink(seat, sink))
    for (const subscription of subscriptions) {
      const sink = seat.sinks.get(subscription.spec.sink)
      if (sink === undefined) continue
      seat.subscriptions.set(subscription.name, seatSubscription(seat, subscription, sink.gate))
    }
    for (const record of replays) {
      seat.subscriptions
        .get(record.subscription)
        ?.replays.set(record.id, { record, feed: undefined })
    }
    const under = (name: "sinks" | "subscriptions") =>
      superviseUnder(context, {
        name,
        onEscalation: (key, exit): NamespaceMessage => ({
          type: "ChildGaveUp",
          key: `${name}/${key}`,
          exit,
        }),
      })
    // Closed in reverse: subscriptions end before the sinks they deliver to.
    yield* Scope.addFinalizer(
      context.scope,
      Effect.sync(() => options.onAsleep(seat)),
    )
    const awake: AwakeNamespace = {
      seat,
      sinks: yield* under("sinks"),
      subscriptions: yield* under("subscriptions"),
      refs: new Map(),
    }
    options.onAwake(seat)
    // What was changed while it loaded found nobody awake to tell.
    yield* refresh(seat)
    const { name, status } = seat.record
    if (status === "removing") return yield* new NamespaceRemoving({ namespace: name })
    return awake
  })

export const startChildren = (awake: AwakeNamespace): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (const sink of awake.seat.sinks.values()) yield* startSink(awake, sink)
    for (const subscription of awake.seat.subscriptions.values()) {
      yield* startSubscription(awake, subscription)
    }
  })

export const stopChildren = (awake: AwakeNamespace): Effect.Effect<void> =>
  Effect.zipRight(awake.subscriptions.stopAll, awake.sinks.stopAll)

export const startSink = (awake: AwakeNamespace, sink: SinkSeat): Effect.Effect<void> =>
  awake.sinks.start(sink.name, sinkActor(sink)).pipe(
    Effect.asVoid,
    Effect.catchAll((error) => Effect.logError("A sink did not start", error)),
  )

export const startSubscription = (
  awake: AwakeNamespace,
  subscription: SubscriptionSeat,
): Effect.Effect<void> =>
  awake.subscriptions.start(subscription.record.name, subscriptionActor(subscription)).pipe(
    Effect.map((ref) => void awake.refs.set(subscription.record.name, ref)),
    Effect.catchAll((error) => Effect.logError("A subscription did not start", error)),
  )

/** Starts again a sink or subscription that crashed too often; `key` is its path below the namespace. */
export const revive = (awake: AwakeNamespace, key: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { sinks, subscriptions } = awake.seat
    for (const sink of sinks.values()) {
      if (`sinks/${sink.name}` === key) return startSink(awake, sink)
    }
    for (const subscription of subscriptions.values()) {
      if (`subscriptions/${subscription.record.name}` === key) {
        return startSubscription(awake, subscription)
      }
    }
    return Effect.void
  })

/** Starts no delivery in the namespace and waits for those in flight, up to the deadline. */
export const drainAll = (seat: NamespaceSeat): Effect.Effect<InFlightReport> =>
  Effect.map(
    Effect.forEach([...seat.subscriptions.values()], drainSeat, { concurrency: "unbounded" }),
    (reports) => ({
      completed: reports.reduce((sum, { completed }) => sum + completed, 0),
      abandoned: reports.reduce((sum, { abandoned }) => sum + abandoned, 0),
    }),
  )

/**
 * Nothing published lately, nothing in flight, due later or parked, nobody listening live, and nothing
 * of its quota that sleep would give back too early.
 */
export const isIdle = ({ seat }: AwakeNamespace): boolean => {
  const { hub, quota, world, subscriptions, sinks } = seat
  if (world.now() - hub.lastActivity < Duration.toMillis(world.config.idleAfter)) return false
  if (hub.publishing > 0 || !quota.hasRecovered(world.now())) return false
  let feeds = 0
  for (const { feed, record, replays } of subscriptions.values()) {
    if (record.status === "active" && replays.size > 0) return false
    if (feed === undefined) continue
    feeds++
    if (!feed.isIdle) return false
  }
  for (const { gate } of sinks.values()) if (gate.parked !== undefined) return false
  return hub.routeCount === feeds
}
