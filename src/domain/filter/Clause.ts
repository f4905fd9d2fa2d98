// A filter that is ready to be asked of events: quickly, or with an explanation.

import type { CloudEvent } from "../event/index.js"
import type { ClauseFailure } from "./FilterVerdict.js"

/** Neither function throws, whatever the event. */
export interface Clause {
  readonly holds: (event: CloudEvent) => boolean
  /** Why it does not hold; empty exactly when it does. */
  readonly failures: (event: CloudEvent) => ReadonlyArray<ClauseFailure>
}
