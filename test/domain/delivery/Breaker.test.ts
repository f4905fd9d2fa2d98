import { Duration, Option } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  Breaker,
  breakerAfter,
  closedBreaker,
  defaultBreakerPolicy as policy,
  MAX_NOT_BEFORE,
  type Outcome,
  probeCeiling,
  startProbe,
  tripBreaker,
} from "../../../src/domain/delivery/index.js"
import { NOW, outcomeArbitrary, randomArbitrary } from "./Samples.js"

const CAP = Duration.toMillis(policy.probeMax)
const DAY = Duration.toMillis(MAX_NOT_BEFORE)

type Step =
  | { readonly _tag: "Outcome"; readonly outcome: Outcome; readonly random: number }
  | { readonly _tag: "Probe" }
  | { readonly _tag: "Trip"; readonly random: number }
  | { readonly _tag: "Wait"; readonly millis: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      _tag: fc.constant("Outcome" as const),
      outcome: outcomeArbitrary,
      random: randomArbitrary,
    }),
  },
  { weight: 2, arbitrary: fc.constant({ _tag: "Probe" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constant("Trip" as const), random: randomArbitrary }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      _tag: fc.constant("Wait" as const),
      millis: fc.integer({ min: 0, max: 2 * CAP }),
    }),
  },
)

/** Every state that a life passes through, with the step and the time that led to it. */
const live = (steps: ReadonlyArray<Step>) => {
  let now = NOW
  let breaker: Breaker = closedBreaker
  return steps.map((step) => {
    const before = breaker
    if (step._tag === "Wait") now += step.millis
    if (step._tag === "Outcome")
      breaker = breakerAfter(policy, breaker, step.outcome, { now, random: step.random })
    if (step._tag === "Trip") breaker = tripBreaker(policy, breaker, { now, random: step.random })
    if (step._tag === "Probe")
      breaker = Option.getOrElse(startProbe(policy, breaker, now), () => before)
    return { step, before, after: breaker, now }
  })
}

const lives = fc.array(step, { maxLength: 60, size: "max" }).map(live)

describe("Breaker", () => {
  it("is closed after an answer that shows the endpoint at work, whatever was before", () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { step, after } of life) {
          if (step._tag !== "Outcome") continue
          if (["Delivered", "Reject", "Gone"].includes(step.outcome._tag))
            expect(after).toEqual(closedBreaker)
        }
      }),
    )
  })

  it("closes on nothing else", () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { step, before, after } of life) {
          if (before._tag === "Closed" || after._tag !== "Closed") continue
          expect(step._tag === "Outcome" && step.outcome._tag).toBeOneOf([
            "Delivered",
            "Reject",
            "Gone",
          ])
        }
      }),
    )
  })

  it("never probes before it is due, nor while a probe is under way", () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { step, before, after, now } of life) {
          if (step._tag !== "Probe" || after === before) continue
          expect(after).toMatchObject({ _tag: "HalfOpen", startedAt: now })
          if (before._tag === "Open") expect(now).toBeGreaterThanOrEqual(before.probeAt)
          else if (before._tag === "HalfOpen")
            expect(now - before.startedAt).toBeGreaterThanOrEqual(CAP)
          else expect.unreachable("a closed breaker needs no probe")
        }
      }),
    )
  })

  it("opens for the future, for no longer than the cap or what the endpoint asked for", () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { step, before, after, now } of life) {
          if (after._tag !== "Open" || after === before) continue
          const notBefore =
            step._tag === "Outcome" && step.outcome._tag === "Retry"
              ? step.outcome.notBefore
              : undefined
          const asked = Math.min(Math.max((notBefore ?? now) - now, 0), DAY)
          expect(after.probeAt).toBeGreaterThan(now)
          expect(after.probeAt - now).toBeGreaterThanOrEqual(asked)
          expect(after.probeAt - now).toBeLessThanOrEqual(Math.max(CAP, asked))
        }
      }),
    )
  })

  it("remembers through one outage when it began, and counts its failed probes", () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { step, before, after } of life) {
          if (before._tag === "Closed" || after._tag === "Closed") continue
          expect(after.since).toBe(before.since)
          const failed = before._tag === "HalfOpen" && step._tag === "Outcome" ? 1 : 0
          expect(after.probes).toBe(before.probes + failed)
        }
      }),
    )
  })

  it("is closed only while fewer failures than the limit came in a row", () => {
    fc.assert(
      fc.property(fc.array(outcomeArbitrary, { maxLength: 30 }), (outcomes) => {
        let breaker: Breaker = closedBreaker
        let inARow = 0
        for (const outcome of outcomes) {
          if (breaker._tag !== "Closed") return
          breaker = breakerAfter(policy, breaker, outcome, { now: NOW, random: 0 })
          if (outcome._tag === "Retry") inARow++
          else if (outcome._tag !== "Misconfigured") inARow = 0
          expect(breaker._tag).toBe(inARow < policy.failures ? "Closed" : "Open")
        }
      }),
    )
  })

  it("probes ever more rarely, up to the cap", () => {
    const ceilings = Array.from({ length: 12 }, (_, probes) => probeCeiling(policy, probes))
    expect(ceilings).toEqual(ceilings.toSorted((a, b) => a - b))
    expect(ceilings[0]).toBe(1_000)
    expect(ceilings.at(-1)).toBe(CAP)
    expect(probeCeiling(policy, 100_000)).toBe(CAP)
  })

  it("waits half of the ceiling for certain, and the rest by chance", () => {
    const open = (random: number) => tripBreaker(policy, closedBreaker, { now: 0, random })
    expect(open(0)).toEqual(Breaker.Open({ since: 0, probeAt: 500, probes: 0 }))
    expect(open(0.5)).toEqual(Breaker.Open({ since: 0, probeAt: 750, probes: 0 }))
  })

  it("gives up on a probe that never reports", () => {
    const lost = Breaker.HalfOpen({ since: 0, startedAt: 0, probes: 2 })
    expect(Option.isNone(startProbe(policy, lost, CAP - 1))).toBe(true)
    expect(startProbe(policy, lost, CAP)).toEqual(
      Option.some(Breaker.HalfOpen({ since: 0, startedAt: CAP, probes: 2 })),
    )
  })
})
