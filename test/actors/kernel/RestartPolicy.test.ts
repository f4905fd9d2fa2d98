import * as fc from "fast-check"
import { Cause } from "effect"
import { describe, expect, it } from "vitest"
import {
  ActorExit,
  afterExit,
  allowsRestart,
  noRestarts,
  type RestartIntensity,
  recordRestart,
} from "../../../src/actors/kernel/index.js"

const intensities: fc.Arbitrary<RestartIntensity> = fc.record({
  maxRestarts: fc.integer({ min: 0, max: 6 }),
  withinMillis: fc.integer({ min: 1, max: 1_000 }),
})

/** Pauses between crashes; each restart takes place some time after its crash. */
const crashes = fc.array(
  fc.record({ pause: fc.integer({ min: 0, max: 400 }), delay: fc.integer({ min: 0, max: 50 }) }),
  { maxLength: 60 },
)

const replay = (
  intensity: RestartIntensity,
  trace: ReadonlyArray<{ pause: number; delay: number }>,
) => {
  const restarts: Array<number> = []
  const refused: Array<number> = []
  let history = noRestarts
  let now = 0
  for (const { pause, delay } of trace) {
    now += pause
    if (!allowsRestart(intensity, history, now)) {
      refused.push(now)
      continue
    }
    now += delay
    restarts.push(now)
    history = recordRestart(intensity, history, now)
  }
  return { restarts, refused, history }
}

const inWindowEndingAt = (
  restarts: ReadonlyArray<number>,
  end: number,
  intensity: RestartIntensity,
) => restarts.filter((at) => at > end - intensity.withinMillis && at <= end).length

describe("RestartIntensity", () => {
  it("never allows more restarts than the intensity in any window", () => {
    fc.assert(
      fc.property(intensities, crashes, (intensity, trace) => {
        const { restarts } = replay(intensity, trace)
        for (const end of restarts) {
          expect(inWindowEndingAt(restarts, end, intensity)).toBeLessThanOrEqual(
            intensity.maxRestarts,
          )
        }
      }),
    )
  })

  it("refuses only when the window is used up", () => {
    fc.assert(
      fc.property(intensities, crashes, (intensity, trace) => {
        const { restarts, refused } = replay(intensity, trace)
        for (const at of refused) {
          expect(inWindowEndingAt(restarts, at, intensity)).toBe(intensity.maxRestarts)
        }
      }),
    )
  })

  it("remembers no more than the window holds", () => {
    fc.assert(
      fc.property(intensities, crashes, (intensity, trace) => {
        expect(replay(intensity, trace).history.length).toBeLessThanOrEqual(intensity.maxRestarts)
      }),
    )
  })

  it("forgets a restart exactly at the end of its window", () => {
    const intensity = { maxRestarts: 1, withinMillis: 100 }
    const history = recordRestart(intensity, noRestarts, 1_000)
    expect(allowsRestart(intensity, history, 1_099)).toBe(false)
    expect(allowsRestart(intensity, history, 1_100)).toBe(true)
  })
})

describe("afterExit", () => {
  const crashed = ActorExit.Crashed({ cause: Cause.fail("boom") })
  const cases = [
    ["permanent", crashed, "Restart"],
    ["permanent", ActorExit.Final(), "Restart"],
    ["permanent", ActorExit.Stopped(), "Retire"],
    ["transient", crashed, "Restart"],
    ["transient", ActorExit.Final(), "Retire"],
    ["transient", ActorExit.Stopped(), "Retire"],
    ["temporary", crashed, "GiveUp"],
    ["temporary", ActorExit.Final(), "Retire"],
    ["temporary", ActorExit.Stopped(), "Retire"],
  ] as const
  for (const [restart, exit, expected] of cases) {
    it(`${restart}, ${exit._tag}: ${expected}`, () => {
      expect(afterExit({ restart }, exit, noRestarts, 0)._tag).toBe(expected)
    })
  }

  it("doubles the pause up to the cap", () => {
    const policy = {
      restart: "transient",
      intensity: { maxRestarts: 10, withinMillis: 1_000 },
      backoff: { base: "100 millis", cap: "1 second" },
    } as const
    const pauses = [0, 1, 2, 3, 4, 5].map((n) =>
      afterExit(
        policy,
        crashed,
        Array.from({ length: n }, () => 0),
        10,
      ),
    )
    expect(pauses).toEqual(
      [100, 200, 400, 800, 1_000, 1_000].map((delayMillis) => ({ _tag: "Restart", delayMillis })),
    )
  })

  it("gives up when the intensity is used up", () => {
    const policy = {
      restart: "permanent",
      intensity: { maxRestarts: 2, withinMillis: 1_000 },
    } as const
    expect(afterExit(policy, crashed, [10, 20], 500)._tag).toBe("GiveUp")
    expect(afterExit(policy, crashed, [10, 20], 1_010)._tag).toBe("Restart")
  })
})
