import { Duration, Option } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_NOT_BEFORE, parseRetryAfter } from "../../../src/domain/delivery/index.js"
import { NOW } from "./Samples.js"

const LATEST = NOW + Duration.toMillis(MAX_NOT_BEFORE)
const at = (header: string, now = NOW) => Option.getOrUndefined(parseRetryAfter(header, now))

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
const two = (value: number) => String(value).padStart(2, "0")

/** The three forms of RFC 9110, section 5.6.7, of one instant. */
const forms = (millis: number): ReadonlyArray<string> => {
  const date = new Date(millis)
  const day = DAYS[date.getUTCDay()] ?? ""
  const month = MONTHS[date.getUTCMonth()] ?? ""
  const time = date.toISOString().slice(11, 19)
  const dayOfMonth = date.getUTCDate()
  const year = date.getUTCFullYear()
  return [
    date.toUTCString(),
    `${day}, ${two(dayOfMonth)}-${month}-${two(year % 100)} ${time} GMT`,
    `${day.slice(0, 3)} ${month} ${String(dayOfMonth).padStart(2, " ")} ${time} ${year}`,
  ]
}

describe("parseRetryAfter", () => {
  it("reads an instant in all three forms of a date", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400 }), (seconds) => {
        const instant = NOW + seconds * 1_000
        for (const form of forms(instant)) expect(at(form)).toBe(instant)
      }),
    )
  })

  it("reads seconds, from now to a day ahead", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (seconds) => {
        const expected = Math.min(Math.max(NOW + seconds * 1_000, NOW), LATEST)
        expect(at(String(seconds))).toBe(expected)
      }),
    )
  })

  it("never throws, and never answers outside of now and a day ahead", () => {
    const header = fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.stringMatching(/^[0-9+.-]{1,70}$/),
      fc.stringMatching(
        /^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/,
      ),
    )
    fc.assert(
      fc.property(header, (text) => {
        const answer = at(text)
        if (answer === undefined) return
        expect(answer).toBeGreaterThanOrEqual(NOW)
        expect(answer).toBeLessThanOrEqual(LATEST)
      }),
    )
  })

  it.each([
    ["120", NOW + 120_000],
    [" 1.5 ", NOW + 1_500],
    ["0", NOW],
    ["-5", NOW],
    ["9".repeat(60), LATEST],
    ["Sun, 06 Nov 1994 08:49:37 GMT", NOW],
    ["Sunday, 06-Nov-94 08:49:37 GMT", NOW],
    ["Sun Nov  6 08:49:37 1994", NOW],
    ["Fri, 31 Dec 9999 23:59:60 GMT", LATEST],
  ])("%j is %d", (header, expected) => {
    expect(at(header)).toBe(expected)
  })

  it.each([
    "",
    "soon",
    "1e3",
    "0x10",
    "Infinity",
    "NaN",
    "12 34",
    "9".repeat(65),
    "Mon, 30 Feb 2026 00:00:00 GMT",
    "Mon, 06 Xyz 2026 00:00:00 GMT",
    "Mon, 06 Jul 2026 24:00:00 GMT",
    "Mon, 06 Jul 2026 00:00:00 +0200",
    "2026-07-06T00:00:00Z",
  ])("ignores %j", (header) => {
    expect(at(header)).toBeUndefined()
  })

  it("reads a two-digit year as the century that is within 50 years ahead", () => {
    const header = "Thursday, 01-Jan-00 00:00:10 GMT"
    const turn = Date.UTC(2099, 11, 31, 23, 59, 50)
    expect(at("Friday, 31-Dec-99 23:59:55 GMT", turn)).toBe(turn + 5_000)
    expect(at(header, Date.UTC(2000, 0, 1))).toBe(Date.UTC(2000, 0, 1, 0, 0, 10))
    expect(at(header, turn)).toBe(turn + 20_000)
  })
})
