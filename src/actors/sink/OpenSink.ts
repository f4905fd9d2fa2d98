// From a stored sink to an open connection: its options decoded, what it inherits put in, its secrets
// opened. A sink that cannot be opened parks like one that refuses everything, and says why.

import { Effect, Either, ParseResult, type Redacted, Schema, type Scope } from "effect"
import {
  type EffectiveSettings,
  type NamespaceName,
  Outcome,
  type Sink,
} from "../../domain/index.js"
import {
  type Connection,
  type OpenSigningKey,
  patiently,
  type RetiringOptions,
  type SecretUnreadable,
  type SinkConfig,
  type Transport,
  type Transports,
  type Vault,
} from "../ports/index.js"
import { type SigningKeyring, openSigningKeys } from "../signing/SigningKeyring.js"
import { openSecrets, type Secrets, withSecretValues } from "./SecretOptions.js"

/** The options of a sink with what it inherits: webhooks that name no URL go where the namespace says. */
export const effectiveOptions = (sink: Sink, settings: EffectiveSettings): Sink["options"] =>
  sink.kind === "webhook" && sink.options["url"] === undefined && settings.webhookUrl !== undefined
    ? { ...sink.options, url: settings.webhookUrl }
    : sink.options

/** What sinks are opened with. */
export interface SinkWorld {
  readonly transports: Transports["Type"]
  readonly vault: Vault["Type"]
  readonly signing: SigningKeyring
}

export const openSink = (
  sink: Sink,
  settings: EffectiveSettings,
  world: SinkWorld,
): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.matchEffect(configure(sink, settings, world), {
    onFailure: (reason) => Effect.succeed(refusing(reason)),
    onSuccess: ({ transport, config }) => transport.open(config),
  })

/**
 * Has an open sink go on with the secrets that its record has now. Answers false if it has to be
 * opened anew for that.
 */
export const renewSink = (
  connection: Connection,
  sink: Sink,
  settings: EffectiveSettings,
  world: SinkWorld,
): Effect.Effect<boolean> =>
  connection.renew === undefined
    ? Effect.succeed(false)
    : Effect.match(configure(sink, settings, world), {
        onFailure: () => false,
        onSuccess: ({ config }) => {
          connection.renew?.(config)
          return true
        },
      })

interface Configured {
  readonly transport: Transport
  readonly config: SinkConfig<unknown>
}

/** What a sink is opened with, or why it cannot be. */
const configure = (
  sink: Sink,
  settings: EffectiveSettings,
  world: SinkWorld,
): Effect.Effect<Configured, string> =>
  Effect.gen(function* () {
    const { transports, vault } = world
    const transport = transports.get(sink.kind)
    if (transport === undefined) {
      return yield* Effect.fail(`this process has no transport "${sink.kind}"`)
    }
    const secrets = yield* Effect.mapError(
      secretsOf(sink, settings, vault),
      ({ message }) => message,
    )
    const options = Schema.decodeUnknownEither(transport.options)(
      withSecretValues(transport, effectiveOptions(sink, settings), secrets),
    )
    if (Either.isLeft(options)) {
      const [issue] = ParseResult.ArrayFormatter.formatErrorSync(options.left)
      return yield* Effect.fail(`${issue?.path.join(".")}: ${issue?.message}`)
    }
    const { namespace, name } = sink
    const retiring = yield* retiringOf(sink, vault)
    const signingKeys =
      transport.usesSigningKeys?.(options.right) === true
        ? yield* signingKeysOf(namespace, world)
        : undefined
    return {
      transport,
      config: {
        namespace,
        sink: name,
        options: options.right,
        secrets,
        ...(retiring === undefined ? {} : { retiring }),
        ...(signingKeys === undefined ? {} : { signingKeys }),
      },
    }
  })

/** Whether the sink signs with the signing keys of its namespace. */
export const signsWithKeys = (transports: Transports["Type"], sink: Sink): boolean => {
  const transport = transports.get(sink.kind)
  if (transport?.usesSigningKeys === undefined) return false
  const options = Schema.decodeUnknownEither(transport.options)(sink.options)
  return Either.isRight(options) && transport.usesSigningKeys(options.right)
}

/** Every delivery is answered with the reason why the sink cannot work. */
const refusing = (reason: string): Connection => ({
  deliver: () => Effect.succeed(Outcome.unusable(reason)),
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

const signingKeysOf = (
  namespace: NamespaceName,
  { signing, vault }: SinkWorld,
): Effect.Effect<ReadonlyArray<OpenSigningKey>, string> =>
  Effect.flatMap(patiently(signing.ensure(namespace)), (keys) =>
    keys.length === 0
      ? Effect.fail("its namespace is being removed")
      : Effect.mapError(openSigningKeys(keys, vault), ({ message }) => message),
  )

/** What cannot be opened signs no longer, which is what becomes of it anyway. */
const retiringOf = (
  { namespace, retiring }: Sink,
  vault: Vault["Type"],
): Effect.Effect<RetiringOptions | undefined> =>
  retiring === undefined
    ? Effect.succeed(undefined)
    : Effect.matchEffect(openSecrets(vault, namespace, retiring.sealed), {
        onFailure: (error) =>
          Effect.as(
            Effect.logWarning("A secret that was rotated out cannot be opened", error),
            undefined,
          ),
        onSuccess: (secrets) => Effect.succeed({ secrets, until: retiring.until }),
      })

/** A setting's secret is sealed for its owner, which the sealed text names: `owner|sealed`. */
const openSetting = (namespace: string, text: string, vault: Vault["Type"]) => {
  const bar = text.indexOf("|")
  return vault.open(bar < 0 ? namespace : text.slice(0, bar), text.slice(bar + 1))
}
