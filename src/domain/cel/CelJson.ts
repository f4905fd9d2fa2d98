// Values of CEL as JSON, for what is made by expressions and sent on.

import { tooCostly } from "../expression/index.js"
import type { EvaluationBudget } from "../expression/index.js"
import {
  CelDuration,
  CelFault,
  CelTimestamp,
  type CelValue,
  isFault,
  isList,
  isObject,
  namesOf,
} from "./CelValue.js"
import { durationText, timestampText } from "./CelTimeText.js"

export type Json =
  | null
  | boolean
  | number
  | string
  | ReadonlyArray<Json>
  | { readonly [member: string]: Json }

/**
 * The value in JSON: times as RFC 3339, durations in seconds such as `1.5s`. Every node is paid for, so
 * a value that holds another many times over does not grow without bounds when it is written out.
 */
export const toJson = (value: CelValue, budget: EvaluationBudget): Json | CelFault => {
  if (!budget.spend(1)) return new CelFault(tooCostly, 0)
  if (value === null || typeof value === "boolean") return value
  if (typeof value === "string")
    return budget.spendOnText(value.length) ? value : new CelFault(tooCostly, 0)
  if (typeof value === "number")
    return Number.isFinite(value) ? value : new CelFault("the result is no number of JSON", 0)
  if (typeof value === "bigint") {
    const number = Number(value)
    return Number.isSafeInteger(number)
      ? number
      : new CelFault("the result is an integer beyond 2^53, which JSON does not keep", 0)
  }
  if (value instanceof CelTimestamp) return timestampText(value)
  if (value instanceof CelDuration) return durationText(value)
  if (isList(value)) {
    const list: Array<Json> = []
    for (const element of value) {
      const json = toJson(element, budget)
      if (isFault(json)) return json
      list.push(json)
    }
    return list
  }
  const object: Record<string, Json> = Object.create(null)
  if (!isObject(value)) return object
  for (const name of namesOf(value)) {
    const json = toJson(value[name] ?? null, budget)
    if (isFault(json)) return json
    object[name] = json
  }
  return object
}
