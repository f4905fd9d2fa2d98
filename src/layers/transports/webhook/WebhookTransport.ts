// The transport "webhook": CloudEvents over HTTP POST, signed as Standard Webhooks defines.
//
// An attempt is one request on a pooled connection: no fiber, no timer and no promise of its own.
// Redirects are not followed, and only what the target guard allows is connected to.

import { Duration, Effect, Either, Exit, type Scope } from "effect"
import {
  type Connection,
  type Delivery,
  type SinkConfig,
  type SinkSecrets,
  type Transport,
  Vault,
} from "../../../actors/index.js"
import { Outcome } from "../../../domain/index.js"
import { TargetGuard } from "../guard/TargetGuard.js"
import * as Agents from "./Agents.js"
import { Attempt } from "./Attempt.js"
import type { AttemptContext } from "./InFlight.js"
import {
  type Consent,
  consentHeaders,
  consentOf,
  type ConsentRequest,
  REQUEST_ORIGIN,
  withConsent,
} from "./Consent.js"
import { exchange } from "./Exchange.js"
import { inBatches } from "./BatchDelivery.js"
import * as Deadlines from "./Deadlines.js"
import { openContext } from "./OpenContext.js"
import { fixedHeaders, requestMaker, type WebhookRequest } from "./Request.js"
import { Signer } from "./Signer.js"
import { invalid, keysOf, SECRET } from "./WebhookKeys.js"
import { WebhookOptions, type WebhookOptionsEncoded } from "./WebhookOptions.js"

export const WEBHOOK = "webhook"
export const DEFAULT_ORIGIN = "eventloom"
/** How long storing a sink waits for DNS; a name that does not resolve yet may be stored. */
const RESOLVE_TIMEOUT = Duration.seconds(3)

type WebhookConfig = SinkConfig<WebhookOptions>

/** What is needed to send, or what is wrong with the configuration. */
const readConfig = (guard: TargetGuard["Type"], config: WebhookConfig) =>
  Either.gen(function* () {
    const { url: text } = config.options
    if (text === undefined) return yield* Either.left(invalid("url", "is required"))
    const url = yield* Either.mapLeft(guard.checkUrl(text), (error) =>
      invalid("url", error.message),
    )
    const keys = yield* keysOf(config.options, config)
    const needsSecret = config.options.signature !== "v1a" && config.secrets[SECRET] === undefined
    return { url, keys, needsSecret }
  })

/** A connection on which every attempt has this outcome. */
const constant = (outcome: Outcome): Connection => {
  const exit = Exit.succeed(outcome)
  return { deliver: () => exit }
}

export const make = (
  agentsOptions: Agents.AgentsOptions = Agents.defaultAgentsOptions,
  /** Who asks for consent: a DNS name that stands for all of this system. */
  origin = DEFAULT_ORIGIN,
): Effect.Effect<
  Transport<WebhookOptions, WebhookOptionsEncoded>,
  never,
  TargetGuard | Vault | Scope.Scope
> =>
  Effect.gen(function* () {
    const guard = yield* TargetGuard
    const vault = yield* Vault
    const agents = yield* Agents.make(agentsOptions)
    const deadlines = yield* Deadlines.make

    const prepare = (config: WebhookConfig) =>
      Effect.gen(function* () {
        const { needsSecret, url } = yield* readConfig(guard, config)
        yield* guard.resolve(url.hostname).pipe(
          Effect.timeoutOption(RESOLVE_TIMEOUT),
          Effect.catchTags({
            HostUnresolved: () => Effect.void,
            TargetRefused: (error) => invalid("url", error.message),
          }),
        )
        return needsSecret ? { [SECRET]: yield* vault.generateWebhookSecret } : {}
      })

    const open = (config: WebhookConfig): Effect.Effect<Connection, never, Scope.Scope> =>
      Either.match(readConfig(guard, config), {
        onLeft: ({ message }) => Effect.succeed(constant(Outcome.unusable(message))),
        onRight: ({ keys, url }) =>
          Effect.gen(function* () {
            const { handshake, headers = {}, mode, requestRate } = config.options
            const consent = { origin, requestRate }
            const context = yield* openContext({ agents, deadlines }, url.origin, config.options)
            const path = `${url.pathname}${url.search}`
            const send = sender(context, path)
            const effect = effectOf(send)
            const signer = new Signer(keys)
            // What is stored was checked before: it can be read.
            const renew = (secrets: SinkSecrets) =>
              Either.match(keysOf(config.options, secrets), {
                onLeft: () => undefined,
                onRight: (keys) => signer.renew(keys),
              })
            const request = requestMaker({
              mode,
              headers: handshake === true ? { ...headers, [REQUEST_ORIGIN]: origin } : headers,
              signer,
            })
            const deliver = (delivery: Delivery) => effect((now) => request.single(delivery, now))
            const connection: Connection =
              mode === "batch"
                ? {
                    deliver,
                    renew,
                    deliverBatch: inBatches((deliveries) =>
                      effect((now) => request.batch(deliveries, now)),
                    ),
                  }
                : {
                    deliver,
                    renew,
                    start: (delivery, settled) =>
                      send((now) => request.single(delivery, now), settled),
                  }
            return handshake === true
              ? yield* withConsent(connection, askConsent(context, path, headers, consent))
              : connection
          }),
      })

    return {
      kind: WEBHOOK,
      options: WebhookOptions,
      secrets: [SECRET],
      rotates: SECRET,
      usesSigningKeys: ({ signature }) => signature !== "v1",
      // Among them may be an Authorization of the tenant's own.
      secretValues: ["headers"],
      prepare,
      open,
    }
  })

const askConsent = (
  context: AttemptContext,
  path: string,
  headers: Readonly<Record<string, string>>,
  request: ConsentRequest,
): Effect.Effect<Consent> =>
  Effect.map(
    Effect.suspend(() =>
      exchange(context, {
        method: "OPTIONS",
        path,
        headers: [...fixedHeaders(headers), ...consentHeaders(request)],
      }),
    ),
    Either.flatMap((answer) => consentOf(answer, request, context.now())),
  )

type MakeRequest = (now: number) => WebhookRequest
/** Sends a request and tells its outcome once, unless what it returns lets go of it before. */
type Send = (make: MakeRequest, settled: (outcome: Outcome) => void) => () => void

const sender =
  (context: AttemptContext, path: string): Send =>
  (make, settled) => {
    const { body, headers } = make(context.now())
    const attempt = new Attempt(context, settled)
    context.pool.dispatch({ path, method: "POST", headers, body }, attempt)
    return () => attempt.cancel()
  }

const effectOf =
  (send: Send) =>
  (make: MakeRequest): Effect.Effect<Outcome> =>
    Effect.async<Outcome>((resume) =>
      Effect.sync(send(make, (outcome) => resume(Exit.succeed(outcome)))),
    )
