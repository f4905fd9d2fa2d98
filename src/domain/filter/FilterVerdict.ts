/**
 * What the filters of a subscription say of an event, for a person who asks why it was not delivered.
 */
import { Schema } from "effect"

/** A clause that did not hold. */
export const ClauseFailure = Schema.Struct({
  /** Where it stands in the subscription, such as `filters[1].any[0].exact`. */
  clause: Schema.String,
  /** Why it does not hold, in words. */
  reason: Schema.String,
  /** It could not be evaluated on this event, which counts as not holding. */
  errored: Schema.Boolean,
})
export type ClauseFailure = typeof ClauseFailure.Type

/** `NotMatched` names the clauses to look at: the first that fails, or all alternatives of an `any`. */
export const FilterVerdict = Schema.Union(
  Schema.TaggedStruct("Matched", {}),
  Schema.TaggedStruct("NotMatched", { failures: Schema.NonEmptyArray(ClauseFailure) }),
)
export type FilterVerdict = typeof FilterVerdict.Type
