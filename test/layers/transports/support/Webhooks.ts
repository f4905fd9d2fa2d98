// Webhook connections to try: a fixed secret, loopback allowed, as a deployment would open them.

import { Effect, Layer, Redacted, Schema, type Scope } from "effect"
import type { Connection, SinkConfig, Transport } from "../../../../src/actors/index.js"
import {
  type Resolvers,
  TargetGuards,
  WebhookTransport,
} from "../../../../src/layers/transports/index.js"
import {
  type AgentsOptions,
  defaultAgentsOptions,
} from "../../../../src/layers/transports/webhook/Agents.js"
import {
  WebhookOptions,
  type WebhookOptionsEncoded,
} from "../../../../src/layers/transports/webhook/WebhookOptions.js"
import { AesVault } from "../../../../src/layers/vault/index.js"
import { namespace, sink } from "./Deliveries.js"

export const secretBytes = Buffer.from("a secret of thirty-two bytes, ok")
export const secret = Redacted.make(`whsec_${secretBytes.toString("base64")}`)

export const config = (
  options: WebhookOptionsEncoded,
  secrets: Readonly<Record<string, Redacted.Redacted>> = { secret },
): SinkConfig<WebhookOptions> => ({
  namespace,
  sink,
  options: Schema.decodeSync(WebhookOptions)(options),
  secrets,
})

interface Setting {
  readonly allowPrivateTargets?: boolean
  /** What host names resolve to; by default, what the system says. */
  readonly names?: Resolvers.Resolver["Type"]["resolve"]
  readonly agents?: Partial<AgentsOptions>
}

/** What webhooks need, with private targets allowed. */
export const services = Layer.merge(
  TargetGuards.layerDefault({ allowPrivateTargets: true }),
  AesVault.layerTest,
)

/** The transport as a deployment composes it. */
export const transport = ({
  agents = {},
  allowPrivateTargets = true,
  names,
}: Setting = {}): Effect.Effect<
  Transport<WebhookOptions, WebhookOptionsEncoded>,
  never,
  Scope.Scope
> => {
  const policy = { allowPrivateTargets }
  const guard =
    names === undefined
      ? TargetGuards.layerDefault(policy)
      : Layer.succeed(TargetGuards.TargetGuard, TargetGuards.make(policy, { resolve: names }))
  return WebhookTransport.make({ ...defaultAgentsOptions, ...agents }).pipe(
    Effect.provide(Layer.merge(guard, AesVault.layerTest)),
  )
}

/** An open sink of its own transport. */
export const connection = (
  options: WebhookOptionsEncoded,
  setting?: Setting,
): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.flatMap(transport(setting), ({ open }) => open(config(options)))
