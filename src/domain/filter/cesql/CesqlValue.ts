// Values of CESQL, the errors of its evaluation, and the casts between its types.

import type { CloudEvent } from "../../event/index.js"
import type { EvaluationBudget } from "../../expression/index.js"
import { maxInteger, minInteger } from "./CesqlSyntax.js"

export type CesqlValue = string | number | boolean
export type CesqlType = "String" | "Integer" | "Boolean"

/** The kinds of errors that the specification names; `generic` is what it leaves to engines. */
export type CesqlErrorKind =
  | "math"
  | "cast"
  | "missingAttribute"
  | "missingFunction"
  | "functionEvaluation"
  | "generic"

export interface CesqlError {
  readonly kind: CesqlErrorKind
  readonly reason: string
}

/** One evaluation under way. After the first error every operator answers its zero value. */
export class Evaluation {
  readonly event: CloudEvent
  readonly budget: EvaluationBudget
  error: CesqlError | undefined = undefined

  constructor(event: CloudEvent, budget: EvaluationBudget) {
    this.event = event
    this.budget = budget
  }

  /** Takes note of an error, of which the first counts. */
  fail(kind: CesqlErrorKind, reason: string): void {
    this.error ??= { kind, reason }
  }
}

export const typeOf = (value: CesqlValue): CesqlType => {
  if (typeof value === "string") return "String"
  return typeof value === "number" ? "Integer" : "Boolean"
}

export const zeroOf = (type: CesqlType): CesqlValue => {
  if (type === "String") return ""
  return type === "Integer" ? 0 : false
}

const integerPattern = /^[+-]?[0-9]{1,64}$/

// Each cast that fails takes note of it and answers the zero value.

export const toInteger = (value: CesqlValue, on: Evaluation): number => {
  if (typeof value === "number") return value
  if (typeof value === "boolean") return value ? 1 : 0
  const integer = integerPattern.test(value) ? Number(value) : Number.NaN
  if (integer >= minInteger && integer <= maxInteger) return integer === 0 ? 0 : integer
  on.fail("cast", "a String cannot be cast to Integer")
  return 0
}

export const toBoolean = (value: CesqlValue, on: Evaluation): boolean => {
  if (typeof value === "boolean") return value
  if (typeof value === "number") return value !== 0
  if (value.length <= 5) {
    const lower = value.toLowerCase()
    if (lower === "true") return true
    if (lower === "false") return false
  }
  on.fail("cast", "a String cannot be cast to Boolean")
  return false
}

export const toText = (value: CesqlValue): string => String(value)

export const castTo = (type: CesqlType, value: CesqlValue, on: Evaluation): CesqlValue => {
  if (type === "String") return toText(value)
  return type === "Integer" ? toInteger(value, on) : toBoolean(value, on)
}
