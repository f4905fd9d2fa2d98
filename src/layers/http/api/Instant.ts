// Milliseconds since the epoch in the process, RFC 3339 in UTC on the wire.

import { Schema } from "effect"

export const Instant = Schema.transform(Schema.String, Schema.Number, {
  strict: true,
  decode: (text) => Date.parse(text),
  encode: (millis) => new Date(millis).toISOString(),
}).annotations({ jsonSchema: { type: "string", format: "date-time" } })
