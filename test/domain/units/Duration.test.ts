import { Duration, Either, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  DurationText,
  durationBetween,
  formatDuration,
  MAX_DURATION,
  parseDuration,
} from "../../../src/domain/units/index.js"

const millisOf = (text: string) =>
  Either.getOrThrow(Either.map(parseDuration(text), Duration.toMillis))
const duration = fc.oneof(
  fc.integer({ min: 0, max: Duration.toMillis(MAX_DURATION) }),
  fc.integer({ min: 0, max: 100_000 }),
)

describe("Duration text", () => {
  it("round-trips every whole number of milliseconds", () => {
    fc.assert(
      fc.property(duration, (millis) => {
        expect(millisOf(formatDuration(Duration.millis(millis)))).toBe(millis)
      }),
    )
  })

  it("never throws, and answers any text with a duration in bounds or an error that names it", () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[-+]?[0-9.]{0,20}[ a-zµ]{0,3}[0-9]{0,3}[wdhms]?$/),
    )
    fc.assert(
      fc.property(text, (input) => {
        const result = parseDuration(input)
        if (Either.isRight(result)) {
          expect(Duration.between(result.right, { minimum: 0, maximum: MAX_DURATION })).toBe(true)
          expect(Number.isInteger(Duration.toMillis(result.right))).toBe(true)
        } else {
          expect(result.left.message).toContain(input.slice(0, 10))
        }
      }),
    )
  })

  it.each([
    ["0s", 0],
    ["500ms", 500],
    ["1s", 1_000],
    ["1.5s", 1_500],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["3d", 259_200_000],
    ["2w", 1_209_600_000],
    ["1m1ms", 60_001],
  ])("reads %s", (text, millis) => {
    expect(millisOf(text)).toBe(millis)
  })

  it.each([
    "",
    "5",
    "-1s",
    "+1s",
    "NaN",
    "Infinitys",
    "1e3s",
    "1 s",
    "1s ",
    "1M",
    "0.5ms",
    "1s1m",
    "1s1s",
    "1.s",
    ".5s",
    "3651d",
    "999999999999999w",
    "1s".repeat(100),
  ])("rejects %j", (text) => {
    expect(Either.isLeft(parseDuration(text))).toBe(true)
  })

  it("writes infinity as the longest duration", () => {
    expect(formatDuration(Duration.infinity)).toBe("3650d")
  })
})

describe("DurationText", () => {
  it("explains what is wrong", () => {
    const error = Either.flip(Schema.decodeUnknownEither(DurationText)("-1s"))
    expect(Either.getOrThrow(error).message).toContain("a number and a unit are expected")
  })

  it("keeps bounds when decoding and when encoding", () => {
    const schema = durationBetween(Duration.seconds(1), Duration.minutes(1))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 120_000 }), (millis) => {
        const inBounds = millis >= 1_000 && millis <= 60_000
        const text = formatDuration(Duration.millis(millis))
        expect(Either.isRight(Schema.decodeUnknownEither(schema)(text))).toBe(inBounds)
        expect(Either.isRight(Schema.encodeEither(schema)(Duration.millis(millis)))).toBe(inBounds)
      }),
    )
  })
})
