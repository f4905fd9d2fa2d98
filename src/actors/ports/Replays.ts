// Port: the replays of subscriptions: what was asked for, how far each is, and what it has set aside.
//
// Apart from the progress of subscriptions, so that a replay moves no live position and keeps nothing
// from retention. As there, what a change states is absolute and repeating it does no harm.

import { Context, type Effect, type Option } from "effect"
import type {
  NamespaceName,
  Replay,
  ReplayCounts,
  ReplayId,
  ReplayStatus,
  Sequence,
  SubscriptionName,
} from "../../domain/index.js"
import type { Attempt, Deferral, NewDeadLetter } from "./DeliveryLog.js"
import type { StoreUnavailable } from "./StoreErrors.js"

/** Which replay. */
export interface ReplayKey {
  readonly namespace: NamespaceName
  readonly subscription: SubscriptionName
  readonly id: ReplayId
}

export interface ReplayChange extends ReplayKey {
  readonly position: Sequence
  /** The position with what is settled above it, as `AckedRanges` writes it. */
  readonly acknowledged: string
  readonly counts: ReplayCounts
  /** Deferrals new or changed. */
  readonly deferred: ReadonlyArray<Deferral>
  /** Deferrals that are over (delivered or dead). */
  readonly settled: ReadonlyArray<Sequence>
  /** Dead letters of its subscription. */
  readonly dead: ReadonlyArray<NewDeadLetter>
  /** Attempts, kept among those of its subscription. */
  readonly attempts: ReadonlyArray<Attempt>
}

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export class Replays extends Context.Tag("eventloom/Replays")<
  Replays,
  {
    /**
     * Stores a new one, unless its subscription is gone; answers whether it did. Of those of the
     * subscription that have ended, the latest `keep` stay.
     */
    readonly create: (replay: Replay, keep: number) => Answer<boolean>
    readonly get: (key: ReplayKey) => Answer<Option.Option<Replay>>
    /** Those of a subscription, ascending by id. Their number is bounded. */
    readonly list: (
      namespace: NamespaceName,
      subscription: SubscriptionName,
    ) => Answer<ReadonlyArray<Replay>>
    /** Those of a namespace that have not ended. */
    readonly running: (namespace: NamespaceName) => Answer<ReadonlyArray<Replay>>
    /** The position with what is settled above it; none when there is no such replay. */
    readonly acknowledged: (key: ReplayKey) => Answer<Option.Option<string>>
    /** Deferrals after a sequence, ascending by sequence. */
    readonly deferrals: (
      key: ReplayKey,
      after: Sequence,
      limit: number,
    ) => Answer<ReadonlyArray<Deferral>>
    /**
     * Writes the changes in one atomic write. A change for a replay that is gone or has ended is
     * skipped with all that it says. One change per replay.
     */
    readonly commit: (changes: ReadonlyArray<ReplayChange>) => Answer<void>
    /** Ends one that runs and deletes its deferrals; answers it as it is now stored, ended by whom ever. */
    readonly end: (
      key: ReplayKey,
      status: Exclude<ReplayStatus, "running">,
      at: number,
    ) => Answer<Option.Option<Replay>>
  }
>() {}
