// The store in memory under the laws: a place is a `MemoryState`, opened any number of times.

import { Effect } from "effect"
import { MemoryState } from "../../src/layers/stores/memory/MemoryState.js"
import * as MemoryStore from "../../src/layers/stores/memory/MemoryStore.js"
import type { StoreHarness } from "./StoreHarness.js"

export const memory: StoreHarness = {
  place: Effect.map(MemoryState.make, (state) => ({ open: MemoryStore.layerFrom(state) })),
  durable: true,
  exclusive: false,
  processes: false,
  runs: 200,
}
