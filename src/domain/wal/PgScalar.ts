// Single values in the text form that a server writes with `DateStyle` ISO, `IntervalStyle` iso_8601,
// `TimeZone` UTC and `bytea_output` hex, as JSON values.
//
// Every reader is total: text that is not in the form of its type stays the text that it is.

import { Encoding } from "effect"
import { parseJson } from "../event/index.js"

/** What a value becomes in JSON. */
export type JsonValue = unknown

export type ReadScalar = (text: string) => JsonValue

/** Arrays and objects inside each other in one value; deeper JSON stays text. */
export const maxValueDepth = 48

const asText: ReadScalar = (text) => text

const bool: ReadScalar = (text) => (text === "t" ? true : text === "f" ? false : text)

const digits = /^-?\d+$/

/** A number where a double holds it exactly, else its digits. */
const integer: ReadScalar = (text) => {
  const value = Number(text)
  return Number.isSafeInteger(value) && digits.test(text) ? value : text
}

/** JSON has no NaN and no infinities: they stay text. */
const float: ReadScalar = (text) => {
  const value = text === "" ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : text
}

const json: ReadScalar = (text) => {
  const parsed = parseJson(text, maxValueDepth, "value")
  return parsed._tag === "Right" ? parsed.right : text
}

const hexBytes = /^\\x((?:[0-9a-f]{2})*)$/

/** Base64 (RFC 4648). */
const bytea: ReadScalar = (text) => {
  const [, hex] = hexBytes.exec(text) ?? []
  if (hex === undefined) return text
  const bytes = new Uint8Array(hex.length / 2)
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16)
  }
  return Encoding.encodeBase64(bytes)
}

const zonedTime = /^(\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(?::(\d\d))?(?::\d\d)?$/
const zonelessTimestamp = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$/
const zonedTimestamp = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(?::(\d\d))?$/

const offset = (hours: string, minutes = "00"): string =>
  minutes === "00" && (hours === "+00" || hours === "-00") ? "Z" : `${hours}:${minutes}`

// RFC 3339 has four digits for a year and no BC: other years stay as they are written.

/** RFC 3339 with the offset. */
const timestamptz: ReadScalar = (text) => {
  const [, date, time, hours, minutes] = zonedTimestamp.exec(text) ?? []
  return date === undefined || hours === undefined
    ? text
    : `${date}T${time}${offset(hours, minutes)}`
}

/** RFC 3339 but for the offset, which the value does not have. */
const timestamp: ReadScalar = (text) => {
  const [, date, time] = zonelessTimestamp.exec(text) ?? []
  return date === undefined ? text : `${date}T${time}`
}

const timetz: ReadScalar = (text) => {
  const [, time, hours, minutes] = zonedTime.exec(text) ?? []
  return hours === undefined ? text : `${time}${offset(hours, minutes)}`
}

/** Readers by the name of a type in `pg_catalog`; all others are text. */
const scalars: Readonly<Record<string, ReadScalar>> = {
  bool,
  int2: integer,
  int4: integer,
  int8: integer,
  oid: integer,
  xid: integer,
  xid8: integer,
  cid: integer,
  float4: float,
  float8: float,
  json,
  jsonb: json,
  bytea,
  timestamp,
  timestamptz,
  timetz,
}

export interface ValueOptions {
  /**
   * What becomes of numerics, and of integers beyond 2^53: their digits as text, exact, or the
   * nearest number that JSON readers have.
   */
  readonly numbers: "exact" | "nearest"
}

export const scalarReader = (name: string, { numbers }: ValueOptions): ReadScalar => {
  if (numbers === "nearest" && (name === "numeric" || name === "int8" || name === "xid8")) {
    return float
  }
  return Object.hasOwn(scalars, name) ? (scalars[name] ?? asText) : asText
}
