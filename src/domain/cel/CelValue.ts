// Values of CEL: what JSON has, integers of 64 bits, times and durations; and faults.
//
// Numbers in events are doubles. Doubles and integers compare and compute with each other.

/** What is an object here and not one of JSON: one test tells them apart. */
abstract class NotJson {
  abstract readonly kind: "fault" | "timestamp" | "duration"
}

/** What stands for the value of an expression that has none, and for all that is computed from it. */
export class CelFault extends NotJson {
  readonly kind = "fault"
  readonly reason: string
  /** In the expression, from zero. */
  readonly position: number

  constructor(reason: string, position: number) {
    super()
    this.reason = reason
    this.position = position
  }
}

/** A time, in milliseconds since the epoch. */
export class CelTimestamp extends NotJson {
  readonly kind = "timestamp"
  readonly millis: number

  constructor(millis: number) {
    super()
    this.millis = millis
  }
}

export class CelDuration extends NotJson {
  readonly kind = "duration"
  readonly millis: number

  constructor(millis: number) {
    super()
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

export const isFault = (value: unknown): value is CelFault =>
  typeof value === "object" && value instanceof CelFault

export const isList: (value: CelValue) => value is ReadonlyArray<CelValue> = Array.isArray

export const isObject = (value: CelValue | CelFault): value is CelObject =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof NotJson)

export const typeOf = (value: CelValue): CelType => {
  if (value === null) return "null"
  if (typeof value === "boolean") return "bool"
  if (typeof value === "bigint") return "int"
  if (typeof value === "number") return "double"
  if (typeof value === "string") return "string"
  if (Array.isArray(value)) return "list"
  return value instanceof CelTimestamp || value instanceof CelDuration ? value.kind : "map"
}

/** A member of an object; undefined where it has none of its own. */
export const memberOf = (value: CelObject, name: string): CelValue | undefined => {
  const member = value[name]
  // Most members that are there are plainly its own; what is inherited is a function, or a prototype.
  if (typeof member !== "object" && typeof member !== "function") return member
  return Object.hasOwn(value, name) ? member : undefined
}

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
