// Invalidation where there is one process only: a store that is embedded is locked to its process.

import { Effect, Layer, PubSub, Stream } from "effect"
import { Invalidation } from "../../../actors/index.js"
import type { NamespaceName } from "../../../domain/index.js"

export const layer: Layer.Layer<Invalidation> = Layer.scoped(
  Invalidation,
  Effect.map(
    Effect.acquireRelease(PubSub.unbounded<NamespaceName>(), PubSub.shutdown),
    (invalidations) => ({
      broadcast: (namespace: NamespaceName) =>
        Effect.asVoid(PubSub.publish(invalidations, namespace)),
      invalidations: Stream.fromPubSub(invalidations),
    }),
  ),
)
