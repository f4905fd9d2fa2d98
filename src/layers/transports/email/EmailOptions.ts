// What an e-mail sink can be told.

import { Duration, Schema } from "effect"
import { durationBetween, TemplateText } from "../../../domain/index.js"

/** One mailbox without a display name: no line breaks, commas or angle brackets to smuggle more in. */
const Address = Schema.String.pipe(
  Schema.maxLength(254),
  Schema.pattern(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/),
  Schema.annotations({ message: () => "must be an e-mail address" }),
)

/** `starttls` and `tls` refuse to go on without encryption; `none` is for a relay on the same machine. */
export const EmailSecurity = Schema.Literal("starttls", "tls", "none")
export type EmailSecurity = typeof EmailSecurity.Type

export const EmailOptions = Schema.Struct({
  /** Of the mail server. */
  host: Schema.NonEmptyString.pipe(Schema.maxLength(253)),
  /** Default: 587, and 465 with "tls". */
  port: Schema.optional(Schema.Int.pipe(Schema.between(1, 65_535))),
  security: Schema.optionalWith(EmailSecurity, { default: () => "starttls" }),
  username: Schema.optional(Schema.NonEmptyString.pipe(Schema.maxLength(320))),
  from: Address,
  to: Schema.Array(Address).pipe(Schema.minItems(1), Schema.maxItems(20)),
  /** Of each mail; what an event does not have is left out. */
  subject: Schema.optional(TemplateText),
  /** How long sending may take: 1 s to 5 min, 30 s by default. */
  timeout: Schema.optionalWith(durationBetween(Duration.seconds(1), Duration.minutes(5)), {
    default: () => Duration.seconds(30),
  }),
})
export type EmailOptions = typeof EmailOptions.Type
export type EmailOptionsEncoded = typeof EmailOptions.Encoded
