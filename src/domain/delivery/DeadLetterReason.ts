/**
 * Why a delivery was given up on. It is stored with the dead letter and shown to people.
 */
import { Duration, Match, Schema } from "effect"
import { formatDuration } from "../units/index.js"
import { Reason } from "./Reason.js"

/** Codec of the reason of a dead letter. */
export const DeadLetterReason = Schema.Union(
  /** Every attempt failed while the sink took other events. `last` is why the last one failed. */
  Schema.TaggedStruct("AttemptsExhausted", { attempts: Schema.Int, last: Reason }),
  /** The sink said that it will never take this event. */
  Schema.TaggedStruct("Rejected", { reason: Reason }),
  /** It was parked for longer than the retry policy allows. */
  Schema.TaggedStruct("ParkedTooLong", { parkedMillis: Schema.Number, last: Reason }),
  /** The subscription's filter could not be evaluated on the event. */
  Schema.TaggedStruct("FilterFailed", { reason: Reason }),
  /** The subscription's transform could not be applied to the event. */
  Schema.TaggedStruct("TransformFailed", { reason: Reason }),
)
export type DeadLetterReason = typeof DeadLetterReason.Type

/** What kind of reason it is, as lists of dead letters are filtered by. */
export const DeadLetterKind = Schema.Literal(
  "AttemptsExhausted",
  "Rejected",
  "ParkedTooLong",
  "FilterFailed",
  "TransformFailed",
)
export type DeadLetterKind = typeof DeadLetterKind.Type

/** One line for a person. */
export const describeDeadLetter: (reason: DeadLetterReason) => string = Match.typeTags<
  DeadLetterReason,
  string
>()({
  AttemptsExhausted: ({ attempts, last }) =>
    `all ${attempts} attempts failed while the sink took other events; last: ${last}`,
  Rejected: ({ reason }) => `the sink rejected the event: ${reason}`,
  ParkedTooLong: ({ parkedMillis, last }) =>
    `given up after ${formatDuration(Duration.millis(parkedMillis))} parked; last: ${last}`,
  FilterFailed: ({ reason }) => `the filter failed: ${reason}`,
  TransformFailed: ({ reason }) => `the transform failed: ${reason}`,
})
