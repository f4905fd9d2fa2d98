// A subscription's actor: carries out what its chart decides. The feed is one task of it, so pausing
// and stopping await the end of every delivery and the writing of its progress.

import { Cause, Effect, Exit } from "effect"
import {
  type InFlightReport,
  type Reason,
  reasonOf,
  type ReplayId,
  type RetryPolicy,
  type Subscription,
  type SubscriptionStatus,
} from "../../domain/index.js"
import {
  actorSpec,
  type CellContext,
  fromMachine,
  type Supervisor,
  superviseUnder,
} from "../kernel/index.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { NamespaceHub } from "../namespace/NamespaceHub.js"
import { patiently } from "../ports/index.js"
import type { SinkGate } from "../sink/SinkGate.js"
import { liveCourse } from "./LiveCourse.js"
import { replayActor, type ReplaySeat } from "./ReplayActor.js"
import { drainFeed, type FeedRequest, runFeed } from "./RunFeed.js"
import type { SharedRate } from "./SharedRate.js"
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
  /** The rate limit that it is under, its replays included. */
  readonly rate: SharedRate | undefined
  /** The record as it is stored. */
  record: Subscription
  /** The feed while it delivers. */
  feed: SubscriptionFeed | undefined
  /** The feed as soon as it delivers. */
  readonly started: Effect.Effect<SubscriptionFeed>
  /** The replays that have not ended, running or not. */
  readonly replays: Map<ReplayId, ReplaySeat>
}

/** How long a replay that keeps crashing is left alone. */
const revivalDelay = "30 seconds"

type Context = CellContext<SubscriptionMessage>

export const subscriptionActor = (seat: SubscriptionSeat) => {
  let replays: { readonly of: Context; readonly children: Supervisor } | undefined

  /** Those of this incarnation; most subscriptions never have any. */
  const childrenOf = (context: Context): Effect.Effect<Supervisor> =>
    Effect.suspend(() => {
      if (replays?.of === context) return Effect.succeed(replays.children)
      return superviseUnder(context, {
        name: "replays",
        onEscalation: (id): SubscriptionMessage => ({ type: "ReplayGaveUp", id }),
      }).pipe(Effect.tap((children) => Effect.sync(() => (replays = { of: context, children }))))
    })

  const startReplay = (context: Context, id: string): Effect.Effect<void> =>
    Effect.gen(function* () {
      const replay = [...seat.replays.values()].find(({ record }) => record.id === id)
      if (replay === undefined) return
      const children = yield* childrenOf(context)
      if (yield* children.has(id)) return
      const request = {
        ...requestOf(seat, context),
        seat: replay,
        onEnd: () => void seat.replays.delete(replay.record.id),
      }
      yield* children.start(id, replayActor(request)).pipe(
        Effect.asVoid,
        Effect.catchAll((error) => Effect.logError("A replay did not start", error)),
      )
    })

  const startReplays = (context: Context): Effect.Effect<void> =>
    Effect.suspend(() =>
      Effect.forEach([...seat.replays.keys()], (id) => startReplay(context, id), { discard: true }),
    )

  const stopReplays = (context: Context): Effect.Effect<void> =>
    Effect.suspend(() => (replays?.of === context ? replays.children.stopAll : Effect.void))

  const stopReplay = (context: Context, id: ReplayId): Effect.Effect<void> =>
    Effect.gen(function* () {
      const feed = seat.replays.get(id)?.feed
      if (feed !== undefined) yield* drainFeed(feed, seat.world.config.drainDeadline)
      if (replays?.of === context) yield* replays.children.stop(id)
    })

  return actorSpec({
    kind: "subscription",
    restart: "transient",
    chart: () => fromMachine(subscriptionMachine, { status: seat.record.status }),
    perform: (command: SubscriptionCommand, context: Context): Effect.Effect<void> => {
      switch (command._tag) {
        case "StartFeed":
          return Effect.zipRight(startFeed(seat, context), startReplays(context))
        case "StopFeed":
          return drainSeat(seat).pipe(
            Effect.zipRight(stopReplays(context)),
            Effect.zipRight(context.tasks.stop("feed")),
          )
        case "StartReplay":
          return startReplay(context, command.id)
        case "StopReplay":
          return command.reply.complete(stopReplay(context, command.id))
        case "ScheduleReplay":
          return context.timers.set(`replay/${command.id}`, revivalDelay, {
            type: "StartReplay",
            id: command.id,
          })
        case "Save":
          return save(seat, context, command.status, command.reason, command.reply)
        case "Crash":
          return Effect.failCause(command.cause)
      }
    },
  })
}

/** Starts nothing more and waits for what is in flight, up to the deadline of the mesh. */
export const drainSeat = (seat: SubscriptionSeat): Effect.Effect<InFlightReport> =>
  Effect.suspend(() => {
    const feeds = [seat, ...seat.replays.values()].flatMap(({ feed }) => feed ?? [])
    // At once: waiting for each is begun one after the other.
    for (const feed of feeds) feed.stop()
    const drained = Effect.forEach(
      feeds,
      (feed) => drainFeed(feed, seat.world.config.drainDeadline),
      { concurrency: "unbounded" },
    )
    return Effect.map(drained, (reports) => ({
      completed: reports.reduce((sum, { completed }) => sum + completed, 0),
      abandoned: reports.reduce((sum, { abandoned }) => sum + abandoned, 0),
    }))
  })

const requestOf = (seat: SubscriptionSeat, context: Context): FeedRequest => ({
  world: seat.world,
  hub: seat.hub,
  gate: seat.gate,
  subscription: seat.record,
  defaultRetry: seat.defaultRetry,
  rate: seat.rate,
  onGone: (reason) => context.self.tell({ type: "Gone", reason }),
})

const startFeed = (seat: SubscriptionSeat, context: Context): Effect.Effect<void> =>
  context.tasks.run(
    "feed",
    Effect.scoped(
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => Effect.sync(() => (seat.feed = undefined)))
        const request = requestOf(seat, context)
        const { feed, broken } = yield* runFeed(request, liveCourse(request))
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
