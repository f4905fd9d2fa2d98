// A replay: from one place of the journal to another, beside the live flow and apart from it.

import { Effect, Option } from "effect"
import {
  defaultSubscriptionConcurrency,
  type Replay,
  RoutingTable,
  TokenBucket,
} from "../../domain/index.js"
import type { ReplayChange } from "../ports/index.js"
import type { FeedCourse } from "./FeedCourse.js"
import { patternsOf } from "./LiveCourse.js"
import { replayChange } from "./ProgressChanges.js"
import type { FeedRequest } from "./RunFeed.js"
import { slowestOf } from "./SharedRate.js"

/** `onDone`: everything up to its end is over and written. */
export const replayCourse = (
  { rate, world, subscription: { spec } }: FeedRequest,
  replay: Replay,
  onDone: () => void,
): FeedCourse<ReplayChange> => {
  const wanted = new RoutingTable<true>()
  wanted.add(true, patternsOf(spec))
  const concurrency = spec.concurrency ?? defaultSubscriptionConcurrency
  return {
    options: {
      concurrency: Math.min(replay.pace.concurrency ?? concurrency, concurrency),
      rate: slowestOf([
        ...(rate === undefined ? [] : [rate.replay]),
        ...(replay.pace.rate === undefined ? [] : [new TokenBucket(replay.pace.rate, world.now())]),
      ]),
      replay,
    },
    progress: Effect.map(
      world.replays.acknowledged(replay),
      Option.map((acknowledged) => ({ position: replay.position, acknowledged })),
    ),
    deferrals: (after, limit) => world.replays.deferrals(replay, after, limit),
    log: world.replayProgress,
    changeOf: (feed) => replayChange(replay, feed),
    head: () => replay.to,
    matches: (_, type) => wanted.match(type).length > 0,
    route: (feed) => Effect.addFinalizer(() => Effect.sync(() => feed.stop())),
    onIdle: onDone,
  }
}
