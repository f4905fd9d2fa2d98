// From a stored sink to an open connection: its options decoded, what it inherits put in, its secrets
// opened. A sink that cannot be opened parks like one that refuses everything, and says why.

import { Effect, Either, ParseResult, type Redacted, Schema, type Scope } from "effect"
import { type EffectiveSettings, Outcome, type Sink } from "../../domain/index.js"
import type { Connection, SecretUnreadable, SinkConfig, Transports, Vault } from "../ports/index.js"
import { openSecrets, type Secrets, withSecretValues } from "./SecretOptions.js"

/** The options of a sink with what it inherits: webhooks that name no URL go where the namespace says. */
export const effectiveOptions = (sink: Sink, settings: EffectiveSettings): Sink["options"] =>
  sink.kind === "webhook" && sink.options["url"] === undefined && settings.webhookUrl !== undefined
    ? { ...sink.options, url: settings.webhookUrl }
    : sink.options

export const openSink = (
  sink: Sink,
  settings: EffectiveSettings,
  transports: Transports["Type"],
  vault: Vault["Type"],
): Effect.Effect<Connection, never, Scope.Scope> => {
  const transport = transports.get(sink.kind)
  if (transport === undefined) {
    return Effect.succeed(refusing(`this process has no transport "${sink.kind}"`))
  }
  return Effect.matchEffect(secretsOf(sink, settings, vault), {
    onFailure: (error) => Effect.succeed(refusing(error.message)),
    onSuccess: (secrets) => {
      const shown = effectiveOptions(sink, settings)
      const options = Schema.decodeUnknownEither(transport.options)(
        withSecretValues(transport, shown, secrets),
      )
      if (Either.isLeft(options)) {
        const [issue] = ParseResult.ArrayFormatter.formatErrorSync(options.left)
        return Effect.succeed(refusing(`${issue?.path.join(".")}: ${issue?.message}`))
      }
      const config: SinkConfig<unknown> = {
        namespace: sink.namespace,
        sink: sink.name,
        options: options.right,
        secrets,
      }
      return transport.open(config)
    },
  })
}

/** Every delivery is answered with the reason why the sink cannot work. */
const refusing = (reason: string): Connection => ({
  deliver: () => Effect.succeed(Outcome.misconfigured(reason)),
})

const secretsOf = (
  sink: Sink,
  settings: EffectiveSettings,
  vault: Vault["Type"],
): Effect.Effect<Secrets, SecretUnreadable> =>
  Effect.gen(function* () {
    const secrets: Record<string, Redacted.Redacted> = {
      ...(yield* openSecrets(vault, sink.namespace, sink.sealed)),
    }
    // A secret comes from where the URL comes from.
    const inheritsUrl = sink.kind === "webhook" && sink.options["url"] === undefined
    if (inheritsUrl && settings.webhookSecret !== undefined) {
      secrets["secret"] = yield* openSetting(sink.namespace, settings.webhookSecret, vault)
    }
    return secrets
  })

/** A setting's secret is sealed for its owner, which the sealed text names: `owner|sealed`. */
const openSetting = (namespace: string, text: string, vault: Vault["Type"]) => {
  const bar = text.indexOf("|")
  return vault.open(bar < 0 ? namespace : text.slice(0, bar), text.slice(bar + 1))
}
