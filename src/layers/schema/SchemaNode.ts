// A part of a schema, ready to check values: the checks of its keywords, and what they may spend.

import type { SchemaFault, ValidationBudget } from "../../actors/index.js"

/** Parts inside each other while a value is checked: beyond it the schema is given up on. */
const maxDepth = 512

export class Run {
  readonly #budget: ValidationBudget
  #depth = 0

  constructor(budget: ValidationBudget) {
    this.#budget = budget
  }

  spend(steps: number): void {
    this.#budget.steps -= steps
    if (this.#budget.steps < 0) throw new BudgetSpent()
  }

  enter(): void {
    this.spend(1)
    if (++this.#depth > maxDepth) throw new BudgetSpent()
  }

  leave(): void {
    this.#depth--
  }
}

/** Ends a check from wherever it is. Never leaves the validator. */
export class BudgetSpent extends Error {}

/** The first fault of a value, with its place in that value; undefined when there is none. */
export type Check = (value: unknown, run: Run) => SchemaFault | undefined

export class SchemaNode {
  readonly checks: Array<Check> = []
  /** Parts that check the same value again: among these there must be no circle. */
  readonly inPlace: Array<SchemaNode> = []

  check(value: unknown, run: Run): SchemaFault | undefined {
    run.enter()
    for (const check of this.checks) {
      const fault = check(value, run)
      if (fault !== undefined) {
        run.leave()
        return fault
      }
    }
    run.leave()
    return undefined
  }

  /** Whether a value matches, where why it does not is of no interest. */
  matches(value: unknown, run: Run): boolean {
    return this.check(value, run) === undefined
  }
}

/** A fault of the value itself. */
export const faultOf = (reason: string): SchemaFault => ({ pointer: "", reason })

/** A fault inside a member or item, seen from what holds it. */
export const faultAt = (name: string | number, { pointer, reason }: SchemaFault): SchemaFault => ({
  pointer: `/${escaped(String(name))}${pointer}`,
  reason,
})

export const escaped = (segment: string): string =>
  segment.replaceAll("~", "~0").replaceAll("/", "~1")
