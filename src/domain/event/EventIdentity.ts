/**
 * What identifies and names an event: `id` within `source`, and `type`, which routing reads.
 */
import { Schema } from "effect"
import { nonEmptyFault, type Rule, uriReferenceFault } from "./AttributeRules.js"

const text = (rule: Rule) =>
  Schema.String.pipe(
    Schema.filter((value) => rule(value) ?? true, { jsonSchema: { minLength: 1 } }),
  )

/** Unique within its source. */
export const EventId = text(nonEmptyFault).pipe(
  Schema.brand("EventId"),
  Schema.annotations({ description: "Identifies the event within its source." }),
)
export type EventId = typeof EventId.Type

/** A URI reference (RFC 3986). */
export const EventSource = text(uriReferenceFault).pipe(
  Schema.brand("EventSource"),
  Schema.annotations({
    description: "The context in which the event happened: a URI reference.",
    jsonSchema: { minLength: 1, format: "uri-reference" },
  }),
)
export type EventSource = typeof EventSource.Type

/** Any non-empty text; routing reads it as segments with dots between them. */
export const EventType = text(nonEmptyFault).pipe(
  Schema.brand("EventType"),
  Schema.annotations({ description: "The kind of occurrence; dot-separated for routing." }),
)
export type EventType = typeof EventType.Type
