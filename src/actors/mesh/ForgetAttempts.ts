// Lets the attempts at deliveries go, in bounded writes: with their subscription, or with the journal.

import { Effect } from "effect"
import { inBoundedWrites } from "../journal/BoundedWrites.js"
import type { NamespaceName, Sequence, SubscriptionName } from "../../domain/index.js"
import type { StoreUnavailable } from "../ports/index.js"
import type { MeshWorld } from "./MeshWorld.js"

export const forgetAttempts = (
  world: MeshWorld,
  namespace: NamespaceName,
  which: { readonly subscription: SubscriptionName } | { readonly upTo: Sequence },
): Effect.Effect<void, StoreUnavailable> =>
  Effect.asVoid(
    inBoundedWrites(world, (limit) => world.deliveryLog.forgetAttempts(namespace, which, limit)),
  )
