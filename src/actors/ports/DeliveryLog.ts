// Port: how far each subscription is: positions, deferred deliveries (the retry table), dead letters.
//
// The happy path writes a position now and then and no row per delivery. What a change states is
// absolute ("the position is", "this delivery is deferred"), so repeating a change does no harm.

import { Context, type Effect, type Option } from "effect"
import type {
  DeadLetterKind,
  DeadLetterReason,
  DeliveryAttempt,
  NamespaceName,
  Reason,
  ReplayId,
  Sequence,
  SubscriptionName,
} from "../../domain/index.js"
import type { StoreUnavailable } from "./StoreErrors.js"

export interface SubscriptionProgress {
  readonly subscription: SubscriptionName
  /** Everything up to here is delivered, deferred, dead or of no interest. */
  readonly position: Sequence
  /** What is settled above the position, as `AckedRanges` writes it. */
  readonly acknowledged: string
  /** The position it was created with. */
  readonly startedAfter: Sequence
}

/** A delivery set aside: to be tried again when due, or held behind an earlier one of its order key. */
export interface Deferral {
  readonly sequence: Sequence
  readonly orderKey: string | undefined
  /** Attempts made so far; 0 for one held behind another. */
  readonly attempts: number
  /** Milliseconds since the epoch; undefined while held behind another. */
  readonly dueAt: number | undefined
  /** When it was first tried or set aside, in milliseconds since the epoch. */
  readonly since: number
  /** Since when it waits for a sink that is out, likewise; undefined unless it does. */
  readonly parkedSince: number | undefined
  readonly reason: Reason
  /** The replay that it is of, where a dead letter of one is tried again in the live flow. */
  readonly replay?: ReplayId | undefined
}

export interface NewDeadLetter {
  /** Unique in its namespace. */
  readonly id: string
  readonly sequence: Sequence
  /** The event itself, so that it outlives the journal's retention. */
  readonly json: string
  /** When the event was accepted, in milliseconds since the epoch. */
  readonly acceptedAt: number
  readonly reason: DeadLetterReason
  readonly attempts: number
  readonly firstAttemptAt: number
  readonly deadAt: number
  /** The replay that it was a delivery of. */
  readonly replay?: ReplayId | undefined
}

export interface DeadLetter extends NewDeadLetter {
  readonly namespace: NamespaceName
  readonly subscription: SubscriptionName
}

/** One try at a delivery. Kept once for its sequence, replay, `since` and number: a later one takes its place. */
export interface Attempt extends DeliveryAttempt {
  readonly sequence: Sequence
}

/** What is recorded of the deliveries of one event, of one subscription each. */
export interface DeliveryRecords {
  readonly deferrals: ReadonlyArray<Deferral & { readonly subscription: SubscriptionName }>
  /** Without their events. */
  readonly deadLetters: ReadonlyArray<
    Pick<DeadLetter, "id" | "subscription" | "reason" | "deadAt" | "replay">
  >
  readonly attempts: ReadonlyArray<Attempt & { readonly subscription: SubscriptionName }>
}

/** A dead letter that is to be tried again, and how its delivery waits for that. */
export interface Redelivery {
  readonly deadLetter: string
  readonly deferral: Deferral
}

/** An event kept with its deferral, as its dead letter held it. */
export interface KeptEvent {
  readonly json: string
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number
}

export interface ProgressChange {
  readonly namespace: NamespaceName
  readonly subscription: SubscriptionName
  readonly position: Sequence
  readonly acknowledged: string
  /** Deferrals new or changed. */
  readonly deferred: ReadonlyArray<Deferral>
  /** Deferrals that are over (delivered or dead). */
  readonly settled: ReadonlyArray<Sequence>
  readonly dead: ReadonlyArray<NewDeadLetter>
  /**
   * Dead letters of the subscription that turn into deferrals, which keep their events until they are
   * settled. One that is gone is skipped. No two are of one sequence, nor is one in `deferred` or
   * `settled`.
   */
  readonly redelivered: ReadonlyArray<Redelivery>
  readonly attempts: ReadonlyArray<Attempt>
}

/** Which dead letters: those that all that is stated holds for. */
export interface DeadLetterFilter {
  readonly subscription?: SubscriptionName | undefined
  readonly kind?: DeadLetterKind | undefined
  /** Given up on at or after this time (ms since the epoch). */
  readonly since?: number | undefined
  /** Given up on before this time (ms since the epoch). */
  readonly before?: number | undefined
}

export interface DeadLetterPage extends DeadLetterFilter {
  readonly namespace: NamespaceName
  /** The id of the last one seen; ids ascend in the order in which letters died. */
  readonly after?: string | undefined
  readonly limit: number
}

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export class DeliveryLog extends Context.Tag("eventloom/DeliveryLog")<
  DeliveryLog,
  {
    /**
     * Writes the changes in one atomic write. A change for a subscription whose position is gone
     * (deleted or purged) is skipped with its deferrals and dead letters, so that a late write cannot
     * bring rows back. One change per subscription.
     */
    readonly commit: (changes: ReadonlyArray<ProgressChange>) => Answer<void>
    readonly progress: (namespace: NamespaceName) => Answer<ReadonlyArray<SubscriptionProgress>>
    readonly progressOf: (
      namespace: NamespaceName,
      subscription: SubscriptionName,
    ) => Answer<Option.Option<SubscriptionProgress>>
    /** Deferrals of a subscription after a sequence, ascending by sequence. */
    readonly deferrals: (
      namespace: NamespaceName,
      subscription: SubscriptionName,
      after: Sequence,
      limit: number,
    ) => Answer<ReadonlyArray<Deferral>>
    /** What is recorded of an event for these subscriptions. */
    readonly recordsOf: (
      namespace: NamespaceName,
      sequence: Sequence,
      subscriptions: ReadonlyArray<SubscriptionName>,
    ) => Answer<DeliveryRecords>
    /**
     * Deletes at most `limit` attempts of a namespace: those of a subscription, which may be gone, or
     * those of all that exist up to a sequence. Answers how many.
     */
    readonly forgetAttempts: (
      namespace: NamespaceName,
      which: { readonly subscription: SubscriptionName } | { readonly upTo: Sequence },
      limit: number,
    ) => Answer<number>
    /** The event of a deferral that was a dead letter. */
    readonly keptEvent: (
      namespace: NamespaceName,
      subscription: SubscriptionName,
      sequence: Sequence,
    ) => Answer<Option.Option<KeptEvent>>
    /**
     * The lowest sequence any subscription still needs minus one: retention stops there. What keeps its
     * event needs no journal. Undefined without subscriptions.
     */
    readonly slowestPosition: (namespace: NamespaceName) => Answer<Sequence | undefined>
    readonly deadLetters: (page: DeadLetterPage) => Answer<ReadonlyArray<DeadLetter>>
    readonly getDeadLetter: (
      namespace: NamespaceName,
      id: string,
    ) => Answer<Option.Option<DeadLetter>>
    readonly deleteDeadLetter: (namespace: NamespaceName, id: string) => Answer<boolean>
    /** Enabled namespaces after a name, ascending, in which an active subscription is behind the head, has deferrals or a replay that runs. */
    readonly backlog: (
      after: NamespaceName | undefined,
      limit: number,
    ) => Answer<ReadonlyArray<NamespaceName>>
  }
>() {}
