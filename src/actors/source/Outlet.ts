// Where the events of a source go. The place in the log is confirmed once a batch is through, so an
// outlet answers only when its events are safe: committed to a journal, or delivered.

import type { Effect } from "effect"
import type { SourceProblem, Wal } from "../../domain/index.js"

export interface Outlet {
  /**
   * Takes events in the order of their commits; waits for as long as it takes. `safe` is called once
   * they are, before anything can interrupt it.
   */
  readonly deliver: (
    events: ReadonlyArray<Wal.SourcedEvent>,
    safe: () => void,
  ) => Effect.Effect<void, SourceProblem>
}
