// The transports that a process is composed of, each under its kind.

import { Effect, Layer, Schema, type Scope } from "effect"
import { type Transport, Transports } from "../../actors/index.js"

/** Two transports claim one kind. */
export class DuplicateTransport extends Schema.TaggedError<DuplicateTransport>()(
  "DuplicateTransport",
  { kind: Schema.String },
) {
  override get message(): string {
    return `Two transports are registered under the kind "${this.kind}".`
  }
}

/** Forgets the type of the options: a transport is only ever given what its own schema decoded. */
export const erased = <Options, Encoded>(transport: Transport<Options, Encoded>): Transport =>
  transport as unknown as Transport

/** The transports by kind. */
export const registryOf = (
  transports: ReadonlyArray<Transport>,
): Effect.Effect<Transports["Type"], DuplicateTransport> => {
  const registry = new Map<string, Transport>()
  for (const transport of transports) {
    const { kind } = transport
    if (registry.has(kind)) return new DuplicateTransport({ kind })
    registry.set(kind, transport)
  }
  return Effect.succeed(registry)
}

/** How a transport is made; what its options are is its own affair. */
export const entry = <Options, Encoded, E, R>(
  make: Effect.Effect<Transport<Options, Encoded>, E, R>,
): Effect.Effect<Transport, E, R> => Effect.map(make, erased)

/** Makes all transports and registers them, for as long as the layer lives. */
export const layer = <E, R>(
  entries: ReadonlyArray<Effect.Effect<Transport, E, R>>,
): Layer.Layer<Transports, E | DuplicateTransport, Exclude<R, Scope.Scope>> =>
  Layer.scoped(Transports, Effect.flatMap(Effect.all(entries), registryOf))
