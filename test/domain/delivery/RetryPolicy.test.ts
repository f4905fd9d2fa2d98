import { Duration, Either, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  backoffCeiling,
  defaultRetryPolicy,
  MAX_NOT_BEFORE,
  type RetryPolicy,
  RetryPolicyText,
  retryDelay,
} from "../../../src/domain/delivery/index.js"
import { NOW, randomArbitrary } from "./Samples.js"

const DAY = Duration.toMillis(MAX_NOT_BEFORE)

const policyArbitrary: fc.Arbitrary<RetryPolicy> = fc
  .record({
    attempts: fc.integer({ min: 1, max: 100 }),
    waits: fc.tuple(fc.integer({ min: 1, max: DAY }), fc.integer({ min: 1, max: DAY })),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    giveUpAfter: fc.integer({ min: 1_000, max: 30 * DAY }),
  })
  .map(({ attempts, waits, factor, giveUpAfter }) => ({
    attempts,
    factor,
    initial: Duration.millis(Math.min(...waits)),
    max: Duration.millis(Math.max(...waits)),
    giveUpAfter: Duration.millis(giveUpAfter),
  }))

describe("RetryPolicyText", () => {
  it("has the documented defaults", () => {
    expect(Schema.decodeUnknownSync(RetryPolicyText)({})).toEqual(defaultRetryPolicy)
    expect(Schema.encodeSync(RetryPolicyText)(defaultRetryPolicy)).toEqual({
      attempts: 5,
      initial: "1s",
      max: "30s",
      factor: 2,
      giveUpAfter: "3d",
    })
  })

  it("round-trips through JSON", () => {
    fc.assert(
      fc.property(policyArbitrary, (policy) => {
        const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(RetryPolicyText)(policy)))
        expect(Schema.decodeUnknownSync(RetryPolicyText)(json)).toEqual(policy)
      }),
    )
  })

  it.each([
    [{ attempts: 0 }, "attempts"],
    [{ attempts: 101 }, "attempts"],
    [{ attempts: 1.5 }, "attempts"],
    [{ initial: "0s" }, "initial"],
    [{ initial: 5 }, "initial"],
    [{ max: "2d" }, "max"],
    [{ factor: 0.5 }, "factor"],
    [{ factor: Number.NaN }, "factor"],
    [{ giveUpAfter: "31d" }, "giveUpAfter"],
    [{ initial: "10s", max: "5s" }, "initial"],
  ])("rejects %j and names the field", (json, field) => {
    const error = Either.getOrThrow(Either.flip(Schema.decodeUnknownEither(RetryPolicyText)(json)))
    expect(error.message).toContain(`["${field}"]`)
  })
})

describe("retryDelay", () => {
  it("is a whole number from nothing to the ceiling when nothing is asked for", () => {
    fc.assert(
      fc.property(
        policyArbitrary,
        fc.integer({ min: 1, max: 1_000 }),
        randomArbitrary,
        (policy, attempt, random) => {
          const delay = retryDelay(policy, { attempt, random, now: NOW })
          expect(Number.isInteger(delay)).toBe(true)
          expect(delay).toBeGreaterThanOrEqual(0)
          expect(delay).toBeLessThanOrEqual(backoffCeiling(policy, attempt))
        },
      ),
    )
  })

  it("uses the whole range: the wait grows with the number drawn", () => {
    fc.assert(
      fc.property(policyArbitrary, randomArbitrary, randomArbitrary, (policy, a, b) => {
        const [low, high] = [a, b].map((random) =>
          retryDelay(policy, { attempt: 3, random, now: NOW }),
        )
        expect(Math.sign((high ?? 0) - (low ?? 0))).toBeOneOf([0, Math.sign(b - a)])
        expect(retryDelay(policy, { attempt: 3, random: 0, now: NOW })).toBe(0)
      }),
    )
  })

  it("has a ceiling that starts at initial, never falls and never passes max", () => {
    fc.assert(
      fc.property(policyArbitrary, fc.integer({ min: 1, max: 2_000 }), (policy, attempt) => {
        expect(backoffCeiling(policy, 1)).toBe(Duration.toMillis(policy.initial))
        expect(backoffCeiling(policy, attempt + 1)).toBeGreaterThanOrEqual(
          backoffCeiling(policy, attempt),
        )
        expect(backoffCeiling(policy, attempt)).toBeLessThanOrEqual(Duration.toMillis(policy.max))
      }),
    )
  })

  it("honours not-before up to a day, and never shortens the wait for it", () => {
    fc.assert(
      fc.property(
        policyArbitrary,
        randomArbitrary,
        fc.integer({ min: -DAY, max: 3 * DAY }),
        (policy, random, ahead) => {
          const failed = { attempt: 2, random, now: NOW }
          const delay = retryDelay(policy, { ...failed, notBefore: NOW + ahead })
          expect(delay).toBe(
            Math.max(retryDelay(policy, failed), Math.min(Math.max(ahead, 0), DAY)),
          )
        },
      ),
    )
  })

  it("is total: any numbers give a finite wait", () => {
    const any = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0))
    fc.assert(
      fc.property(policyArbitrary, any, any, any, (policy, attempt, random, notBefore) => {
        const delay = retryDelay(policy, { attempt, random, now: NOW, notBefore })
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(DAY)
      }),
    )
  })

  it("is finite where the backoff does not grow, however often it failed", () => {
    const constant = { ...defaultRetryPolicy, factor: 1 }
    expect(backoffCeiling(constant, Number.POSITIVE_INFINITY)).toBe(1_000)
  })

  it("doubles from 1 s to 30 s by default", () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7].map((attempt) =>
      backoffCeiling(defaultRetryPolicy, attempt),
    )
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })
})
