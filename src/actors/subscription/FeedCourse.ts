// What tells the live flow of a subscription from a replay of it: where its progress is kept, how far
// it reads and of what, and how it ends.

import type { Effect, Option, Scope } from "effect"
import type { Sequence } from "../../domain/index.js"
import type { Deferral, StoreUnavailable } from "../ports/index.js"
import type { ProgressSnapshot } from "./FeedProgress.js"
import type { FeedOptions } from "./FeedWorld.js"
import type { ProgressLog } from "./ProgressLog.js"
import type { SubscriptionFeed } from "./SubscriptionFeed.js"

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export interface StoredProgress {
  readonly position: Sequence
  /** The position with what is settled above it, as `AckedRanges` writes it. */
  readonly acknowledged: string
}

export interface FeedCourse<Change> {
  readonly options: Pick<FeedOptions, "concurrency" | "rate" | "replay">
  /** As it is stored; none: from the origin. */
  readonly progress: Answer<Option.Option<StoredProgress>>
  readonly deferrals: (after: Sequence, limit: number) => Answer<ReadonlyArray<Deferral>>
  readonly log: ProgressLog<Change>
  /** What is written of the progress of its feed. */
  readonly changeOf: (feed: SubscriptionFeed) => (progress: ProgressSnapshot) => Change
  /** The last sequence there is to read for now. */
  readonly head: () => Sequence
  readonly matches: (feed: SubscriptionFeed, type: string) => boolean
  /** Has events offered to the feed, until the scope closes. */
  readonly route: (feed: SubscriptionFeed) => Effect.Effect<void, never, Scope.Scope>
  /** Everything up to the head is done and written. */
  readonly onIdle: () => void
}
