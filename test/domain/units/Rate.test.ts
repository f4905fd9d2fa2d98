import { Either, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  ByteRateText,
  formatByteRate,
  formatRate,
  MAX_RATE_AMOUNT,
  parseByteRate,
  parseRate,
  RateText,
} from "../../../src/domain/units/index.js"

const amount = fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 1e9 }))
const rates = fc.record({
  amount,
  perMillis: fc.constantFrom(1_000, 60_000, 3_600_000),
  burst: amount,
})

describe("rate text", () => {
  it("round-trips every rate, of things and of bytes", () => {
    fc.assert(
      fc.property(rates, (rate) => {
        expect(parseRate(formatRate(rate))).toEqual(Either.right(rate))
        expect(parseByteRate(formatByteRate(rate))).toEqual(Either.right(rate))
        expect(Schema.decodeSync(RateText)(Schema.encodeSync(RateText)(rate))).toEqual(rate)
        expect(Schema.decodeSync(ByteRateText)(Schema.encodeSync(ByteRateText)(rate))).toEqual(rate)
      }),
    )
  })

  it("has a burst of as much as it names, unless it says otherwise", () => {
    expect(parseRate("600/m")).toEqual(Either.right({ amount: 600, perMillis: 60_000, burst: 600 }))
    expect(parseByteRate("1MiB/s burst 2kB")).toEqual(
      Either.right({ amount: 2 ** 20, perMillis: 1_000, burst: 2_000 }),
    )
  })

  it("answers any text with a rate in bounds or an error of bounded length", () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^-?[0-9.]{0,12}(\/[smhd])?( burst \d+)?$/),
    )
    fc.assert(
      fc.property(text, (input) => {
        for (const result of [parseRate(input), parseByteRate(input)]) {
          if (Either.isLeft(result)) {
            expect(result.left.message.length).toBeLessThan(300)
          } else {
            expect(result.right.amount).toBeGreaterThanOrEqual(1)
            expect(result.right.burst).toBeLessThanOrEqual(MAX_RATE_AMOUNT)
          }
        }
      }),
    )
  })

  it.each(["", "100", "100/d", "0/s", "1.5/s", "1/s burst 0", "1e3/s", "1/s  burst 2", "10MB/s"])(
    "refuses %j as a rate of things",
    (text) => {
      expect(Either.isLeft(parseRate(text))).toBe(true)
    },
  )
})
