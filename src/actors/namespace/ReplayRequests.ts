// Replays asked for and cancelled: stored first, then what runs is made to follow.

import { Effect, Option } from "effect"
import {
  maxRunningReplays,
  type Replay,
  ReplayNotFound,
  SubscriptionNotFound,
  TooManyReplays,
} from "../../domain/index.js"
import type { ReplayKey, StoreUnavailable } from "../ports/index.js"
import type { AwakeNamespace } from "./AwakeNamespace.js"
import { findSubscription } from "./NamespaceSeat.js"

/** Of the replays of a subscription that have ended, so many are remembered. */
const rememberedReplays = 16

type Change<E> = Effect.Effect<Replay, StoreUnavailable | SubscriptionNotFound | E>

/** `running`: the namespace is enabled, so what is stored must also run. */
export const startReplay = (
  awake: AwakeNamespace,
  replay: Replay,
  running: boolean,
): Change<TooManyReplays> =>
  Effect.gen(function* () {
    const { namespace, subscription } = replay
    const seat = yield* findSubscription(awake.seat, subscription)
    if (seat.replays.size >= maxRunningReplays) {
      return yield* new TooManyReplays({ namespace, subscription, limit: maxRunningReplays })
    }
    const isStored = yield* awake.seat.world.replays.create(replay, rememberedReplays)
    if (!isStored) return yield* new SubscriptionNotFound({ namespace, subscription })
    seat.replays.set(replay.id, { record: replay, feed: undefined })
    if (running) yield* tellStart(awake, replay)
    return replay
  })

/** What is in flight may end; one that has ended already is answered as it is. */
export const cancelReplay = (
  awake: AwakeNamespace,
  key: ReplayKey,
  running: boolean,
): Change<ReplayNotFound> =>
  Effect.gen(function* () {
    const { id, namespace, subscription } = key
    const seat = yield* findSubscription(awake.seat, subscription)
    const { world } = awake.seat
    const ref = awake.refs.get(subscription)
    if (ref !== undefined && seat.replays.has(id)) {
      yield* ref
        .ask<void>((reply) => ({ type: "StopReplay", id, reply }))
        .pipe(
          Effect.catchTags({
            // It crashed too often, and with it what ran below it.
            ActorGone: () => Effect.void,
            MailboxFull: (error) => Effect.die(error),
          }),
        )
    }
    const ended = yield* world.replays
      .end(key, "cancelled", world.now())
      .pipe(Effect.tapError(() => (running ? tellStart(awake, key) : Effect.void)))
    if (Option.isNone(ended)) {
      return yield* new ReplayNotFound({ namespace, subscription, replay: id })
    }
    seat.replays.delete(id)
    return ended.value
  })

const tellStart = (
  awake: AwakeNamespace,
  { id, subscription }: Pick<ReplayKey, "id" | "subscription">,
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const ref = awake.refs.get(subscription)
    if (ref === undefined) return Effect.void
    // If it is not there, it starts its replays when it is.
    return ref.tell({ type: "StartReplay", id }).pipe(
      Effect.catchTags({
        ActorGone: () => Effect.void,
        MailboxFull: (error) => Effect.die(error),
      }),
    )
  })
