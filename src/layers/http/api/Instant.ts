// Milliseconds since the epoch in the process, RFC 3339 in UTC on the wire.

import { Schema } from "effect"

export const Instant = Schema.transform(Schema.String, Schema.Number, {
  strict: true,
  decode: (text) => Date.parse(text),
  encode: (millis) => new Date(millis).toISOString(),
}).annotations({ jsonSchema: { type: "string", format: "date-time" } })

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/

/** One that a caller states. */
export const GivenInstant = Schema.String.pipe(
  Schema.filter((text) => rfc3339.test(text) && !Number.isNaN(Date.parse(text)), {
    message: () => "must be a time in RFC 3339, such as 2030-01-31T12:00:00Z",
  }),
  Schema.compose(Instant),
).annotations({ jsonSchema: { type: "string", format: "date-time" } })
