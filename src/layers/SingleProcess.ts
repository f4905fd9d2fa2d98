// A whole mesh in one process, as one Layer expression: which store, which key, which targets.

import { Layer } from "effect"
import {
  MeshConfig,
  type MeshConfigShape,
  meshLayer,
  type StorePorts,
  type Vault,
} from "../actors/index.js"
import * as JsonSchemaValidator from "./schema/JsonSchemaValidator.js"
import * as StandardTransports from "./StandardTransports.js"
import * as TargetGuard from "./transports/guard/TargetGuard.js"
import * as HandlerSlots from "./transports/handler/HandlerSlots.js"
import * as StdoutTransport from "./transports/stdout/StdoutTransport.js"

export type Stores = StorePorts

export interface SingleProcessOptions<StoreError, VaultError> {
  readonly store: Layer.Layer<Stores, StoreError>
  readonly vault: Layer.Layer<Vault, VaultError>
  /** Webhooks may go to private, loopback and link-local addresses. Default false. */
  readonly allowPrivateTargets?: boolean
  /** The DNS name under which webhooks ask for consent; "eventloom" by default. */
  readonly webhookOrigin?: string | undefined
  /** Transports besides webhook, stdout and handler. */
  readonly transports?: ReadonlyArray<StandardTransports.TransportEntry>
  readonly config?: Partial<MeshConfigShape>
}

/** The mesh over the given store, running for as long as the layer lives. */
export const layer = <StoreError, VaultError>(
  options: SingleProcessOptions<StoreError, VaultError>,
) =>
  meshLayer.pipe(
    Layer.provide(StandardTransports.layer(options.transports, options.webhookOrigin)),
    Layer.provide(HandlerSlots.layer),
    Layer.provide(StdoutTransport.layerStdout),
    Layer.provide(
      TargetGuard.layerDefault({ allowPrivateTargets: options.allowPrivateTargets ?? false }),
    ),
    Layer.provide(MeshConfig.layer(options.config)),
    Layer.provide(JsonSchemaValidator.layer),
    Layer.provide(options.store),
    Layer.provide(options.vault),
  )
