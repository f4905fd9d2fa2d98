import { Duration, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  DeadLetterReason,
  defaultRetryPolicy as policy,
  describeDeadLetter,
  judgeExhaustion,
  reasonOf,
} from "../../../src/domain/delivery/index.js"
import { NOW } from "./Samples.js"

const GIVE_UP = Duration.toMillis(policy.giveUpAfter)
const last = reasonOf("503 Service Unavailable")
const past = fc.integer({ min: 0, max: 2 * GIVE_UP }).map((ago) => NOW - ago)

const deliveryArbitrary = fc.record({
  attempts: fc.integer({ min: 1, max: 20 }),
  firstAttemptAt: past,
  lastSuccessAt: fc.option(past, { nil: undefined }),
  parkedSince: fc.option(past, { nil: undefined }),
  last: fc.constant(last),
  now: fc.constant(NOW),
})

describe("judgeExhaustion", () => {
  it("never gives up during an outage before giveUpAfter", () => {
    fc.assert(
      fc.property(deliveryArbitrary, (delivery) => {
        const out = (delivery.lastSuccessAt ?? 0) <= delivery.firstAttemptAt
        const patient = NOW - (delivery.parkedSince ?? NOW) <= GIVE_UP
        fc.pre(out && patient)
        expect(judgeExhaustion(policy, delivery)._tag).not.toBe("DeadLetter")
      }),
    )
  })

  it("always gives up on what is parked for longer than giveUpAfter", () => {
    fc.assert(
      fc.property(deliveryArbitrary, fc.integer({ min: 1, max: GIVE_UP }), (delivery, over) => {
        const parkedSince = NOW - GIVE_UP - over
        expect(judgeExhaustion(policy, { ...delivery, parkedSince })).toMatchObject({
          _tag: "DeadLetter",
          reason: { _tag: "ParkedTooLong", parkedMillis: GIVE_UP + over, last },
        })
      }),
    )
  })

  it("waits out giveUpAfter to its last millisecond", () => {
    const delivery = {
      attempts: 9,
      firstAttemptAt: NOW,
      last,
      now: NOW,
      parkedSince: NOW - GIVE_UP,
    }
    expect(judgeExhaustion(policy, delivery)._tag).toBe("Park")
    expect(judgeExhaustion(policy, { ...delivery, now: NOW + 1 })._tag).toBe("DeadLetter")
  })

  it("retries exactly while attempts are left", () => {
    fc.assert(
      fc.property(deliveryArbitrary, (delivery) => {
        const verdict = judgeExhaustion(policy, { ...delivery, parkedSince: undefined })
        expect(verdict._tag === "RetryAgain").toBe(delivery.attempts < policy.attempts)
      }),
    )
  })

  it.each([
    ["the sink took something else since", NOW - 9_999, "DeadLetter"],
    ["the sink took something just before", NOW - 10_001, "Park"],
    ["the sink took something in the same millisecond", NOW - 10_000, "Park"],
    ["the sink never took anything", undefined, "Park"],
  ])("when attempts are used up and %s", (_, lastSuccessAt, expected) => {
    const delivery = { attempts: 5, firstAttemptAt: NOW - 10_000, lastSuccessAt, last, now: NOW }
    expect(judgeExhaustion(policy, delivery)._tag).toBe(expected)
  })
})

describe("DeadLetterReason", () => {
  it.each<[DeadLetterReason, string]>([
    [{ _tag: "AttemptsExhausted", attempts: 5, last }, "all 5 attempts"],
    [{ _tag: "Rejected", reason: last }, "rejected"],
    [{ _tag: "ParkedTooLong", parkedMillis: GIVE_UP, last }, "after 3d parked"],
    [{ _tag: "FilterFailed", reason: last }, "filter"],
    [{ _tag: "TransformFailed", reason: last }, "transform"],
  ])("survives storage and reads well: %j", (reason, words) => {
    const stored: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(DeadLetterReason)(reason)))
    expect(Schema.decodeUnknownSync(DeadLetterReason)(stored)).toEqual(reason)
    expect(describeDeadLetter(reason)).toContain(words)
    expect(describeDeadLetter(reason)).toContain("503 Service Unavailable")
  })
})
