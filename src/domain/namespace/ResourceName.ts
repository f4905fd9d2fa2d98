// Names of things inside a namespace (sinks, subscriptions), of host types and of sources: what may
// stand as one path segment and one metric label without escaping.

import { Schema } from "effect"

const resourceName = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
).annotations({
  message: () =>
    "must be 1 to 128 characters of A-Z, a-z, 0-9, '.', '_' and '-', the first a letter or digit",
})

export const SinkName = resourceName.pipe(Schema.brand("SinkName"))
export type SinkName = typeof SinkName.Type

export const SubscriptionName = resourceName.pipe(Schema.brand("SubscriptionName"))
export type SubscriptionName = typeof SubscriptionName.Type

export const HostTypeName = resourceName.pipe(Schema.brand("HostTypeName"))
export type HostTypeName = typeof HostTypeName.Type

export const SourceName = resourceName.pipe(Schema.brand("SourceName"))
export type SourceName = typeof SourceName.Type
