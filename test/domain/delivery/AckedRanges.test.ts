import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { AckedRanges, MAX_STORED_RANGES } from "../../../src/domain/delivery/index.js"

/** The position said plainly: a floor and a set. */
class Model {
  readonly acked = new Set<number>()
  floor: number
  constructor(floor: number) {
    this.floor = floor
  }
  acknowledge(from: number, to: number): void {
    for (let sequence = from; sequence <= to; sequence++) this.acked.add(sequence)
    while (this.acked.has(this.floor + 1)) this.floor++
  }
  isAcknowledged = (sequence: number): boolean => sequence <= this.floor || this.acked.has(sequence)
}

const SPAN = 60
const steps = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: SPAN }),
    fc.oneof(fc.constant(0), fc.integer({ min: -1, max: 8 })),
  ),
  { maxLength: 80 },
)

const replay = (floor: number, path: ReadonlyArray<readonly [number, number]>) => {
  const model = new Model(floor)
  const acked = new AckedRanges(floor)
  for (const [from, length] of path) {
    const before = model.floor
    model.acknowledge(from, from + length)
    expect(acked.acknowledgeRange(from, from + length)).toBe(model.floor > before)
    expect(acked.floor).toBe(model.floor)
  }
  return { model, acked }
}

const everySequence = Array.from({ length: SPAN + 20 }, (_, sequence) => sequence)
const parsed = (text: string) => Either.getOrThrow(AckedRanges.parse(text))

describe("AckedRanges", () => {
  it("agrees with a set of sequences after any acknowledgements", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 }), steps, (floor, path) => {
        const { model, acked } = replay(floor, path)
        for (const sequence of everySequence)
          expect(acked.isAcknowledged(sequence)).toBe(model.isAcknowledged(sequence))
      }),
      { numRuns: 1_000 },
    )
  })

  it("holds the fewest ranges: ascending, apart from each other and from the floor", () => {
    fc.assert(
      fc.property(steps, (path) => {
        const { acked } = replay(0, path)
        let end = acked.floor
        for (const { from, to } of acked.ranges) {
          expect(from).toBeGreaterThan(end + 1)
          expect(to).toBeGreaterThanOrEqual(from)
          end = to
        }
        expect(acked.ceiling).toBe(end)
        expect(acked.ranges.length).toBe(acked.rangeCount)
      }),
    )
  })

  it("comes back from its stored form, and goes on from there", () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const { acked } = replay(3, before)
        const stored = parsed(acked.toString())
        for (const [from, length] of after) {
          acked.acknowledgeRange(from, from + length)
          stored.acknowledgeRange(from, from + length)
        }
        expect(stored.toString()).toBe(acked.toString())
      }),
    )
  })

  it("ends with a bare floor when everything arrives, in whatever order", () => {
    const shuffled = fc.shuffledSubarray(everySequence, { minLength: everySequence.length })
    fc.assert(
      fc.property(shuffled, (sequences) => {
        const acked = new AckedRanges(-1)
        for (const sequence of sequences) acked.acknowledge(sequence)
        expect(acked.toString()).toBe(String(everySequence.length - 1))
      }),
    )
  })

  it("reads any text without throwing, and only what it would write itself", () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[0-9]{1,3}(:[0-9]{1,2}(-[0-9]{1,2})?(,[0-9]{1,2}(-[0-9]{1,2})?){0,2})?$/),
    )
    fc.assert(
      fc.property(text, (input) => {
        const result = AckedRanges.parse(input)
        if (Either.isLeft(result)) expect(result.left.message).toContain(result.left.reason)
        else {
          const written = result.right.toString()
          expect(parsed(written).toString()).toBe(written)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it.each([
    "",
    "x",
    "-1",
    "1:",
    "1:1",
    "1:0",
    "1:5-4",
    "1:5,3",
    "1:2-3,4",
    "1:2,,5",
    "1:3\n",
    "99999999999999999",
    "9007199254740991:5",
  ])("rejects the stored form %j", (text) => {
    expect(Either.isLeft(AckedRanges.parse(text))).toBe(true)
  })

  it("rejects a stored form with too many ranges", () => {
    const text = Array.from({ length: MAX_STORED_RANGES + 1 }, (_, index) => 2 + index * 2).join(
      ",",
    )
    expect(Either.isLeft(AckedRanges.parse(`0:${text}`))).toBe(true)
  })

  it("writes ranges relative to the floor", () => {
    const acked = new AckedRanges(100)
    for (const sequence of [102, 103, 105, 104, 108]) acked.acknowledge(sequence)
    expect(acked.toString()).toBe("100:2-5,8")
    expect(acked.acknowledge(101)).toBe(true)
    expect(acked.toString()).toBe("105:3")
  })

  it("ignores what is no sequence", () => {
    const acked = new AckedRanges(1)
    for (const odd of [Number.NaN, Infinity, 2.5, -Infinity])
      expect(acked.acknowledge(odd)).toBe(false)
    expect(acked.toString()).toBe("1")
  })
})
