/**
 * What one evaluation of an expression may cost.
 *
 * Tenants write expressions and publish the events that they are asked of, so neither size bounds the
 * time alone. Everything that takes time is paid for here, and who cannot pay stops with an error.
 * A step is about what looking at one node of an expression costs: some tens of nanoseconds.
 */
export class EvaluationBudget {
  #left: number

  constructor(steps: number = evaluationSteps) {
    this.#left = steps
  }

  /** Pays for so many steps; false when there are not as many left, and from then on. */
  spend(steps: number): boolean {
    this.#left -= steps
    return this.#left >= 0
  }

  /** Pays for looking at every character of texts that are this long together. */
  spendOnText(length: number): boolean {
    return this.spend(1 + (length >>> 5))
  }
}

/** The steps of all expressions of a subscription, for one event. About two milliseconds at worst. */
export const evaluationSteps = 50_000

export const tooCostly = "costs more than an evaluation may"

/** The longest text that an expression may make, in UTF-16 units. */
export const MAX_MADE_TEXT = 262_144
