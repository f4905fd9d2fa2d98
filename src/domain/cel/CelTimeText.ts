// Times and durations of CEL as text: RFC 3339 in, UTC out; durations such as `1h30m` or `1.5s`.

import { Option } from "effect"
import { timestampFault } from "../event/AttributeRules.js"
import { CelDuration, CelTimestamp, isTime } from "./CelValue.js"

export const timestampText = ({ millis }: CelTimestamp): string =>
  new Date(millis).toISOString().replace(".000Z", "Z")

export const durationText = ({ millis }: CelDuration): string => `${millis / 1000}s`

export const timestampOf = (text: string): Option.Option<CelTimestamp> => {
  if (timestampFault(text) !== undefined) return Option.none()
  // JavaScript has no leap seconds: one is the first of the next minute.
  const leap = text.slice(17, 19) === "60"
  const millis = Date.parse(leap ? `${text.slice(0, 17)}59${text.slice(19)}` : text)
  return isTime(millis) ? Option.some(new CelTimestamp(millis + (leap ? 1000 : 0))) : Option.none()
}

const unitMillis: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 0.001,
  ns: 0.000_001,
}
const wholeDuration = /^[+-]?(?:[0-9]{1,15}(?:\.[0-9]{1,9})?(?:h|ms|m|us|ns|s))+$/
const durationPart = /([0-9.]+)(h|ms|m|us|ns|s)/g

export const durationOf = (text: string): Option.Option<CelDuration> => {
  if (text === "0") return Option.some(new CelDuration(0))
  if (text.length > 64 || !wholeDuration.test(text)) return Option.none()
  let millis = 0
  for (const [, count = "", unit = ""] of text.matchAll(durationPart))
    millis += Number(count) * (unitMillis[unit] ?? 0)
  return Option.some(new CelDuration(text.startsWith("-") ? -millis : millis))
}
