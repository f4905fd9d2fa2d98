import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  judgeExhaustedSuspect,
  type MisconfigurationVerdict,
  noSuspicion,
  observeMisconfiguration,
  Outcome,
  type Suspicion,
} from "../../../src/domain/delivery/index.js"
import { outcomeArbitrary } from "./Samples.js"

type Observation = readonly [event: string, outcome: Outcome]

const history: fc.Arbitrary<ReadonlyArray<Observation>> = fc.array(
  fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), outcomeArbitrary),
  { maxLength: 40 },
)

const observeAll = (observations: ReadonlyArray<Observation>, threshold?: number) => {
  let suspicion: Suspicion<string> = noSuspicion
  const verdicts: Array<MisconfigurationVerdict<string>> = []
  for (const [event, outcome] of observations) {
    const next = observeMisconfiguration(suspicion, event, outcome, threshold)
    suspicion = next.suspicion
    verdicts.push(next.verdict)
  }
  return { suspicion, verdicts }
}

const refused = (event: string): Observation => [event, Outcome.misconfigured("401")]
const delivered = (event: string): Observation => [event, Outcome.delivered()]

describe("observeMisconfiguration", () => {
  it("blames the sink at once when the transport is certain, and never the event", () => {
    const { suspicion, verdicts } = observeAll([
      ["a", Outcome.unusable("no such transport")],
      delivered("b"),
    ])
    expect(verdicts.map(({ _tag }) => _tag)).toEqual(["SinkMisconfigured", "Clear"])
    expect(suspicion).toEqual(noSuspicion)
  })

  it("blames the sink exactly when enough different events were refused since the last delivery", () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 4 }), (observations, threshold) => {
        const { verdicts, suspicion } = observeAll(observations, threshold)
        let distinct = new Set<string>()
        for (const [index, [event, outcome]] of observations.entries()) {
          if (outcome._tag === "Delivered") distinct = new Set()
          if (outcome._tag !== "Misconfigured") continue
          distinct.add(event)
          const expected = distinct.size >= threshold ? "SinkMisconfigured" : "Suspect"
          expect(verdicts[index]?._tag).toBe(expected)
        }
        expect(suspicion.events.length).toBeLessThanOrEqual(threshold)
      }),
    )
  })

  it("blames events exactly when another is delivered, and forgets them", () => {
    fc.assert(
      fc.property(history, fc.constantFrom("a", "b", "f"), (observations, event) => {
        const { suspicion } = observeAll(observations)
        const after = observeMisconfiguration(suspicion, event, Outcome.delivered())
        const blamed = suspicion.events.filter((suspect) => suspect !== event)
        expect(after.suspicion).toEqual(noSuspicion)
        expect(after.verdict).toEqual(
          blamed.length === 0 ? { _tag: "Clear" } : { _tag: "RejectEarlier", events: blamed },
        )
      }),
    )
  })

  it("does not blame the sink for one event, however often it is refused", () => {
    const { verdicts } = observeAll(Array(100).fill(refused("a")))
    expect(new Set(verdicts.map(({ _tag }) => _tag))).toEqual(new Set(["Suspect"]))
  })

  it("tells a bad event from a bad sink", () => {
    expect(observeAll([refused("a"), delivered("b")]).verdicts.at(-1)).toEqual({
      _tag: "RejectEarlier",
      events: ["a"],
    })
    expect(observeAll([refused("a"), refused("b"), refused("c")]).verdicts.at(-1)).toEqual({
      _tag: "SinkMisconfigured",
    })
  })
})

describe("judgeExhaustedSuspect", () => {
  it("rejects an event refused alone", () => {
    expect(judgeExhaustedSuspect(observeAll([refused("a")]).suspicion)).toBe("RejectEvent")
  })

  it("finds out a sink that is offered one event at a time", () => {
    const { suspicion } = observeAll(["a", "a", "b", "b", "c"].map(refused))
    expect(judgeExhaustedSuspect(suspicion)).toBe("SinkMisconfigured")
  })
})
