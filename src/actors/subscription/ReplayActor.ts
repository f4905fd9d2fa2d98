// A replay's actor: runs a feed of its own until everything up to its end is over, then says so to the
// store. Stopped before that, by a pause or a crash, it goes on from its stored progress.

import { Deferred, Effect, FiberId } from "effect"
import type { Reason, Replay } from "../../domain/index.js"
import { actorSpec, type CellContext, fromMachine } from "../kernel/index.js"
import { patiently } from "../ports/index.js"
import { type ReplayCommand, replayMachine, type ReplayMessage } from "./ReplayChart.js"
import { replayCourse } from "./ReplayCourse.js"
import { type FeedRequest, runFeed } from "./RunFeed.js"
import type { SubscriptionFeed } from "./SubscriptionFeed.js"

/** A replay's place at its subscription; outlives the crashes of both their actors. */
export interface ReplaySeat {
  readonly record: Replay
  /** The feed while it delivers. */
  feed: SubscriptionFeed | undefined
}

export interface ReplayRequest extends Omit<FeedRequest, "onGone"> {
  readonly seat: ReplaySeat
  /** The destination asks the subscription for nothing more. */
  readonly onGone: (reason: Reason) => Effect.Effect<void>
  /** It has ended by itself, and the store knows. */
  readonly onEnd: () => void
}

export const replayActor = (request: ReplayRequest) =>
  actorSpec({
    kind: "replay",
    restart: "transient",
    chart: () => fromMachine(replayMachine, undefined),
    perform: (command: ReplayCommand, context: CellContext<ReplayMessage>): Effect.Effect<void> => {
      switch (command._tag) {
        case "StartFeed":
          return context.tasks.run("feed", deliver(request), (exit) =>
            exit._tag === "Success" ? { type: "Done" } : { type: "FeedEnded", cause: exit.cause },
          )
        case "Complete":
          return complete(request)
        case "Crash":
          return Effect.failCause(command.cause)
      }
    },
  })

const deliver = (request: ReplayRequest): Effect.Effect<void> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { seat, world } = request
      yield* Effect.addFinalizer(() => Effect.sync(() => (seat.feed = undefined)))
      // What was counted when it ran last is in the store.
      const stored = yield* patiently(world.replays.get(seat.record))
      const replay = stored._tag === "Some" ? stored.value : seat.record
      const done = Deferred.unsafeMake<void>(FiberId.none)
      const course = replayCourse(request, replay, () => Deferred.unsafeDone(done, Effect.void))
      const { feed, broken } = yield* runFeed(request, course)
      seat.feed = feed
      yield* Effect.raceFirst(Deferred.await(done), broken)
    }),
  )

const complete = ({ seat, world, onEnd }: ReplayRequest): Effect.Effect<void> =>
  patiently(Effect.suspend(() => world.replays.end(seat.record, "completed", world.now()))).pipe(
    Effect.zipRight(Effect.sync(onEnd)),
  )
