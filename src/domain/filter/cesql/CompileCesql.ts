/**
 * CESQL expressions made ready to be evaluated, to the rules of version 1 of the specification.
 *
 * Evaluation is total: it answers a value and, if something went wrong, the first error. From there on
 * operators answer the zero value of their type ("fail fast" of section 4.1).
 */
import type { CloudEvent } from "../../event/index.js"
import { EvaluationBudget, type ExpressionProblem, tooCostly } from "../../expression/index.js"
import { attributeOf } from "../Attributes.js"
import { functionFor, isFunctionName } from "./CesqlFunctions.js"
import {
  type ArithmeticOperator,
  type BinaryOperator,
  type CesqlExpression,
  maxInteger,
  minInteger,
  type OrderOperator,
} from "./CesqlSyntax.js"
import {
  castTo,
  type CesqlError,
  type CesqlType,
  type CesqlValue,
  Evaluation,
  toBoolean,
  toInteger,
  toText,
  typeOf,
  zeroOf,
} from "./CesqlValue.js"
import { isLike, likePattern } from "./LikePattern.js"

export interface CesqlResult {
  readonly value: CesqlValue
  readonly error: CesqlError | undefined
}

export interface CompiledCesql {
  /** What it answers; undefined where only the event decides. */
  readonly type: CesqlType | undefined
  /** The first call of a function that there is not, for who does not want to wait for the error. */
  readonly flaw: ExpressionProblem | undefined
  readonly evaluate: (event: CloudEvent, budget?: EvaluationBudget) => CesqlResult
}

export const compileCesql = (expression: CesqlExpression): CompiledCesql => {
  const run = compile(expression)
  return {
    type: staticType(expression),
    flaw: firstFlaw(expression),
    evaluate: (event, budget = new EvaluationBudget()) => {
      const on = new Evaluation(event, budget)
      return { value: run(on), error: on.error }
    },
  }
}

type Run = (on: Evaluation) => CesqlValue

const compile = (expression: CesqlExpression): Run => {
  const run = compileNode(expression)
  return (on) => {
    if (!on.budget.spend(1)) on.fail("generic", tooCostly)
    return run(on)
  }
}

const compileNode = (expression: CesqlExpression): Run => {
  switch (expression._tag) {
    case "Boolean":
    case "Integer": {
      const { value } = expression
      return () => value
    }
    case "Text": {
      const { text } = expression.value
      return () => text
    }
    case "Attribute":
      return attribute(expression.name)
    case "Exists": {
      const { name } = expression
      return ({ event }) => attributeOf(event, name) !== undefined
    }
    case "Not":
      return not(compile(expression.operand))
    case "Negate":
      return negate(compile(expression.operand))
    case "Binary":
      return binary(expression.operator, compile(expression.left), compile(expression.right))
    case "Like":
      return like(compile(expression.operand), expression.pattern.text, expression.negated)
    case "In":
      return isIn(compile(expression.operand), expression.set.map(compile), expression.negated)
    case "Call":
      return call(expression.name, expression.given.map(compile))
  }
}

const attribute =
  (name: string): Run =>
  (on) => {
    const value = attributeOf(on.event, name)
    if (value !== undefined) return value
    on.fail("missingAttribute", `the event has no ${name}`)
    return false
  }

const not =
  (operand: Run): Run =>
  (on) => {
    const value = operand(on)
    if (on.error !== undefined) return false
    // The conformance suite wants this to be an error, though integers can be cast to Boolean.
    if (typeof value === "number") {
      on.fail("cast", "NOT takes no Integer")
      return true
    }
    return !toBoolean(value, on)
  }

const negate =
  (operand: Run): Run =>
  (on) => {
    const value = operand(on)
    if (on.error !== undefined) return 0
    return inRange(-toInteger(value, on), on)
  }

/** An integer of 32 bits, or an error. */
const inRange = (value: number, on: Evaluation): number => {
  if (value >= minInteger && value <= maxInteger) return value === 0 ? 0 : value
  on.fail("math", "the result is no integer of 32 bits")
  return 0
}

const binary = (operator: BinaryOperator, left: Run, right: Run): Run => {
  switch (operator) {
    case "AND":
    case "OR":
      return shortCircuit(operator === "OR", left, right)
    case "XOR":
      return onBoth(left, right, false, (a, b, on) => toBoolean(a, on) !== toBoolean(b, on))
    case "=":
      return onBoth(left, right, false, areEqual)
    case "!=":
      return onBoth(left, right, false, (a, b, on) => !areEqual(a, b, on))
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const holds = orders[operator]
      return onBoth(left, right, false, (a, b, on) => holds(toInteger(a, on), toInteger(b, on)))
    }
    default: {
      const compute = arithmetic[operator]
      return onBoth(left, right, 0, (a, b, on) => {
        const [x, y] = [toInteger(a, on), toInteger(b, on)]
        return on.error === undefined ? compute(x, y, on) : 0
      })
    }
  }
}

/** Applies an operator to both operands; answers its zero value if that, or either operand, fails. */
const onBoth =
  (
    left: Run,
    right: Run,
    zero: false | 0,
    apply: (a: CesqlValue, b: CesqlValue, on: Evaluation) => CesqlValue,
  ): Run =>
  (on) => {
    const a = left(on)
    if (on.error !== undefined) return zero
    const b = right(on)
    if (on.error !== undefined) return zero
    const value = apply(a, b, on)
    return on.error === undefined ? value : zero
  }

/** AND ends at `false` and OR at `true`. */
const shortCircuit =
  (end: boolean, left: Run, right: Run): Run =>
  (on) => {
    const a = left(on)
    if (on.error !== undefined) return false
    const first = toBoolean(a, on)
    if (on.error !== undefined) return false
    if (first === end) return end
    const b = right(on)
    if (on.error !== undefined) return false
    return toBoolean(b, on)
  }

/** Equal as values of the type of the right one. */
const areEqual = (a: CesqlValue, b: CesqlValue, on: Evaluation): boolean =>
  typeof a === typeof b ? a === b : castTo(typeOf(b), a, on) === b

const orders: Readonly<Record<OrderOperator, (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
}

const arithmetic: Readonly<
  Record<ArithmeticOperator, (a: number, b: number, on: Evaluation) => number>
> = {
  "+": (a, b, on) => inRange(a + b, on),
  "-": (a, b, on) => inRange(a - b, on),
  // Beyond 2^53 it is not exact, but out of range all the same.
  "*": (a, b, on) => inRange(a * b, on),
  "/": (a, b, on) => (b === 0 ? byZero(on) : inRange(Math.trunc(a / b), on)),
  "%": (a, b, on) => (b === 0 ? byZero(on) : inRange(a % b, on)),
}

const byZero = (on: Evaluation): number => {
  on.fail("math", "division by zero")
  return 0
}

const like = (operand: Run, text: string, negated: boolean): Run => {
  const pattern = likePattern(text)
  return (on) => {
    const value = operand(on)
    if (on.error !== undefined) return false
    const matches = isLike(toText(value), pattern, on.budget)
    if (matches !== undefined) return matches !== negated
    on.fail("generic", tooCostly)
    return false
  }
}

const isIn =
  (operand: Run, set: ReadonlyArray<Run>, negated: boolean): Run =>
  (on) => {
    const value = operand(on)
    if (on.error !== undefined) return false
    const type = typeOf(value)
    for (const element of set) {
      const member = element(on)
      if (on.error !== undefined) return false
      const found = castTo(type, member, on) === value
      if (on.error !== undefined) return false
      if (found) return !negated
    }
    return negated
  }

const call = (name: string, given: ReadonlyArray<Run>): Run => {
  const found = functionFor(name, given.length)
  if (found === undefined) {
    return (on) => {
      on.fail("missingFunction", missing(name, given.length))
      return false
    }
  }
  const zero = zeroOf(found.returns)
  return (on) => {
    const values: Array<CesqlValue> = []
    for (const argument of given) {
      values.push(argument(on))
      if (on.error !== undefined) return zero
    }
    return found.apply(values, on)
  }
}

const missing = (name: string, arity: number) =>
  isFunctionName(name)
    ? `${name} does not take ${arity} arguments`
    : "calls a function that there is not"

const staticType = (expression: CesqlExpression): CesqlType | undefined => {
  switch (expression._tag) {
    case "Integer":
    case "Negate":
      return "Integer"
    case "Text":
      return "String"
    case "Attribute":
      return undefined
    case "Binary":
      return expression.operator in arithmetic ? "Integer" : "Boolean"
    case "Call":
      return functionFor(expression.name, expression.given.length)?.returns
    default:
      return "Boolean"
  }
}

const firstFlaw = (expression: CesqlExpression): ExpressionProblem | undefined => {
  if (expression._tag === "Call") {
    const { name, given, position } = expression
    if (functionFor(name, given.length) === undefined)
      return { reason: missing(name, given.length), position }
  }
  for (const part of partsOf(expression)) {
    const flaw = firstFlaw(part)
    if (flaw !== undefined) return flaw
  }
  return undefined
}

const partsOf = (expression: CesqlExpression): ReadonlyArray<CesqlExpression> => {
  switch (expression._tag) {
    case "Not":
    case "Negate":
    case "Like":
      return [expression.operand]
    case "Binary":
      return [expression.left, expression.right]
    case "In":
      return [expression.operand, ...expression.set]
    case "Call":
      return expression.given
    default:
      return []
  }
}
