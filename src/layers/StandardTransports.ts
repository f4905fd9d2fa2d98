// The transports that every deployment has: webhook, stdout, handler, Hook0, e-mail. More are added by composing.

import type { Effect, Scope } from "effect"
import type { Handlers, Transport, Vault } from "../actors/index.js"
import { systemNamespace } from "../domain/index.js"
import type { TargetGuard } from "./transports/guard/TargetGuard.js"
import * as HandlerTransport from "./transports/handler/HandlerTransport.js"
import * as EmailTransport from "./transports/email/EmailTransport.js"
import * as Hook0Transport from "./transports/hook0/Hook0Transport.js"
import * as StdoutTransport from "./transports/stdout/StdoutTransport.js"
import * as TransportRegistry from "./transports/TransportRegistry.js"
import * as WebhookTransport from "./transports/webhook/WebhookTransport.js"

/** What the standard transports are made from. */
export type TransportServices =
  | Handlers
  | TargetGuard
  | Vault
  | StdoutTransport.LineWriter
  | Scope.Scope

/** How to make one more transport; its needs must be among the standard ones. */
export type TransportEntry = Effect.Effect<Transport, never, TransportServices>

/** The standard transports and those given. */
export const layer = (more: ReadonlyArray<TransportEntry> = [], webhookOrigin?: string) =>
  TransportRegistry.layer<never, TransportServices>([
    TransportRegistry.entry(WebhookTransport.make(undefined, webhookOrigin)),
    TransportRegistry.entry(StdoutTransport.make),
    TransportRegistry.entry(HandlerTransport.make),
    TransportRegistry.entry(Hook0Transport.make()),
    TransportRegistry.entry(EmailTransport.make({ operator: systemNamespace })),
    ...more,
  ])
