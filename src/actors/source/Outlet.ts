// Where what was read goes. The place in the log is confirmed once a batch is through, so an outlet
// answers only when its items are safe: committed to a journal, or delivered.

import type { Effect } from "effect"
import type { SourceProblem, Wal } from "../../domain/index.js"
import type { Batch } from "./ChangeReader.js"

export interface Outlet<Item = Wal.SourcedEvent> {
  /**
   * Takes what there is in the order of the commits, perhaps nothing but a place; waits for as long as
   * it takes. `safe` is called once it is, before anything can interrupt it.
   */
  readonly deliver: (batch: Batch<Item>, safe: () => void) => Effect.Effect<void, SourceProblem>
}
