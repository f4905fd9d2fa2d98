import { Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  MAX_REASON_LENGTH,
  Outcome,
  OutcomeSchema,
  Reason,
  reasonOf,
} from "../../../src/domain/delivery/index.js"

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 3_000 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 3_000 })
    .map((units) => units.map((unit) => String.fromCharCode(unit)).join("")),
)

describe("reasonOf", () => {
  it("makes one bounded line of well-formed text, whatever it is given", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const reason = reasonOf(text)
        expect(reason.length).toBeGreaterThan(0)
        expect(reason.length).toBeLessThanOrEqual(MAX_REASON_LENGTH)
        expect(reason).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })

  it("leaves a reason as it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const reason = reasonOf(text)
        expect(reasonOf(reason)).toBe(reason)
        expect(Schema.is(Reason)(reason)).toBe(true)
      }),
    )
  })

  it.each([
    ["  connection\r\nrefused\t", "connection refused"],
    ["\u001b[31mred", "[31mred"],
    ["abc\u202Edef", "abc def"],
    ["\u0000", "no reason given"],
    ["", "no reason given"],
    ["naïve 日本 👩‍👩‍👧", "naïve 日本 👩‍👩‍👧"],
  ])("%j becomes %j", (text, expected) => {
    expect(reasonOf(text)).toBe(expected)
  })

  it("does not cut a character in two", () => {
    for (const start of ["", "x"]) {
      const reason = reasonOf(start + "😀".repeat(400))
      expect(reason).toMatch(/😀…$/u)
      expect(reason.length).toBeLessThanOrEqual(MAX_REASON_LENGTH)
    }
  })
})

describe("Outcome", () => {
  it("sanitizes what endpoints say, and survives storage", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const outcome of [
          Outcome.delivered({ status: 204 }),
          Outcome.retry(text),
          Outcome.retry(text, 5),
          Outcome.reject(text),
          Outcome.misconfigured(text),
          Outcome.gone(text),
        ]) {
          const stored: unknown = JSON.parse(JSON.stringify(outcome))
          expect(Schema.decodeUnknownSync(OutcomeSchema)(stored)).toEqual(outcome)
        }
      }),
    )
  })
})
