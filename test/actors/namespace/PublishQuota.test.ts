// The quick answer of a quota and the thorough one agree, whatever is published when.

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { PublishQuota } from "../../../src/actors/namespace/PublishQuota.js"
import { ByteSize, NamespaceName } from "../../../src/domain/index.js"

const name = NamespaceName.make("a.example")
const rate = fc.record({
  amount: fc.integer({ min: 1, max: 50 }),
  perMillis: fc.constant(1_000),
  burst: fc.integer({ min: 1, max: 50 }),
})
const steps = fc.array(
  fc.record({
    millis: fc.oneof(fc.integer({ min: 0, max: 120 }), fc.integer({ min: -500, max: 5_000 })),
    events: fc.integer({ min: 1, max: 10 }),
    bytes: fc.integer({ min: 1, max: 20 }),
  }),
  { maxLength: 60 },
)

describe("PublishQuota", () => {
  it("refuses before reading exactly when one event of one byte would be refused", () => {
    fc.assert(
      fc.property(rate, rate, steps, (publishRate, publishByteRate, all) => {
        let now = 1_000_000
        const quota = new PublishQuota(
          name,
          { publishRate, publishByteRate, maxJournalBytes: ByteSize.make(1_000) },
          now,
        )
        let journal = 0
        for (const { bytes, events, millis } of all) {
          now += millis
          const passes = quota.refusal(now) === undefined
          // Nothing is taken by asking for nothing.
          const one = quota.refusalOf(1, now) ?? quota.take(0, 1, now)
          const full = journal + 1 > 1_000
          if (!full) expect(passes).toBe(one === undefined)
          if (quota.journalRefusal(bytes) === undefined && !quota.take(events, bytes, now)) {
            quota.begin(bytes)
            quota.end(bytes, bytes)
            journal += bytes
            expect(journal).toBeLessThanOrEqual(1_000)
          }
        }
      }),
    )
  })

  it("gives a refusal again as it is for a moment, and a new one after", () => {
    const quota = new PublishQuota(
      name,
      { publishRate: { amount: 1, perMillis: 3_600_000, burst: 1 } },
      0,
    )
    quota.take(1, 0, 0)
    const first = quota.refusal(1)
    expect(first).toMatchObject({ _tag: "PublishRateExceeded", retryAfterMillis: 3_599_999 })
    expect(quota.refusal(20)).toBe(first)
    expect(quota.refusal(100)).toMatchObject({ retryAfterMillis: 3_599_900 })
    expect(quota.refusal(3_600_000)).toBeUndefined()
  })
})
