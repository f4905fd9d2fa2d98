// The rate that a live flow and its replays share.

import { describe, expect, it } from "vitest"
import * as fc from "fast-check"
import { type RateMeter, SharedRate } from "../../../src/actors/subscription/SharedRate.js"

const second = { amount: 1, perMillis: 1_000, burst: 1 }

/** Takes one if it may; else answers when to come again. */
const tryOne = (meter: RateMeter, now: number): number | undefined => {
  const due = meter.dueAt(1, now)
  if (due > now) return due
  meter.take(1, now)
  return undefined
}

describe("A shared rate", () => {
  it("gives the turn of who waited and does not come to the other", () => {
    const { live, replay } = new SharedRate(second, 0)
    expect(tryOne(live, 0)).toBeUndefined()
    expect(tryOne(live, 0)).toBe(1_000)
    expect(tryOne(replay, 0)).toBe(1_001)
    expect(replay.available(1_000)).toBe(0)
    expect(tryOne(replay, 1_001)).toBeUndefined()
  })

  it("lets no more through than one of its own, and whoever waits alone gets all of it", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            pass: fc.integer({ min: 0, max: 700 }),
            who: fc.constantFrom("live" as const, "replay" as const),
          }),
          { maxLength: 200 },
        ),
        fc.constantFrom("live" as const, "replay" as const),
        (turns, last) => {
          const rate = { amount: 2, perMillis: 1_000, burst: 3 }
          const shared = new SharedRate(rate, 0)
          let [now, taken] = [0, 0]
          for (const { pass, who } of turns) {
            now += pass
            if (tryOne(shared[who], now) === undefined) taken++
            expect(taken).toBeLessThanOrEqual(rate.burst + (now * rate.amount) / rate.perMillis)
          }
          // The other side is gone: its waiting is over before long.
          const since = now
          let alone = 0
          for (;;) {
            const due = tryOne(shared[last], now)
            if (due === undefined) alone++
            else now = due
            if (now > since + 10_000) break
          }
          expect(alone).toBeGreaterThanOrEqual(19)
        },
      ),
    )
  })
})
