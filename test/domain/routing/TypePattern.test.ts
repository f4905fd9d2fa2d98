import { Either, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  InvalidTypePattern,
  isLiteralPattern,
  MAX_PATTERN_LENGTH,
  MAX_PATTERN_SEGMENTS,
  parseTypePattern,
  TypePattern,
  typeMatches,
} from "../../../src/domain/routing/index.js"
import { naiveMatches, patternArbitrary, typeArbitrary } from "./NaiveMatcher.js"

describe("typeMatches", () => {
  it("agrees with the naive matcher", () => {
    fc.assert(
      fc.property(patternArbitrary, typeArbitrary, (pattern, type) => {
        expect(typeMatches(pattern, type)).toBe(naiveMatches(pattern, type))
      }),
      { numRuns: 2_000 },
    )
  })

  it("agrees with the naive matcher on any text", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (text, type) => {
        const pattern = parseTypePattern(text)
        if (Either.isRight(pattern))
          expect(typeMatches(pattern.right, type)).toBe(naiveMatches(text, type))
      }),
    )
  })

  it("matches a plain pattern with itself alone", () => {
    fc.assert(
      fc.property(patternArbitrary, typeArbitrary, (pattern, type) => {
        fc.pre(isLiteralPattern(pattern))
        expect(typeMatches(pattern, type)).toBe(pattern === type)
      }),
    )
  })

  it.each([
    ["albergue.v1.booking.*", "albergue.v1.booking.reserved", true],
    ["albergue.v1.booking.*", "albergue.v1.booking.room.reserved", true],
    ["albergue.v1.booking.*", "albergue.v1.bookings", false],
    ["albergue.v1.booking.*", "albergue.v1.booking", false],
    ["albergue.v1.*", "albergue.v1.booking.reserved", true],
    ["*", "a", true],
    ["*", "a.b.c", true],
    ["*.b", "a.b", true],
    ["*.b", "a.c.b", false],
    ["a.*.c", "a.b.c", true],
    ["a.*.c", "a.b.b.c", false],
    ["*.*", "a", false],
    ["*.*", "a.b.c", true],
    ["a.*", "a.", true],
    ["a.*.b", "a..b", true],
    ["a", "A", false],
  ])("%s on %s: %s", (pattern, type, expected) => {
    expect(typeMatches(TypePattern.make(pattern), type)).toBe(expected)
    expect(naiveMatches(pattern, type)).toBe(expected)
  })
})

describe("parseTypePattern", () => {
  it("never throws, and either keeps the text or says where it goes wrong", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(fc.constantFrom("*", ".", "a", "\u0000", "\uD800"), { maxLength: 80 })
        .map((cs) => cs.join("")),
    )
    fc.assert(
      fc.property(text, (input) => {
        const result = parseTypePattern(input)
        if (Either.isRight(result)) expect(result.right).toBe(input)
        else {
          expect(result.left).toBeInstanceOf(InvalidTypePattern)
          expect(result.left.position).toBeLessThanOrEqual(input.length)
        }
        expect(Schema.is(TypePattern)(input)).toBe(Either.isRight(result))
      }),
    )
  })

  it.each([
    ["", 0],
    ["a*", 1],
    ["a.b*.c", 3],
    ["a.**", 2],
    ["*a", 0],
    ["a\u0000b", 1],
    ["a.\uD800", 2],
    ["x".repeat(MAX_PATTERN_LENGTH + 1), MAX_PATTERN_LENGTH],
    [
      Array(MAX_PATTERN_SEGMENTS + 1)
        .fill("a")
        .join("."),
      MAX_PATTERN_SEGMENTS * 2,
    ],
  ])("rejects %j at position %d", (text, position) => {
    const error = Either.getOrThrow(Either.flip(parseTypePattern(text)))
    expect(error.position).toBe(position)
    expect(error.message).toContain(error.reason)
  })

  it("cuts the pattern that an error repeats", () => {
    const error = Either.getOrThrow(Either.flip(parseTypePattern("x".repeat(1_000_000))))
    expect(error.pattern.length).toBe(MAX_PATTERN_LENGTH)
  })

  it("takes the longest and deepest patterns allowed", () => {
    const deepest = Array(MAX_PATTERN_SEGMENTS).fill("*").join(".")
    expect(Either.isRight(parseTypePattern(deepest))).toBe(true)
    expect(Either.isRight(parseTypePattern("x".repeat(MAX_PATTERN_LENGTH)))).toBe(true)
  })
})
