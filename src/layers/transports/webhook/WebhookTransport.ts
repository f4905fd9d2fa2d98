// The transport "webhook": CloudEvents over HTTP POST, signed as Standard Webhooks defines.
//
// An attempt is one request on a pooled connection: no fiber, no timer and no promise of its own.
// Redirects are not followed, and only what the target guard allows is connected to.

import { Duration, Effect, Either, Exit, type Redacted, type Scope } from "effect"
import {
  type Connection,
  type Delivery,
  type SinkConfig,
  type Transport,
  Vault,
} from "../../../actors/index.js"
import { InvalidSetting, Outcome } from "../../../domain/index.js"
import { TargetGuard } from "../guard/TargetGuard.js"
import * as Agents from "./Agents.js"
import { Attempt, type AttemptContext } from "./Attempt.js"
import * as Deadlines from "./Deadlines.js"
import { requestMaker, type WebhookRequest } from "./Request.js"
import { parseSecrets } from "./Signature.js"
import { WebhookOptions, type WebhookOptionsEncoded } from "./WebhookOptions.js"

export const WEBHOOK = "webhook"
const SECRET = "secret"
/** How long storing a sink waits for DNS; a name that does not resolve yet may be stored. */
const RESOLVE_TIMEOUT = Duration.seconds(3)

type WebhookConfig = SinkConfig<WebhookOptions>

const invalid = (field: string, reason: string) => new InvalidSetting({ field, reason })

/** What is needed to send, or what is wrong with the configuration. */
const readConfig = (guard: TargetGuard["Type"], { options, secrets }: WebhookConfig) =>
  Either.gen(function* () {
    if (options.url === undefined) return yield* Either.left(invalid("url", "is required"))
    const url = yield* Either.mapLeft(guard.checkUrl(options.url), (error) =>
      invalid("url", error.message),
    )
    const secret: Redacted.Redacted | undefined = secrets[SECRET]
    const keys =
      secret === undefined
        ? []
        : yield* Either.mapLeft(parseSecrets(secret), (error) => invalid(SECRET, error.reason))
    return { url, keys, hasSecret: secret !== undefined }
  })

/** A connection on which every attempt has this outcome. */
const constant = (outcome: Outcome): Connection => {
  const exit = Exit.succeed(outcome)
  return { deliver: () => exit }
}

export const make = (
  agentsOptions: Agents.AgentsOptions = Agents.defaultAgentsOptions,
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
        const { hasSecret, url } = yield* readConfig(guard, config)
        yield* guard.resolve(url.hostname).pipe(
          Effect.timeoutOption(RESOLVE_TIMEOUT),
          Effect.catchTags({
            HostUnresolved: () => Effect.void,
            TargetRefused: (error) => invalid("url", error.message),
          }),
        )
        return hasSecret ? {} : { [SECRET]: yield* vault.generateWebhookSecret }
      })

    const open = (config: WebhookConfig): Effect.Effect<Connection, never, Scope.Scope> =>
      Either.match(readConfig(guard, config), {
        onLeft: ({ message }) => Effect.succeed(constant(Outcome.misconfigured(message))),
        onRight: ({ keys, url }) =>
          Effect.gen(function* () {
            const clock = yield* Effect.clock
            const { connectTimeout, headers = {}, mode, timeout } = config.options
            const context: AttemptContext = {
              pool: yield* agents.pool(url.origin),
              deadlines,
              limits: {
                connectMillis: Duration.toMillis(connectTimeout),
                totalMillis: Duration.toMillis(timeout),
              },
              now: () => clock.unsafeCurrentTimeMillis(),
            }
            const send = sender(context, `${url.pathname}${url.search}`)
            const request = requestMaker({ mode, headers, keys })
            const deliver = (delivery: Delivery) => send((now) => request.single(delivery, now))
            return mode === "batch"
              ? { deliver, deliverBatch: batchSender(send, request.batch) }
              : { deliver }
          }),
      })

    return { kind: WEBHOOK, options: WebhookOptions, secrets: [SECRET], prepare, open }
  })

type Send = (make: (now: number) => WebhookRequest) => Effect.Effect<Outcome>

const sender =
  (context: AttemptContext, path: string): Send =>
  (make) =>
    Effect.async<Outcome>((resume) => {
      const now = context.now()
      const { body, headers } = make(now)
      const attempt = new Attempt(context, now, (outcome) => resume(Exit.succeed(outcome)))
      context.pool.dispatch({ path, method: "POST", headers, body }, attempt)
      return Effect.sync(() => attempt.cancel())
    })

/**
 * One request for a batch, and one outcome for all of it. A batch that is rejected is sent again in
 * halves, so that an event that is bad, or the size of them all, costs the others nothing; what
 * stands after a half that neither arrived nor was rejected is left alone, to keep the order.
 */
const batchSender = (
  send: Send,
  batch: (deliveries: ReadonlyArray<Delivery>, now: number) => WebhookRequest,
) => {
  const sendBatch = (deliveries: ReadonlyArray<Delivery>): Effect.Effect<ReadonlyArray<Outcome>> =>
    Effect.flatMap(
      send((now) => batch(deliveries, now)),
      (outcome) =>
        outcome._tag === "Reject" && deliveries.length > 1
          ? sendHalves(deliveries)
          : Effect.succeed(deliveries.map(() => outcome)),
    )
  const sendHalves = (deliveries: ReadonlyArray<Delivery>) => {
    const middle = deliveries.length >> 1
    const rest = deliveries.slice(middle)
    return Effect.flatMap(sendBatch(deliveries.slice(0, middle)), (first) => {
      const last = first.at(-1)
      const isThrough = last?._tag === "Delivered" || last?._tag === "Reject"
      return last === undefined || isThrough
        ? Effect.map(sendBatch(rest), (second) => [...first, ...second])
        : Effect.succeed([...first, ...rest.map(() => last)])
    })
  }
  return (deliveries: ReadonlyArray<Delivery>) =>
    deliveries.length === 0 ? Effect.succeed([]) : sendBatch(deliveries)
}
