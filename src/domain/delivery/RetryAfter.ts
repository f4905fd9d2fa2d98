/**
 * The `Retry-After` header of an HTTP answer (RFC 9110, section 10.2.3): seconds, or a date in one
 * of the three forms that a recipient must accept (section 5.6.7).
 */
import { Duration, Option } from "effect"
import { MAX_NOT_BEFORE } from "./RetryPolicy.js"

const MAX_HEADER_LENGTH = 64
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

const SECONDS = /^[+-]?\d+(?:\.\d+)?$/
const TIME = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`
const DATES = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(
    String.raw`^[a-z]{3}, (?<day>\d{2}) (?<month>[a-z]{3}) (?<year>\d{4}) ${TIME} gmt$`,
    "i",
  ),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(
    String.raw`^[a-z]{6,9}, (?<day>\d{2})-(?<month>[a-z]{3})-(?<year>\d{2}) ${TIME} gmt$`,
    "i",
  ),
  // Sun Nov  6 08:49:37 1994
  new RegExp(String.raw`^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`, "i"),
]

/** A two-digit year is the one at most 50 years ahead, or else behind (RFC 9110, 5.6.7). */
const fullYear = (year: string, now: number): number => {
  if (year.length > 2) return Number(year)
  const latest = new Date(now).getUTCFullYear() + 50
  return latest - ((latest - Number(year)) % 100)
}

const parseHttpDate = (text: string, now: number): number | undefined => {
  for (const form of DATES) {
    const fields = form.exec(text)?.groups
    if (fields === undefined) continue
    const { day = "", month = "", year = "", hour = "", minute = "", second = "" } = fields
    const monthIndex = MONTHS.indexOf(month.toLowerCase())
    const date = new Date(0)
    date.setUTCFullYear(fullYear(year, now), monthIndex, Number(day))
    const isCalendarDay = date.getUTCMonth() === monthIndex && date.getUTCDate() === Number(day)
    // A second of 60 is a leap second.
    if (!isCalendarDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60)
      return undefined
    return date.setUTCHours(Number(hour), Number(minute), Number(second))
  }
  return undefined
}

/**
 * When to try again at the earliest, in milliseconds since the epoch: not before `now`, and at most
 * {@link MAX_NOT_BEFORE} after it. Nothing for a header that is in none of the forms.
 */
export const parseRetryAfter = (header: string, now: number): Option.Option<number> => {
  if (header.length > MAX_HEADER_LENGTH) return Option.none()
  const text = header.trim()
  const at = SECONDS.test(text) ? now + Number(text) * 1_000 : parseHttpDate(text, now)
  if (at === undefined || Number.isNaN(at)) return Option.none()
  const latest = now + Duration.toMillis(MAX_NOT_BEFORE)
  return Option.some(Math.min(Math.max(Math.ceil(at), now), latest))
}
