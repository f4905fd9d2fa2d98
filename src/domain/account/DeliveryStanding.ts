/**
 * How it stands with one event and one subscription: what happened, or what it waits for, and why.
 *
 * Deliveries that succeed at once leave no record of their own, so that they happened is inferred from
 * the subscription's position; everything else has been recorded or is under way.
 */
import { DateTime, Match, Schema } from "effect"
import { DeadLetterReason, describeDeadLetter, Reason } from "../delivery/index.js"
import { ClauseFailure } from "../filter/index.js"
import { Sequence } from "../journal/index.js"
import { DeliveryAttempt } from "./DeliveryAttempt.js"

/** What a delivery waits for. Times are milliseconds since the epoch. */
export const WaitingCause = Schema.Union(
  /** The subscription reads the journal and has `events` before it to go through. */
  Schema.TaggedStruct("Behind", { events: Schema.Int }),
  /** It may start as soon as there is room: for the subscription, at its sink, or among the tries. */
  Schema.TaggedStruct("Queued", {}),
  /** The subscription's rate holds it back, for now until then. */
  Schema.TaggedStruct("RateLimited", { until: Schema.Number }),
  Schema.TaggedStruct("InFlight", { attempt: Schema.Int }),
  /** An earlier event of its order goes first: this one, where that is known. */
  Schema.TaggedStruct("OrderedBehind", { sequence: Schema.optional(Sequence) }),
  /** The next attempt is due then. */
  Schema.TaggedStruct("Retry", { attempt: Schema.Int, dueAt: Schema.Number, last: Reason }),
  /** The sink takes nothing. */
  Schema.TaggedStruct("Parked", {
    since: Schema.Number,
    cause: Schema.Literal("outage", "misconfigured"),
  }),
  /** The sink is being opened, or nobody is attached to it. */
  Schema.TaggedStruct("SinkNotReady", {}),
  Schema.TaggedStruct("Starting", {}),
  Schema.TaggedStruct("Paused", {}),
  Schema.TaggedStruct("Disabled", { reason: Schema.optional(Schema.String) }),
  Schema.TaggedStruct("NamespaceDisabled", {}),
)
export type WaitingCause = typeof WaitingCause.Type

export const DeliveryStanding = Schema.Union(
  /** None of its type patterns matches. */
  Schema.TaggedStruct("NotInterested", {}),
  /** The clauses of its filters that do not hold. */
  Schema.TaggedStruct("Filtered", { failures: Schema.NonEmptyArray(ClauseFailure) }),
  /** The subscription started after the event. */
  Schema.TaggedStruct("Skipped", { startedAfter: Sequence }),
  Schema.TaggedStruct("Waiting", { cause: WaitingCause }),
  /** `attempt`: the one that succeeded, where it was kept. */
  Schema.TaggedStruct("Delivered", { attempt: Schema.optional(DeliveryAttempt) }),
  Schema.TaggedStruct("DeadLettered", {
    deadLetter: Schema.String,
    reason: DeadLetterReason,
    deadAt: Schema.Number,
  }),
  /** It was a dead letter, and somebody forgot it. */
  Schema.TaggedStruct("Discarded", {}),
  /** It is over, and the event has left the journal: whether it was of interest is no longer known. */
  Schema.TaggedStruct("Forgotten", {}),
)
export type DeliveryStanding = typeof DeliveryStanding.Type

const time = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))

const describeCause = Match.typeTags<WaitingCause, string>()({
  Behind: ({ events }) =>
    events === 0
      ? "the subscription is about to read it"
      : `the subscription has ${events} events to go through before it`,
  Queued: () => "it starts as soon as there is room",
  RateLimited: ({ until }) => `the rate of the subscription is used up until ${time(until)}`,
  InFlight: ({ attempt }) => `attempt ${attempt} is under way`,
  OrderedBehind: ({ sequence }) =>
    sequence === undefined
      ? "an earlier event of its order goes first"
      : `event ${sequence} of its order goes first`,
  Retry: ({ attempt, dueAt, last }) =>
    `attempt ${attempt} is due at ${time(dueAt)}; the last one failed: ${last}`,
  Parked: ({ since, cause }) =>
    cause === "outage"
      ? `the sink is out since ${time(since)}; it is probed until it recovers`
      : `the sink refuses everything since ${time(since)}: check its configuration`,
  SinkNotReady: () => "the sink is not open: it is being opened, or nobody is attached to it",
  Starting: () => "the subscription is starting",
  Paused: () => "the subscription is paused",
  Disabled: ({ reason }) =>
    `the subscription is disabled${reason === undefined ? "" : `: ${reason}`}`,
  NamespaceDisabled: () => "the namespace is disabled",
})

/** One sentence for a person. */
export const describeStanding: (standing: DeliveryStanding) => string = Match.typeTags<
  DeliveryStanding,
  string
>()({
  NotInterested: () => "Not delivered: none of the subscription's types matches.",
  Filtered: ({ failures }) =>
    `Not delivered: ${failures.map(({ clause, reason }) => `${clause}: ${reason}`).join("; ")}.`,
  Skipped: ({ startedAfter }) =>
    `Not delivered: the subscription started after event ${startedAfter}.`,
  Waiting: ({ cause }) => `Waiting: ${describeCause(cause)}.`,
  Delivered: ({ attempt }) =>
    attempt === undefined
      ? "Delivered."
      : `Delivered at ${time(attempt.startedAt + attempt.durationMillis)} by attempt ${attempt.attempt}.`,
  DeadLettered: ({ deadAt, reason }) =>
    `Given up on at ${time(deadAt)}: ${describeDeadLetter(reason)}.`,
  Discarded: () => "Not delivered: it was given up on, and its dead letter was discarded.",
  Forgotten: () =>
    "Over: delivered or of no interest. The event has left the journal, so which is no longer known.",
})
