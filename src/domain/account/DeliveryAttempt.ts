/**
 * One try at a delivery, as it is kept for explanations. Attempts that failed are kept, and those that
 * followed them; with `audit: "all"` also those that succeeded at once.
 */
import { Schema } from "effect"
import { Reason } from "../delivery/index.js"
import { ReplayId } from "../subscription/index.js"

export const AttemptOutcome = Schema.Literal(
  "Delivered",
  "Retry",
  "Reject",
  "Misconfigured",
  "Gone",
)
export type AttemptOutcome = typeof AttemptOutcome.Type

export const DeliveryAttempt = Schema.Struct({
  /**
   * Its number, as the receiver was told. Tries while the sink is known to be out do not count and
   * share their number: the last of them is kept.
   */
  attempt: Schema.Int,
  /** Since when its number is counted, in milliseconds since the epoch: anew when a dead letter is tried again. */
  since: Schema.Number,
  /** When it began, in milliseconds since the epoch. */
  startedAt: Schema.Number,
  durationMillis: Schema.Number,
  outcome: AttemptOutcome,
  /** Why it failed. */
  reason: Schema.optional(Reason),
  /** The replay that it was of; absent for one of the live flow. */
  replay: Schema.optional(ReplayId),
  /** The protocol's code, such as the HTTP status. */
  status: Schema.optional(Schema.Int),
})
export type DeliveryAttempt = typeof DeliveryAttempt.Type

/** In the order in which they were made. */
export const byTime = (a: DeliveryAttempt, b: DeliveryAttempt): number =>
  a.startedAt - b.startedAt || a.since - b.since || a.attempt - b.attempt
