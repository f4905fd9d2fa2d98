// Webhook connections to try: a fixed secret, loopback allowed, as a deployment would open them.

import { Effect, Layer, Redacted, Schema, type Scope } from "effect"
import type { Connection, SinkConfig, Transport } from "../../../../src/actors/index.js"
import { TargetGuards, WebhookTransport } from "../../../../src/layers/transports/index.js"
import {
  WebhookOptions,
  type WebhookOptionsEncoded,
} from "../../../../src/layers/transports/webhook/WebhookOptions.js"
import { AesVault } from "../../../../src/layers/vault/index.js"
import { namespace, sink } from "./Deliveries.js"

export const secretBytes = Buffer.from("a secret of thirty-two bytes ok!")
export const secret = Redacted.make(`whsec_${secretBytes.toString("base64")}`)

export type WebhookTransport = Transport<WebhookOptions, WebhookOptionsEncoded>

export const config = (
  options: WebhookOptionsEncoded,
  secrets: Readonly<Record<string, Redacted.Redacted>> = { secret },
): SinkConfig<WebhookOptions> => ({
  namespace,
  sink,
  options: Schema.decodeSync(WebhookOptions)(options),
  secrets,
})

export const context = Layer.merge(
  TargetGuards.layerDefault({ allowPrivateTargets: true }),
  AesVault.layerTest,
)

export const transport: Effect.Effect<WebhookTransport, never, Scope.Scope> =
  WebhookTransport.make().pipe(Effect.provide(context))

export const connection = (
  options: WebhookOptionsEncoded,
): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.flatMap(transport, ({ open }) => open(config(options)))
