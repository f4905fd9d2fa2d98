// A subscription's actor: carries out what its chart decides. The feed is one task of it, so pausing
// and stopping await the end of every delivery and the writing of its progress.

import { Cause, Effect, Exit } from "effect"
import {
  type InFlightReport,
  type Reason,
  reasonOf,
  type RetryPolicy,
  type Subscription,
  type SubscriptionStatus,
} from "../../domain/index.js"
import { actorSpec, type CellContext, fromMachine } from "../kernel/index.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { NamespaceHub } from "../namespace/NamespaceHub.js"
import { patiently } from "../ports/index.js"
import type { SinkGate } from "../sink/SinkGate.js"
import { drainFeed, runFeed } from "./RunFeed.js"
import {
  type ChangeReply,
  type SubscriptionCommand,
  subscriptionMachine,
  type SubscriptionMessage,
} from "./SubscriptionChart.js"
import type { SubscriptionFeed } from "./SubscriptionFeed.js"

/** A subscription's place in its awake namespace; outlives the crashes of its actor. */
export interface SubscriptionSeat {
  readonly world: MeshWorld
  readonly hub: NamespaceHub
  readonly gate: SinkGate
  /** What applies where the subscription states no retry policy. */
  readonly defaultRetry: RetryPolicy | undefined
  /** The record as it is stored. */
  record: Subscription
  /** The feed while it delivers. */
  feed: SubscriptionFeed | undefined
  /** The feed as soon as it delivers. */
  readonly started: Effect.Effect<SubscriptionFeed>
}

type Context = CellContext<SubscriptionMessage>

export const subscriptionActor = (seat: SubscriptionSeat) =>
  actorSpec({
    kind: "subscription",
    restart: "transient",
    chart: () => fromMachine(subscriptionMachine, { status: seat.record.status }),
    perform: (command: SubscriptionCommand, context: Context): Effect.Effect<void> => {
      switch (command._tag) {
        case "StartFeed":
          return startFeed(seat, context)
        case "StopFeed":
          return Effect.zipRight(drainSeat(seat), context.tasks.stop("feed"))
        case "Save":
          return save(seat, context, command.status, command.reason, command.reply)
        case "Crash":
          return Effect.failCause(command.cause)
      }
    },
  })

/** Starts nothing more and waits for what is in flight, up to the deadline of the mesh. */
export const drainSeat = (seat: SubscriptionSeat): Effect.Effect<InFlightReport> =>
  Effect.suspend(() =>
    seat.feed === undefined
      ? Effect.succeed({ completed: 0, abandoned: 0 })
      : drainFeed(seat.feed, seat.world.config.drainDeadline),
  )

const startFeed = (seat: SubscriptionSeat, context: Context): Effect.Effect<void> =>
  context.tasks.run(
    "feed",
    Effect.scoped(
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => Effect.sync(() => (seat.feed = undefined)))
        const { feed, broken } = yield* runFeed({
          world: seat.world,
          hub: seat.hub,
          gate: seat.gate,
          subscription: seat.record,
          defaultRetry: seat.defaultRetry,
          onGone: (reason) => context.self.tell({ type: "Gone", reason }),
        })
        seat.feed = feed
        return yield* broken
      }),
    ),
    (exit) => ({ type: "FeedEnded", cause: Exit.isFailure(exit) ? exit.cause : Cause.empty }),
  )

const save = (
  seat: SubscriptionSeat,
  context: Context,
  status: SubscriptionStatus,
  reason: Reason | undefined,
  reply: ChangeReply | undefined,
): Effect.Effect<void> => {
  const { reason: _, ...rest } = seat.record
  const record: Subscription = {
    ...rest,
    status,
    ...(reason === undefined ? {} : { reason }),
    updatedAt: seat.world.now(),
  }
  const stored = seat.world.registry.updateSubscription(record).pipe(
    Effect.map(() => {
      seat.record = record
      return record
    }),
  )
  if (reply !== undefined) {
    const told = Effect.suspend(() =>
      context.self.tell({ type: "NotSaved", status: seat.record.status }),
    )
    return reply.complete(Effect.tapError(stored, () => told))
  }
  const { namespace, name: subscription } = record
  seat.world.alerts.raise({
    _tag: "SubscriptionDisabled",
    namespace,
    subscription,
    reason: reason ?? reasonOf("no reason given"),
  })
  // Nobody waits for an answer, so the store is asked until it takes it.
  return Effect.zipRight(
    Effect.logWarning("Subscription disabled").pipe(
      Effect.annotateLogs({
        namespace,
        subscription,
        reason: reason ?? "",
      }),
    ),
    Effect.asVoid(patiently(stored)),
  )
}
