import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type AttemptFacts, settlementOf } from "../../../src/actors/subscription/Settlement.js"
import { defaultRetryPolicy, Outcome } from "../../../src/domain/index.js"

const day = 86_400_000
const facts = (given: Partial<AttemptFacts> = {}): AttemptFacts => ({
  policy: defaultRetryPolicy,
  attempts: 0,
  since: 1_000,
  report: { counts: true, suspicion: "Clear" },
  parkedSince: undefined,
  parked: false,
  lastSuccessAt: undefined,
  now: 10_000,
  random: 0.5,
  ...given,
})
const retry = Outcome.retry("busy")
const refused = Outcome.misconfigured("401")

describe("What becomes of a delivery", () => {
  it.each([
    ["delivered", Outcome.delivered(), {}, { _tag: "Delivered" }],
    ["rejected", Outcome.reject("no"), {}, { _tag: "Dead", attempts: 1 }],
    ["gone", Outcome.gone("410"), {}, { _tag: "Disable", reason: "410" }],
    ["first failure", retry, {}, { _tag: "SetAside", attempts: 1, outage: false }],
    [
      "last failure, others got through",
      retry,
      { attempts: 4, lastSuccessAt: 5_000 },
      { _tag: "Dead", attempts: 5, reason: { _tag: "AttemptsExhausted" } },
    ],
    [
      "last failure, nobody got through",
      retry,
      { attempts: 4, lastSuccessAt: 500 },
      { _tag: "SetAside", outage: true },
    ],
    [
      "last failure, nobody ever got through",
      retry,
      { attempts: 4 },
      { _tag: "SetAside", outage: true },
    ],
    [
      "failure that does not count",
      retry,
      { attempts: 4, report: { counts: false, suspicion: "Clear" }, parked: true },
      { _tag: "SetAside", attempts: 4, outage: false },
    ],
    [
      "parked for days",
      retry,
      { parked: true, parkedSince: 1_000, now: 4 * day },
      { _tag: "Dead", reason: { _tag: "ParkedTooLong" } },
    ],
    [
      "first failure long ago, parked for a second",
      retry,
      { parked: true, parkedSince: 4 * day - 1_000, now: 4 * day },
      { _tag: "SetAside", parkedSince: 4 * day - 1_000 },
    ],
    [
      "first failure long ago, parked by it",
      retry,
      { parked: true, now: 4 * day },
      { _tag: "SetAside", parkedSince: 4 * day },
    ],
    [
      "parked for days until the sink took another",
      retry,
      { parked: true, parkedSince: 1_000, lastSuccessAt: 2_000, now: 4 * day },
      { _tag: "SetAside", parkedSince: 4 * day },
    ],
    [
      "parked before a restart, tried after it",
      retry,
      { parkedSince: 1_000, now: 2 * day },
      { _tag: "SetAside", parkedSince: 1_000 },
    ],
    ["not parked", retry, {}, { _tag: "SetAside", parkedSince: undefined }],
    ["days old and not parked", retry, { now: 4 * day }, { _tag: "SetAside" }],
    [
      "suspect",
      refused,
      { report: { counts: true, suspicion: "Suspect" } },
      { _tag: "SetAside", outage: false },
    ],
    [
      "suspect to the end",
      refused,
      { attempts: 4, report: { counts: true, suspicion: "Suspect" } },
      { _tag: "Dead", reason: { _tag: "Rejected" } },
    ],
    [
      "of a misconfigured sink",
      refused,
      { attempts: 4, report: { counts: true, suspicion: "SinkMisconfigured" }, parked: true },
      { _tag: "SetAside", outage: false },
    ],
  ] as const)("%s", (_, outcome, given, expected) => {
    expect(settlementOf(outcome, facts(given))).toMatchObject(expected)
  })

  it("is tried again within the backoff, and not before it may", () => {
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
        (attempts, random, wait) => {
          const now = 10_000
          const notBefore = wait === undefined ? undefined : now + wait
          const outcome = Outcome.retry("busy", notBefore)
          const settlement = settlementOf(outcome, facts({ attempts, random, now }))
          if (settlement._tag !== "SetAside") throw new Error(settlement._tag)
          const longest = Math.max(wait ?? 0, Math.min(30_000, 1000 * 2 ** attempts))
          expect(settlement.dueAt).toBeGreaterThanOrEqual(notBefore ?? now)
          expect(settlement.dueAt).toBeLessThanOrEqual(now + longest)
          expect(settlement.attempts).toBe(attempts + 1)
        },
      ),
    )
  })

  it("is never dead by an outage: unless something got through, or days went by", () => {
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.boolean(),
        fc.boolean(),
        fc.nat(3 * day),
        (attempts, counts, parked, age) => {
          const report = { counts, suspicion: "Clear" } as const
          const settlement = settlementOf(
            retry,
            facts({ attempts, report, parked, now: 1_000 + age, lastSuccessAt: 1_000 }),
          )
          expect(settlement._tag).toBe("SetAside")
        },
      ),
    )
  })
})
