// The `EMAIL_*` variables: a mail server, and who writes to whom.

import { Effect, Option, Schema } from "effect"
import type { EmailConfig } from "../../Deployment.js"
import { UsageError } from "../CliErrors.js"
import { named, Port, Secret, variable } from "./Variables.js"

const required = <A>(name: string, value: Option.Option<A>): Effect.Effect<A, UsageError> =>
  Effect.mapError(
    value,
    () => new UsageError({ reason: `${name}: is required with EMAIL_SMTP_HOST` }),
  )

type Security = EmailConfig["security"]

const encrypted = (_host: string, port: number): Security => (port === 465 ? "tls" : "starttls")

/**
 * Where alerts are mailed to; without EMAIL_SMTP_HOST, nowhere. `presetSecurity`: where
 * EMAIL_SMTP_SECURITY does not say.
 */
export const emailConfig = (
  presetSecurity: (host: string, port: number) => Security = encrypted,
): Effect.Effect<EmailConfig | undefined, UsageError> =>
  Effect.gen(function* () {
    const host = Option.getOrUndefined(yield* variable("EMAIL_SMTP_HOST", Schema.String))
    if (host === undefined) return undefined
    const port = Option.getOrElse(yield* variable("EMAIL_SMTP_PORT", Port), () => 587)
    const security = yield* variable(
      "EMAIL_SMTP_SECURITY",
      named(Schema.Literal("starttls", "tls", "none"), "must be starttls, tls or none"),
    )
    const to = yield* required("EMAIL_TO", yield* variable("EMAIL_TO", Schema.String))
    return {
      host,
      port,
      security: Option.getOrElse(security, () => presetSecurity(host, port)),
      username: Option.getOrUndefined(yield* variable("EMAIL_SMTP_USERNAME", Schema.String)),
      password: Option.getOrUndefined(yield* variable("EMAIL_SMTP_PASSWORD", Secret)),
      from: yield* required("EMAIL_FROM", yield* variable("EMAIL_FROM", Schema.String)),
      to: to.split(",").map((address) => address.trim()),
    }
  })
