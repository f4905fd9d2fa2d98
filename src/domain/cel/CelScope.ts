// One evaluation of a CEL expression under way: its event, its variables, and what it may still cost.

import type { EvaluationBudget } from "../expression/index.js"
import { tooCostly } from "../expression/index.js"
import { CelFault, type CelObject, type CelValue } from "./CelValue.js"

export class CelScope {
  readonly event: CelObject
  readonly budget: EvaluationBudget
  /** The values of variables, by the depth at which they are bound. */
  readonly variables: Array<CelValue> = []

  constructor(event: CelObject, budget: EvaluationBudget) {
    this.event = event
    this.budget = budget
  }

  /** Pays for steps, or answers why not. */
  pay(steps: number, position: number): CelFault | undefined {
    return this.budget.spend(steps) ? undefined : new CelFault(tooCostly, position)
  }
}

/** A compiled expression. It never throws. */
export type Run = (scope: CelScope) => CelValue | CelFault
