// Lets the attempts at deliveries go, in bounded writes: with their subscription, or with the journal.

import { Effect } from "effect"
import type { NamespaceName, Sequence, SubscriptionName } from "../../domain/index.js"
import type { StoreUnavailable } from "../ports/index.js"
import type { MeshWorld } from "./MeshWorld.js"

export const forgetAttempts = (
  { config, deliveryLog }: MeshWorld,
  namespace: NamespaceName,
  which: { readonly subscription: SubscriptionName } | { readonly upTo: Sequence },
): Effect.Effect<void, StoreUnavailable> => {
  const { purgeRows } = config
  const go: Effect.Effect<void, StoreUnavailable> = Effect.suspend(() =>
    Effect.flatMap(deliveryLog.forgetAttempts(namespace, which, purgeRows), (rows) =>
      rows < purgeRows ? Effect.void : Effect.zipRight(Effect.yieldNow(), go),
    ),
  )
  return go
}
