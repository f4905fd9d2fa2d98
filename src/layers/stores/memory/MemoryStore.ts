// A whole store in memory: for those who want no durability, and for tests.
//
// Nothing is limited but by retention: without one, the journal grows until the process has no more
// memory.

import { Context, Effect, Layer } from "effect"
import {
  AuditLog,
  DeliveryLog,
  EventTypes,
  Invalidation,
  Journal,
  Keys,
  Registry,
  Removals,
  SigningKeys,
  Replays,
  Sources,
  type StorePorts,
} from "../../../actors/index.js"
import { makeAuditLog } from "./MemoryAuditLog.js"
import { makeDeliveryLog } from "./MemoryDeliveryLog.js"
import { makeEventTypes } from "./MemoryEventTypes.js"
import { makeInvalidation } from "./MemoryInvalidation.js"
import { makeJournal } from "./MemoryJournal.js"
import { makeKeys } from "./MemoryKeys.js"
import { makeRegistry } from "./MemoryRegistry.js"
import { makeRemovals } from "./MemoryRemovals.js"
import { makeSigningKeys } from "./MemorySigningKeys.js"
import { makeReplays } from "./MemoryReplays.js"
import { makeSources } from "./MemorySources.js"
import { MemoryState } from "./MemoryState.js"

/** The store over a state that outlives the layer: building it again is a restart. One mesh at a time. */
export const layerFrom = (state: MemoryState): Layer.Layer<StorePorts> =>
  Layer.succeedContext(
    Context.make(Journal, makeJournal(state)).pipe(
      Context.add(Registry, makeRegistry(state)),
      Context.add(DeliveryLog, makeDeliveryLog(state)),
      Context.add(Removals, makeRemovals(state)),
      Context.add(Replays, makeReplays(state)),
      Context.add(EventTypes, makeEventTypes(state)),
      Context.add(Invalidation, makeInvalidation(state)),
      Context.add(Keys, makeKeys(state)),
      Context.add(SigningKeys, makeSigningKeys(state)),
      Context.add(AuditLog, makeAuditLog(state)),
      Context.add(Sources, makeSources(state)),
    ),
  )

/** A new, empty store that ends with the layer. */
export const layer: Layer.Layer<StorePorts> = Layer.unwrapEffect(
  Effect.map(MemoryState.make, layerFrom),
)
