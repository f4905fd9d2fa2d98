// The functions of CEL on times, all in UTC, and durations.

import { Option } from "effect"
import { type CelFunction, notFor } from "./CelFunction.js"
import { durationOf, timestampOf } from "./CelTimeText.js"
import { CelDuration, CelFault, CelTimestamp, type CelValue, isTime } from "./CelValue.js"

const timestamp: CelFunction = {
  returns: "timestamp",
  arities: [1],
  apply: (given, _scope, position) => {
    const [value] = given
    if (value instanceof CelTimestamp) return value
    if (typeof value === "string") {
      return Option.getOrElse(
        timestampOf(value),
        () => new CelFault("timestamp() takes a date and time with offset (RFC 3339)", position),
      )
    }
    if (typeof value !== "bigint" && typeof value !== "number")
      return notFor("timestamp", given, position)
    const millis = Number(value) * 1000
    return isTime(millis)
      ? new CelTimestamp(millis)
      : new CelFault("timestamp() takes seconds of the years 1 to 9999", position)
  },
}

const duration: CelFunction = {
  returns: "duration",
  arities: [1],
  apply: (given, _scope, position) => {
    const [value] = given
    if (value instanceof CelDuration) return value
    if (typeof value !== "string") return notFor("duration", given, position)
    return Option.getOrElse(
      durationOf(value),
      () => new CelFault('duration() takes a text such as "1h30m"', position),
    )
  },
}

/** A part of a time, or a duration in whole units. */
const part = (
  name: string,
  ofTime: ((date: Date) => number) | undefined,
  unitMillis?: number,
): readonly [string, CelFunction] => [
  name,
  {
    returns: "int",
    arities: [1],
    apply: (given, _scope, position): CelValue | CelFault => {
      const [value] = given
      if (value instanceof CelTimestamp && ofTime !== undefined)
        return BigInt(ofTime(new Date(value.millis)))
      if (value instanceof CelDuration && unitMillis !== undefined)
        return BigInt(Math.trunc(value.millis / unitMillis))
      return notFor(name, given, position)
    },
  },
]

const dayMillis = 86_400_000

const dayOfYear = (date: Date) => {
  const start = new Date(date)
  start.setUTCMonth(0, 1)
  return Math.round((date.getTime() - start.getTime()) / dayMillis)
}

export const timeFunctions: ReadonlyArray<readonly [string, CelFunction]> = [
  ["timestamp", timestamp],
  ["duration", duration],
  part("getFullYear", (date) => date.getUTCFullYear()),
  part("getMonth", (date) => date.getUTCMonth()),
  part("getDate", (date) => date.getUTCDate()),
  part("getDayOfMonth", (date) => date.getUTCDate() - 1),
  part("getDayOfWeek", (date) => date.getUTCDay()),
  part("getDayOfYear", dayOfYear),
  part("getHours", (date) => date.getUTCHours(), 3_600_000),
  part("getMinutes", (date) => date.getUTCMinutes(), 60_000),
  part("getSeconds", (date) => date.getUTCSeconds(), 1_000),
  part("getMilliseconds", (date) => date.getUTCMilliseconds(), 1),
]
