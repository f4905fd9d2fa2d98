// Invalidation among the meshes over one state in memory.

import { Effect, PubSub, Stream } from "effect"
import type { Invalidation } from "../../../actors/index.js"
import type { MemoryState } from "./MemoryState.js"

export const makeInvalidation = ({ invalidations }: MemoryState): typeof Invalidation.Service => ({
  broadcast: (namespace) => Effect.asVoid(PubSub.publish(invalidations, namespace)),
  invalidations: Stream.fromPubSub(invalidations),
})
