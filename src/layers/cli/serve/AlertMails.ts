// Mails about alerts, as the environment of the server asks for: a sink and a subscription "email" of
// the system namespace, put anew at each start.

import { Duration, Effect, Redacted } from "effect"
import { Mesh } from "../../../actors/index.js"
import { SinkName, SubscriptionName, systemNamespace } from "../../../domain/index.js"
import type { EmailConfig } from "../../Deployment.js"
import { CommandFailed } from "../CliErrors.js"

const sink = SinkName.make("email")
const subscription = SubscriptionName.make("email")

/** Alerts that come within this time go into one mail for each cause. */
const maxWait = Duration.seconds(10)

export const ensureAlertMails = ({
  password,
  username,
  ...options
}: EmailConfig): Effect.Effect<void, CommandFailed, Mesh> =>
  Effect.gen(function* () {
    const { sinks, subscriptions } = yield* Mesh
    yield* sinks.put(systemNamespace, sink, {
      kind: "email",
      ...options,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Redacted.value(password) }),
    })
    yield* subscriptions.put(systemNamespace, subscription, {
      sink,
      filters: [{ not: { exact: { severity: "info" } } }],
      batch: { maxWait },
    })
  }).pipe(
    Effect.mapError(
      ({ message }) => new CommandFailed({ reason: `Alerts cannot be mailed: ${message}` }),
    ),
  )
