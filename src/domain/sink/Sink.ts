// A sink: a configured destination of a namespace. What its options mean is its transport's affair.

import { Schema } from "effect"
import { NamespaceName, SinkName } from "../namespace/index.js"

/** The name of a transport: "webhook", "stdout", "handler", or that of a custom one. */
export const SinkKind = Schema.String.pipe(Schema.pattern(/^[a-z][a-z0-9-]{0,63}$/))
export type SinkKind = typeof SinkKind.Type

/** Secrets that were rotated out and sign beside the present ones until `until` (ms since the epoch). */
export const RetiringSecrets = Schema.Struct({
  /** Sealed as one JSON object. */
  sealed: Schema.String,
  until: Schema.Number,
})
export type RetiringSecrets = typeof RetiringSecrets.Type

export const Sink = Schema.Struct({
  namespace: NamespaceName,
  name: SinkName,
  kind: SinkKind,
  /** The options as their transport encodes them, without secrets. */
  options: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** The secret options, sealed as one JSON object; absent when there are none. */
  sealed: Schema.optional(Schema.String),
  retiring: Schema.optional(RetiringSecrets),
  /** Deliveries in flight to this sink at once, over all its subscriptions. */
  concurrency: Schema.Number,
  createdAt: Schema.Number,
  updatedAt: Schema.Number,
})
export type Sink = typeof Sink.Type

export const SinkConcurrency = Schema.Int.pipe(Schema.between(1, 1024))
export const defaultSinkConcurrency = 64
