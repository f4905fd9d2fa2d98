import { Either, Option } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  formatTraceParent,
  formatTraceState,
  isSampled,
  parseTraceParent,
  parseTraceState,
  traceContext,
  withTraceContext,
} from "../../../src/domain/event/index.js"
import * as arb from "./EventArbitraries.js"

const hex = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => /[^0]/.test(text))

const parent = fc.record({
  traceId: hex(32),
  parentId: hex(16),
  flags: fc.constantFrom(0, 1),
})

const state = fc.uniqueArray(
  fc.tuple(
    fc.oneof(fc.stringMatching(/^[a-z][a-z0-9_*/-]{0,9}$/), fc.constant("0t@system")),
    fc.stringMatching(/^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,9}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/),
  ),
  { selector: ([key]) => key, minLength: 1, maxLength: 32 },
)

describe("trace context", () => {
  it("reads what it writes, also through an event", () => {
    fc.assert(
      fc.property(arb.event, parent, state, (event, parent, state) => {
        expect(parseTraceParent(formatTraceParent(parent))).toEqual(Option.some(parent))
        const written = state.map(
          ([key, value]) => [key, value.trimStart() === "" ? "x" : value] as const,
        )
        expect(parseTraceState(formatTraceState(written))).toEqual(Option.some(written))
        const traced = Either.getOrThrow(withTraceContext(event, parent, written))
        expect(traceContext(traced)).toEqual(Option.some({ parent, state: written }))
        const restarted = Either.getOrThrow(withTraceContext(traced, parent))
        expect(traceContext(restarted)).toEqual(Option.some({ parent, state: [] }))
      }),
    )
  })

  it("never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f-]{50,60}$/)), (text) => {
        parseTraceParent(text)
        parseTraceState(text)
      }),
    )
  })

  const trace = "0af7651916cd43dd8448eb211c80319c"
  const span = "b7ad6b7169203331"

  it("knows the flag of sampling, and drops what it does not know", () => {
    const read = Option.getOrThrow(parseTraceParent(`00-${trace}-${span}-ff`))
    expect(read.flags).toBe(255)
    expect(isSampled(read)).toBe(true)
    expect(formatTraceParent(read)).toBe(`00-${trace}-${span}-01`)
    expect(Option.isSome(parseTraceParent(`cc-${trace}-${span}-01-more`))).toBe(true)
  })

  it.each([
    "",
    `00-${trace}-${span}`,
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-more`,
    `cc-${trace}-${span}-01more`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
  ])("takes %s for none", (text) => {
    expect(parseTraceParent(text)).toEqual(Option.none())
  })

  it("reads lists of state leniently in blanks and strictly in members", () => {
    expect(parseTraceState("a=1 ,, \tb=2,")).toEqual(
      Option.some([
        ["a", "1"],
        ["b", "2"],
      ]),
    )
    for (const text of ["", ",", "a", "A=1", "a=", "a=1,a=2", "a=b=c", "@a=1", "=1"]) {
      expect(parseTraceState(text)).toEqual(Option.none())
    }
    const many = Array.from({ length: 33 }, (_, i) => `a${i}=1`)
    expect(Option.isSome(parseTraceState(many.slice(0, 32).join()))).toBe(true)
    expect(parseTraceState(many.join())).toEqual(Option.none())
  })
})
