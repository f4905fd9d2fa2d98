/**
 * What a transport says of one attempt at a delivery.
 *
 * The status of the answer decides, never the success of the transport alone: an HTTP 500 that
 * arrived is a `Retry`.
 */
import { Schema } from "effect"
import { Reason, reasonOf } from "./Reason.js"

/** Codec of the outcome of an attempt. Times are milliseconds since the epoch. */
export const OutcomeSchema = Schema.Union(
  /** The sink accepted the event. `status` is the protocol's code, for explanations only. */
  Schema.TaggedStruct("Delivered", {
    status: Schema.optional(Schema.Number),
    durationMillis: Schema.optional(Schema.Number),
  }),
  /** Nobody's lasting fault: try again, but not before `notBefore`. */
  Schema.TaggedStruct("Retry", {
    reason: Reason,
    notBefore: Schema.optional(Schema.Number),
    status: Schema.optional(Schema.Number),
  }),
  /** The sink will never take this event. */
  Schema.TaggedStruct("Reject", { reason: Reason, status: Schema.optional(Schema.Number) }),
  /** The sink as it is configured takes no event: wrong credentials, address or rights. */
  Schema.TaggedStruct("Misconfigured", {
    reason: Reason,
    status: Schema.optional(Schema.Number),
    /** Whatever the event: it is known of the sink itself, and need not be suspected first. */
    certain: Schema.optional(Schema.Literal(true)),
  }),
  /** The destination asks to be sent nothing more. */
  Schema.TaggedStruct("Gone", { reason: Reason, status: Schema.optional(Schema.Number) }),
)
export type Outcome = typeof OutcomeSchema.Type

/** The outcomes that carry a reason: all but `Delivered`. */
export type FailedOutcome = Exclude<Outcome, { readonly _tag: "Delivered" }>

/** Makes outcomes. A reason may be any text, such as what an endpoint answered: it is sanitized. */
export const Outcome = {
  delivered: (
    facts: { readonly status?: number; readonly durationMillis?: number } = {},
  ): Outcome => ({
    _tag: "Delivered",
    ...facts,
  }),
  retry: (reason: string, notBefore?: number): Outcome =>
    notBefore === undefined
      ? { _tag: "Retry", reason: reasonOf(reason) }
      : { _tag: "Retry", reason: reasonOf(reason), notBefore },
  reject: (reason: string): Outcome => ({ _tag: "Reject", reason: reasonOf(reason) }),
  misconfigured: (reason: string): Outcome => ({
    _tag: "Misconfigured",
    reason: reasonOf(reason),
  }),
  /** Misconfigured whatever the event, as when the sink cannot be opened. */
  unusable: (reason: string): Outcome => ({
    _tag: "Misconfigured",
    reason: reasonOf(reason),
    certain: true,
  }),
  gone: (reason: string): Outcome => ({ _tag: "Gone", reason: reasonOf(reason) }),
  /** The same with the protocol's code, for explanations. */
  withStatus: (outcome: Outcome, status: number): Outcome => ({ ...outcome, status }),
} as const
