// A filter that is ready to be asked of events: quickly, or with an explanation.

import type { CloudEvent } from "../event/index.js"
import type { EvaluationBudget } from "../expression/index.js"
import type { ClauseFailure } from "./FilterVerdict.js"

/** Neither function throws, whatever the event. Both pay for what they do from the same budget. */
export interface Clause {
  readonly holds: (event: CloudEvent, budget: EvaluationBudget) => boolean
  /** Why it does not hold; empty exactly when it does. */
  readonly failures: (event: CloudEvent, budget: EvaluationBudget) => ReadonlyArray<ClauseFailure>
}
