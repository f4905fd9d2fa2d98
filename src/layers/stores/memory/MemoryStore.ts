// A whole store in memory: for those who want no durability, and for tests.
//
// Nothing is limited but by retention: without one, the journal grows until the process has no more
// memory.

import { Context, Effect, Layer } from "effect"
import { DeliveryLog, Invalidation, Journal, Registry, Removals } from "../../../actors/index.js"
import { makeDeliveryLog } from "./MemoryDeliveryLog.js"
import { makeInvalidation } from "./MemoryInvalidation.js"
import { makeJournal } from "./MemoryJournal.js"
import { makeRegistry } from "./MemoryRegistry.js"
import { makeRemovals } from "./MemoryRemovals.js"
import { MemoryState } from "./MemoryState.js"

type Stores = Journal | Registry | DeliveryLog | Removals | Invalidation

/** The store over a state that outlives the layer: building it again is a restart. One mesh at a time. */
export const layerFrom = (state: MemoryState): Layer.Layer<Stores> =>
  Layer.succeedContext(
    Context.make(Journal, makeJournal(state)).pipe(
      Context.add(Registry, makeRegistry(state)),
      Context.add(DeliveryLog, makeDeliveryLog(state)),
      Context.add(Removals, makeRemovals(state)),
      Context.add(Invalidation, makeInvalidation(state)),
    ),
  )

/** A new, empty store that ends with the layer. */
export const layer: Layer.Layer<Stores> = Layer.unwrapEffect(
  Effect.map(MemoryState.make, layerFrom),
)
