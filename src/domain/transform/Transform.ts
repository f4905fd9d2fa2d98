/**
 * A transform: what a subscription delivers in place of each event, as its caller states it.
 */
import { Schema } from "effect"
import { MAX_EXPRESSION_LENGTH } from "../expression/index.js"

const Cel = Schema.NonEmptyString.pipe(Schema.maxLength(MAX_EXPRESSION_LENGTH))

/** CEL expressions over `event`. What is not stated stays; id and source always do. */
export const Transform = Schema.Struct({
  /** The new data, which is JSON. */
  data: Schema.optional(Cel),
  /** The new type: a string. */
  type: Schema.optional(Cel),
  /** The new subject: a string, or null for none. */
  subject: Schema.optional(Cel),
}).pipe(
  Schema.filter(
    ({ data, type, subject }) =>
      (data ?? type ?? subject) !== undefined || "must state data, type or subject",
  ),
  Schema.annotations({
    identifier: "Transform",
    description:
      "CEL expressions over `event` for what is delivered in place of it. What is not stated stays.",
  }),
)
export type Transform = typeof Transform.Type
