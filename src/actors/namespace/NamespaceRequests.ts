// Changes to an awake namespace: each is stored first, then what runs is made to follow.

import { Effect } from "effect"
import {
  type InvalidSetting,
  type Namespace,
  type RotationUnderWay,
  type Sequence,
  type Sink,
  SinkInUse,
  type SinkName,
  SinkNotFound,
  type Subscription,
  type SubscriptionName,
  type SubscriptionNotFound,
} from "../../domain/index.js"
import { findSubscription } from "./NamespaceSeat.js"
import type { CellContext } from "../kernel/index.js"
import type { StoreUnavailable } from "../ports/index.js"
import { signsWithKeys } from "../sink/OpenSink.js"
import { rotateSecret, type SecretRotation } from "../sink/RotateSecret.js"
import type { SinkSeat } from "../sink/SinkActor.js"
import { drainSeat, type SubscriptionSeat } from "../subscription/SubscriptionActor.js"
import { cancelReplay, startReplay } from "./ReplayRequests.js"
import {
  type AwakeNamespace,
  drainAll,
  startSink,
  startSubscription,
  stopChildren,
} from "./AwakeNamespace.js"
import type { NamespaceMessage, NamespaceRequest } from "./NamespaceChart.js"
import { type NamespaceSeat, refresh, seatSink, seatSubscription } from "./NamespaceSeat.js"

/** `running`: the namespace is enabled, so what is stored must also run. */
export const serveRequest = (
  awake: AwakeNamespace,
  request: NamespaceRequest,
  running: boolean,
  context: CellContext<NamespaceMessage>,
): Effect.Effect<void> => {
  switch (request.type) {
    case "PutSink":
      return request.reply.complete(putSink(awake, request.sink, running))
    case "DeleteSink":
      return request.reply.complete(deleteSink(awake, request.name))
    case "RotateSecret":
      return request.reply.complete(rotate(awake, request.name, request.rotation, running))
    case "RenewSigners":
      return request.reply.complete(renewSigners(awake, running))
    case "PutSubscription":
      return request.reply.complete(
        putSubscription(awake, request.subscription, request.position, running),
      )
    case "DeleteSubscription":
      return request.reply.complete(deleteSubscription(awake, request.name))
    case "Pause":
    case "Resume":
      return request.reply.complete(setActive(awake, request.name, request.type, running))
    case "StartReplay":
      return request.reply.complete(startReplay(awake, request.replay, running))
    case "CancelReplay":
      return request.reply.complete(cancelReplay(awake, request.key, running))
    case "Reload":
      return request.reply.complete(reload(awake, running, context))
  }
}

type Change<A, E = never> = Effect.Effect<A, StoreUnavailable | E>

/** A changed sink is opened anew, with a clean record; its subscriptions move to the new gate. */
const putSink = (awake: AwakeNamespace, sink: Sink, running: boolean): Change<Sink> =>
  Effect.gen(function* () {
    const { seat } = awake
    yield* seat.world.registry.putSink(sink)
    yield* reopenSink(awake, sink, running)
    return sink
  })

const reopenSink = (awake: AwakeNamespace, sink: Sink, running: boolean): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { seat } = awake
    const users = usersOf(awake, sink.name)
    yield* Effect.forEach(users, (user) => stopSubscription(awake, user), {
      concurrency: "unbounded",
    })
    yield* awake.sinks.stop(sink.name)
    const place = seatSink(seat, sink)
    seat.sinks.set(sink.name, place)
    if (running) yield* startSink(awake, place)
    for (const user of users) {
      const moved = seatSubscription(seat, user.record, place.gate, user.replays)
      seat.subscriptions.set(user.record.name, moved)
      if (running) yield* startSubscription(awake, moved)
    }
  })

/** The open sink goes on with its new secret, and its subscriptions notice nothing. */
const rotate = (
  awake: AwakeNamespace,
  name: SinkName,
  rotation: SecretRotation,
  running: boolean,
): Change<Sink, SinkNotFound | InvalidSetting | RotationUnderWay> =>
  Effect.gen(function* () {
    const { hub, sinks, world } = awake.seat
    const place = sinks.get(name)
    if (place === undefined) return yield* new SinkNotFound({ namespace: hub.name, sink: name })
    const sink = yield* rotateSecret(place.record, rotation, world.vault, world.now())
    if (sink === place.record) return sink
    yield* world.registry.putSink(sink)
    place.record = sink
    yield* renew(awake, place, running)
    return sink
  })

const renew = (awake: AwakeNamespace, place: SinkSeat, running: boolean): Effect.Effect<void> =>
  Effect.flatMap(place.renew, (isRenewed) => {
    if (!isRenewed) return reopenSink(awake, place.record, running)
    // What signed until now may have been what it refused.
    if (place.gate.parked?.cause === "misconfigured") place.gate.reset()
    return Effect.void
  })

/** The sinks that sign with the keys of the namespace go on with those that it has now. */
const renewSigners = (awake: AwakeNamespace, running: boolean): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { sinks, world } = awake.seat
    const signers = [...sinks.values()].filter(({ record }) =>
      signsWithKeys(world.transports, record),
    )
    return Effect.forEach(signers, (place) => renew(awake, place, running), { discard: true })
  })

const deleteSink = (
  awake: AwakeNamespace,
  name: SinkName,
): Change<void, SinkNotFound | SinkInUse> =>
  Effect.gen(function* () {
    const { seat } = awake
    const namespace = seat.hub.name
    if (!seat.sinks.has(name)) return yield* new SinkNotFound({ namespace, sink: name })
    const subscriptions = usersOf(awake, name).map(({ record }) => record.name)
    if (subscriptions.length > 0) {
      return yield* new SinkInUse({ namespace, sink: name, subscriptions })
    }
    yield* seat.world.registry.deleteSink(namespace, name)
    yield* awake.sinks.stop(name)
    seat.sinks.delete(name)
  })

/** A new subscription starts at `position`; one that exists keeps its position and its status. */
const putSubscription = (
  awake: AwakeNamespace,
  wanted: Subscription,
  position: Sequence,
  running: boolean,
): Change<Subscription, SinkNotFound> =>
  Effect.gen(function* () {
    const { seat } = awake
    const { registry } = seat.world
    const sink = seat.sinks.get(wanted.spec.sink)
    if (sink === undefined) {
      return yield* new SinkNotFound({ namespace: seat.hub.name, sink: wanted.spec.sink })
    }
    const existing = seat.subscriptions.get(wanted.name)
    if (existing === undefined) {
      yield* registry.createSubscription(wanted, position)
    } else {
      yield* stopSubscription(awake, existing)
    }
    const record: Subscription =
      existing === undefined
        ? wanted
        : { ...existing.record, spec: wanted.spec, updatedAt: wanted.updatedAt }
    const place = seatSubscription(seat, record, sink.gate, existing?.replays)
    if (existing !== undefined) {
      yield* registry
        .updateSubscription(record)
        .pipe(Effect.tapError(() => (running ? startSubscription(awake, existing) : Effect.void)))
    }
    seat.subscriptions.set(record.name, place)
    if (running) yield* startSubscription(awake, place)
    return record
  })

const deleteSubscription = (
  awake: AwakeNamespace,
  name: SubscriptionName,
): Change<void, SubscriptionNotFound> =>
  Effect.gen(function* () {
    const { seat } = awake
    const subscription = yield* findSubscription(awake.seat, name)
    yield* stopSubscription(awake, subscription)
    yield* seat.world.registry.deleteSubscription(seat.hub.name, name)
    seat.subscriptions.delete(name)
  })

const setActive = (
  awake: AwakeNamespace,
  name: SubscriptionName,
  type: "Pause" | "Resume",
  running: boolean,
): Change<Subscription, SubscriptionNotFound> =>
  Effect.gen(function* () {
    const subscription = yield* findSubscription(awake.seat, name)
    const ref = awake.refs.get(name)
    const { world } = awake.seat
    if (running && ref !== undefined) {
      return yield* ref
        .ask<Subscription, StoreUnavailable>((reply) => ({ type, reply }))
        .pipe(
          Effect.catchTags({
            // It crashed too often; what is stored holds when it is started again.
            ActorGone: () => store(subscription, type, world.now()),
            MailboxFull: (error) => Effect.die(error),
          }),
        )
    }
    return yield* store(subscription, type, world.now())
  })

const store = (
  subscription: SubscriptionSeat,
  type: "Pause" | "Resume",
  updatedAt: number,
): Change<Subscription> => {
  const { reason: _, ...rest } = subscription.record
  const record: Subscription = {
    ...rest,
    status: type === "Pause" ? "paused" : "active",
    updatedAt,
  }
  return Effect.map(subscription.world.registry.updateSubscription(record), () => {
    subscription.record = record
    return record
  })
}

/** Takes over what the store says of the namespace and its host type. */
const reload = (
  awake: AwakeNamespace,
  running: boolean,
  context: CellContext<NamespaceMessage>,
): Change<Namespace> =>
  Effect.gen(function* () {
    const { seat } = awake
    const before = inherited(seat)
    yield* refresh(seat)
    const { status } = seat.record
    // A removal tells of itself.
    if (status === "removing") return seat.record
    const enabled = status === "enabled"
    if (running !== enabled) yield* context.self.tell({ type: enabled ? "Enabled" : "Disabled" })
    if (before !== inherited(seat)) yield* reseat(awake, running, enabled)
    return seat.record
  })

/** The settings that sinks and subscriptions begin with. */
const inherited = ({ settings }: NamespaceSeat): string => {
  const { maxConcurrentDeliveries, retry, webhookSecret, webhookUrl } = settings
  return JSON.stringify({ maxConcurrentDeliveries, retry, webhookSecret, webhookUrl })
}

/** Everything that may have inherited a setting begins anew. */
const reseat = (
  awake: AwakeNamespace,
  wasRunning: boolean,
  enabled: boolean,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { seat } = awake
    const running = wasRunning && enabled
    if (wasRunning) {
      yield* drainAll(seat)
      yield* stopChildren(awake)
    }
    for (const { record } of seat.sinks.values()) {
      const sink = seatSink(seat, record)
      seat.sinks.set(record.name, sink)
      if (running) yield* startSink(awake, sink)
    }
    for (const { record, replays } of seat.subscriptions.values()) {
      const sink = seat.sinks.get(record.spec.sink)
      if (sink === undefined) continue
      const subscription = seatSubscription(seat, record, sink.gate, replays)
      seat.subscriptions.set(record.name, subscription)
      if (running) yield* startSubscription(awake, subscription)
    }
  })

const usersOf = (awake: AwakeNamespace, sink: SinkName): ReadonlyArray<SubscriptionSeat> =>
  [...awake.seat.subscriptions.values()].filter(({ record }) => record.spec.sink === sink)

/** Lets what is in flight end, then stops the actor; its progress is written by then. */
const stopSubscription = (awake: AwakeNamespace, seat: SubscriptionSeat): Effect.Effect<void> =>
  drainSeat(seat).pipe(
    Effect.zipRight(awake.subscriptions.stop(seat.record.name)),
    Effect.zipRight(Effect.sync(() => void awake.refs.delete(seat.record.name))),
  )
