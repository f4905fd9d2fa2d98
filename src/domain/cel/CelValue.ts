// Values of CEL: what JSON has, integers of 64 bits, times and durations; and faults.
//
// Numbers in events are doubles. Doubles and integers compare and compute with each other.

/** What stands for the value of an expression that has none, and for all that is computed from it. */
export class CelFault {
  readonly reason: string
  /** In the expression, from zero. */
  readonly position: number

  constructor(reason: string, position: number) {
    this.reason = reason
    this.position = position
  }
}

/** A time, in milliseconds since the epoch. */
export class CelTimestamp {
  readonly millis: number

  constructor(millis: number) {
    this.millis = millis
  }
}

export class CelDuration {
  readonly millis: number

  constructor(millis: number) {
    this.millis = millis
  }
}

export interface CelObject {
  readonly [member: string]: CelValue | undefined
}

export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | CelTimestamp
  | CelDuration
  | ReadonlyArray<CelValue>
  | CelObject

export type CelType =
  | "null"
  | "bool"
  | "int"
  | "double"
  | "string"
  | "timestamp"
  | "duration"
  | "list"
  | "map"

export const isFault = (value: unknown): value is CelFault => value instanceof CelFault

export const isList: (value: CelValue) => value is ReadonlyArray<CelValue> = Array.isArray

export const isObject = (value: CelValue): value is CelObject =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof CelTimestamp) &&
  !(value instanceof CelDuration)

export const typeOf = (value: CelValue): CelType => {
  if (value === null) return "null"
  if (typeof value === "boolean") return "bool"
  if (typeof value === "bigint") return "int"
  if (typeof value === "number") return "double"
  if (typeof value === "string") return "string"
  if (Array.isArray(value)) return "list"
  if (value instanceof CelTimestamp) return "timestamp"
  return value instanceof CelDuration ? "duration" : "map"
}

/** A member of an object; undefined where it has none of its own. */
export const memberOf = (value: CelObject, name: string): CelValue | undefined =>
  Object.hasOwn(value, name) ? value[name] : undefined

/** The names of the members that are there. */
export const namesOf = (value: CelObject): ReadonlyArray<string> =>
  Object.keys(value).filter((name) => value[name] !== undefined)

const minInt = -(2n ** 63n)
const maxInt = 2n ** 63n - 1n

export const isInt = (value: bigint): boolean => value >= minInt && value <= maxInt

const minMillis = Date.parse("0001-01-01T00:00:00Z")
const maxMillis = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Whether it lies in the years 1 to 9999. */
export const isTime = (millis: number): boolean => millis >= minMillis && millis <= maxMillis
