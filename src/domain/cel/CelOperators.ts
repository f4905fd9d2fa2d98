// The operators of CEL on values. Each answers a value or a fault, and pays for what takes long.

import { MAX_MADE_TEXT } from "../expression/index.js"
import type { CelScope } from "./CelScope.js"
import {
  CelDuration,
  CelFault,
  CelTimestamp,
  type CelType,
  type CelValue,
  isFault,
  isInt,
  isList,
  isObject,
  isTime,
  memberOf,
  namesOf,
  typeOf,
} from "./CelValue.js"

export type CelOperator = (
  left: CelValue,
  right: CelValue,
  scope: CelScope,
  position: number,
) => CelValue | CelFault

/** The longest list that an expression may make. */
export const MAX_MADE_LIST = 10_000

export const noOverload = (operator: string, left: CelType | "dyn", right: CelType | "dyn") =>
  `there is no ${left} ${operator} ${right}`

/** Equal in value; values of different types are not, except numbers. */
export const areEqual: (
  left: CelValue,
  right: CelValue,
  scope: CelScope,
  position: number,
) => boolean | CelFault = (left, right, scope, position) => {
  if (left === right) return true
  if (typeof left === "number" || typeof left === "bigint") {
    // An integer and a double are compared exactly.
    return (typeof right === "number" || typeof right === "bigint") && sign(left, right) === 0
  }
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    return false
  }
  if (left instanceof CelTimestamp) {
    return right instanceof CelTimestamp && left.millis === right.millis
  }
  if (left instanceof CelDuration) {
    return right instanceof CelDuration && left.millis === right.millis
  }
  if (isList(left)) {
    if (!isList(right) || left.length !== right.length) return false
    return areAllEqual(left.entries(), (index) => right[index], scope, position)
  }
  if (!isObject(left) || !isObject(right)) return false
  const names = namesOf(left)
  const paid = scope.pay(names.length * 2, position)
  if (paid !== undefined) return paid
  if (names.length !== namesOf(right).length) return false
  const members = names.map((name) => [name, left[name]] as const)
  return areAllEqual(members, (name) => memberOf(right, name), scope, position)
}

const areAllEqual = <Key>(
  entries: Iterable<readonly [Key, CelValue | undefined]>,
  other: (key: Key) => CelValue | undefined,
  scope: CelScope,
  position: number,
): boolean | CelFault => {
  for (const [key, value] of entries) {
    const paid = scope.pay(1, position)
    if (paid !== undefined) return paid
    const counterpart = other(key)
    if (value === undefined || counterpart === undefined) return false
    const equal = areEqual(value, counterpart, scope, position)
    if (equal !== true) return equal
  }
  return true
}

/** How numbers compare, exactly; NaN compares with none. */
const sign = (left: number | bigint, right: number | bigint): number => {
  if (left < right) return -1
  if (left > right) return 1
  return left >= right ? 0 : Number.NaN
}

/** Below, above or equal to zero; undefined for values that have no order between them. */
const compare = (left: CelValue, right: CelValue): number | undefined => {
  if (isNumber(left) && isNumber(right)) return sign(left, right)
  if (typeof left === "string" && typeof right === "string") {
    if (left === right) return 0
    return left < right ? -1 : 1
  }
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right)
  if (left instanceof CelTimestamp && right instanceof CelTimestamp)
    return left.millis - right.millis
  if (left instanceof CelDuration && right instanceof CelDuration) return left.millis - right.millis
  return undefined
}

const isNumber = (value: CelValue): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint"

const order =
  (operator: string, holds: (sign: number) => boolean): CelOperator =>
  (left, right, _scope, position) => {
    const found = compare(left, right)
    return found === undefined
      ? new CelFault(noOverload(operator, typeOf(left), typeOf(right)), position)
      : holds(found)
  }

interface Arithmetic {
  readonly ints: (left: bigint, right: bigint) => bigint | string
  readonly doubles: (left: number, right: number) => number
}

const arithmetic: Readonly<Record<"+" | "-" | "*" | "/" | "%", Arithmetic>> = {
  "+": { ints: (a, b) => a + b, doubles: (a, b) => a + b },
  "-": { ints: (a, b) => a - b, doubles: (a, b) => a - b },
  "*": { ints: (a, b) => a * b, doubles: (a, b) => a * b },
  "/": { ints: (a, b) => (b === 0n ? "division by zero" : a / b), doubles: (a, b) => a / b },
  "%": { ints: (a, b) => (b === 0n ? "division by zero" : a % b), doubles: (a, b) => a % b },
}

const onNumbers = (
  operator: keyof typeof arithmetic,
  left: CelValue,
  right: CelValue,
  position: number,
): CelValue | CelFault => {
  const { ints, doubles } = arithmetic[operator]
  if (!isNumber(left) || !isNumber(right))
    return new CelFault(noOverload(operator, typeOf(left), typeOf(right)), position)
  if (typeof left === "number" || typeof right === "number")
    return doubles(Number(left), Number(right))
  const result = ints(left, right)
  if (typeof result === "string") return new CelFault(result, position)
  return isInt(result) ? result : new CelFault("the result is no integer of 64 bits", position)
}

const add: CelOperator = (left, right, scope, position) => {
  if (typeof left === "string" && typeof right === "string") {
    const length = left.length + right.length
    if (length > MAX_MADE_TEXT) return new CelFault("makes a text that is too long", position)
    return scope.pay(1 + (length >>> 5), position) ?? left + right
  }
  if (isList(left) && isList(right)) {
    const length = left.length + right.length
    if (length > MAX_MADE_LIST) return new CelFault("makes a list that is too long", position)
    return scope.pay(length, position) ?? [...left, ...right]
  }
  if (left instanceof CelTimestamp && right instanceof CelDuration)
    return time(left.millis + right.millis, position)
  if (left instanceof CelDuration && right instanceof CelTimestamp)
    return time(left.millis + right.millis, position)
  if (left instanceof CelDuration && right instanceof CelDuration)
    return new CelDuration(left.millis + right.millis)
  return onNumbers("+", left, right, position)
}

const subtract: CelOperator = (left, right, _scope, position) => {
  if (left instanceof CelTimestamp && right instanceof CelTimestamp)
    return new CelDuration(left.millis - right.millis)
  if (left instanceof CelTimestamp && right instanceof CelDuration)
    return time(left.millis - right.millis, position)
  if (left instanceof CelDuration && right instanceof CelDuration)
    return new CelDuration(left.millis - right.millis)
  return onNumbers("-", left, right, position)
}

const time = (millis: number, position: number): CelTimestamp | CelFault =>
  isTime(millis)
    ? new CelTimestamp(millis)
    : new CelFault("the result is no time of the years 1 to 9999", position)

const isIn: CelOperator = (left, right, scope, position) => {
  if (isList(right)) {
    for (const element of right) {
      const paid = scope.pay(1, position)
      if (paid !== undefined) return paid
      const equal = areEqual(left, element, scope, position)
      if (equal === true || isFault(equal)) return equal
    }
    return false
  }
  if (isObject(right)) return typeof left === "string" && memberOf(right, left) !== undefined
  return new CelFault(noOverload("in", typeOf(left), typeOf(right)), position)
}

export type CelOperatorName =
  | ("==" | "!=" | "<" | "<=" | ">" | ">=")
  | ("+" | "-" | "*" | "/" | "%")
  | "in"

export const operators: Readonly<Record<CelOperatorName, CelOperator>> = {
  "==": areEqual,
  "!=": (left, right, scope, position) => {
    const equal = areEqual(left, right, scope, position)
    return isFault(equal) ? equal : !equal
  },
  "<": order("<", (sign) => sign < 0),
  "<=": order("<=", (sign) => sign <= 0),
  ">": order(">", (sign) => sign > 0),
  ">=": order(">=", (sign) => sign >= 0),
  "+": add,
  "-": subtract,
  "*": (left, right, _scope, position) => onNumbers("*", left, right, position),
  "/": (left, right, _scope, position) => onNumbers("/", left, right, position),
  "%": (left, right, _scope, position) => onNumbers("%", left, right, position),
  in: isIn,
}

export const negate = (value: CelValue, position: number): CelValue | CelFault => {
  if (typeof value === "number") return -value
  if (typeof value !== "bigint") return new CelFault(`there is no -${typeOf(value)}`, position)
  return isInt(-value) ? -value : new CelFault("the result is no integer of 64 bits", position)
}
