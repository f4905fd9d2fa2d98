import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { TokenBucket } from "../../../src/domain/limits/index.js"

const rates = fc.record({
  amount: fc.integer({ min: 1, max: 5_000 }),
  perMillis: fc.constantFrom(1_000, 60_000, 3_600_000),
  burst: fc.integer({ min: 1, max: 2_000 }),
})
/** Time moves, mostly forward, and somebody wants tokens. */
const moves = fc.array(
  fc.record({
    millis: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 5_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: -100_000, max: 100_000 }) },
    ),
    wanted: fc.integer({ min: 0, max: 50 }),
  }),
  { maxLength: 100 },
)

describe("a token bucket", () => {
  it("never gives more than rate · t + burst, whatever the clock does", () => {
    fc.assert(
      fc.property(rates, moves, (rate, steps) => {
        let now = 1_000_000
        let forward = 0
        let given = 0
        const bucket = new TokenBucket(rate, now)
        for (const { millis, wanted } of steps) {
          now += millis
          forward += Math.max(0, millis)
          if (bucket.take(wanted, now)) given += wanted
          expect(given * rate.perMillis).toBeLessThanOrEqual(
            forward * rate.amount + rate.burst * rate.perMillis,
          )
        }
      }),
    )
  })

  it("gives all that the rate allows to whoever comes exactly when told", () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 200 }), (drawn, takes) => {
        // What comes in the millisecond to which one must round has to have room in the bucket.
        const rate = {
          ...drawn,
          burst: Math.max(drawn.burst, 1 + Math.ceil(drawn.amount / drawn.perMillis)),
        }
        let now = 0
        const bucket = new TokenBucket(rate, now)
        for (let taken = 0; taken < takes; taken++) {
          const due = bucket.dueAt(1, now)
          if (due > now) {
            expect(bucket.take(1, due - 1)).toBe(false)
            now = due
          }
          expect(bucket.take(1, now)).toBe(true)
          // Nothing is lost to rounding: at the first whole millisecond, over the whole time.
          const beyond = Math.max(0, taken + 1 - rate.burst)
          expect(now).toBe(Math.ceil((beyond * rate.perMillis) / rate.amount))
        }
      }),
    )
  })

  it("gives as many as it says are there, and not one more", () => {
    fc.assert(
      fc.property(rates, moves, (rate, steps) => {
        let now = 0
        const bucket = new TokenBucket(rate, now)
        for (const { millis, wanted } of steps) {
          now += millis
          bucket.take(wanted, now)
          const there = bucket.available(now)
          expect(there).toBeLessThanOrEqual(rate.burst)
          expect(bucket.take(there + 1, now)).toBe(false)
          expect(bucket.dueAt(there, now)).toBe(now)
          if (there === rate.burst) expect(bucket.dueAt(there + 1, now)).toBe(Infinity)
        }
      }),
    )
  })

  it("is full again once all that was taken has come back", () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const bucket = new TokenBucket(rate, 0)
        expect(bucket.isFull(0)).toBe(true)
        bucket.take(rate.burst, 0)
        const full = bucket.dueAt(rate.burst, 0)
        expect(bucket.isFull(full - 1)).toBe(false)
        expect(bucket.isFull(full)).toBe(true)
      }),
    )
  })

  it("keeps what was taken when the rate changes, and gives no more than the new burst", () => {
    fc.assert(
      fc.property(rates, rates, fc.integer({ min: 0, max: 2_000 }), (before, after, taken) => {
        const bucket = new TokenBucket(before, 0)
        const spent = bucket.take(taken, 0) ? taken : 0
        const refitted = bucket.refitted(after, 0)
        expect(refitted.available(0)).toBe(Math.max(0, after.burst - spent))
      }),
    )
  })
})
