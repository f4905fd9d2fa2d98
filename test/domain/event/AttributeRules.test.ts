import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  base64Fault,
  mediaTypeFault,
  stringFault,
  timestampFault,
  uriFault,
  uriReferenceFault,
} from "../../../src/domain/event/AttributeRules.js"
import * as arb from "./EventArbitraries.js"

const passes = (rule: (text: string) => string | undefined) => (text: string) =>
  rule(text) === undefined

describe("text", () => {
  it("forbids exactly control characters, unpaired surrogates and noncharacters", () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const allowed =
        unit >= 0x20 &&
        !(unit >= 0x7f && unit <= 0x9f) &&
        !(unit >= 0xd800 && unit <= 0xdfff) &&
        !(unit >= 0xfdd0 && unit <= 0xfdef) &&
        unit < 0xfffe
      expect(passes(stringFault)(`a${String.fromCharCode(unit)}b`)).toBe(allowed)
    }
    for (let plane = 1; plane <= 16; plane++) {
      const last = plane * 0x10000 + 0xffff
      expect(passes(stringFault)(String.fromCodePoint(last - 2))).toBe(true)
      expect(passes(stringFault)(String.fromCodePoint(last - 1))).toBe(false)
      expect(passes(stringFault)(String.fromCodePoint(last))).toBe(false)
    }
  })
})

describe("URI references", () => {
  it("accepts generated ones", () => {
    fc.assert(fc.property(arb.source, passes(uriReferenceFault)))
    fc.assert(fc.property(fc.webUrl({ withFragments: true }), passes(uriFault)))
  })

  it.each([
    "a",
    ".",
    "..",
    "/",
    "//",
    "//h",
    "//h:",
    "//u:p@h:1/x",
    "a/b:c",
    "?",
    "#",
    "a?b/c?d#e/f?g",
    "x:",
    "x:/",
    "x:a:b",
    "urn:a:b",
    "file:///etc",
    "http://[v1.a:b]/",
    "%20",
    "//%41",
  ])("accepts %s", (text) => {
    expect(uriReferenceFault(text)).toBeUndefined()
  })

  it.each([
    "",
    " ",
    "a b",
    "é",
    "%",
    "%4",
    "%zz",
    ":",
    ":a",
    "1:b",
    "a_b:c",
    "//h:80a",
    "//[::1",
    "//a@b@c",
    "http://h:x/",
    "a#b#c",
    "[a]",
    "<a>",
    "a\\b",
    "a\nb",
    "a|b",
    "^",
    "`",
    "{}",
    '"',
  ])("rejects %j", (text) => {
    expect(uriReferenceFault(text)).toBeDefined()
  })

  it("asks a scheme of a URI", () => {
    for (const text of ["/a", "a", "//h/x", "?q"]) expect(uriFault(text)).toBeDefined()
    for (const text of ["x:", "http://h", "urn:a"]) expect(uriFault(text)).toBeUndefined()
  })
})

describe("timestamps", () => {
  it("accepts generated ones", () => {
    fc.assert(fc.property(arb.timestamp, passes(timestampFault)))
  })

  it("knows the calendar", () => {
    const part = (max: number, digits = 2) =>
      fc.integer({ min: 0, max }).map((n) => String(n).padStart(digits, "0"))
    fc.assert(
      fc.property(part(9999, 4), part(13), part(32), (year, month, day) => {
        const date = new Date(`${year}-${month}-${day}T00:00:00Z`)
        const real = !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day)
        expect(passes(timestampFault)(`${year}-${month}-${day}T00:00:00Z`)).toBe(real)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    "2024-02-29T00:00:00Z",
    "2024-01-01t00:00:00z",
    "2024-01-01T00:00:00.123456789+05:30",
    "2016-12-31T23:59:60Z",
    "2016-12-31T16:59:60-07:00",
    "2017-01-01T05:29:60+05:30",
  ])("accepts %s", (text) => {
    expect(timestampFault(text)).toBeUndefined()
  })

  it.each([
    "",
    "2024-01-01",
    "2024-01-01T00:00:00",
    "2024-01-01 00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:60:00Z",
    "2024-01-01T00:00:61Z",
    "2016-12-31T12:00:60Z",
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00+00:60",
    "2024-01-01T00:00Z",
    "2024-01-01T00:00:00Z\n",
    "20240101T000000Z",
    "+2024-01-01T00:00:00Z",
  ])("rejects %j", (text) => {
    expect(timestampFault(text)).toBeDefined()
  })
})

describe("media types", () => {
  it.each([
    "text/plain",
    "application/vnd.a.b+json",
    "a/b;c=d",
    "a/b ; c=d",
    'a/b; c="d; \\"e"',
    "a/b;",
    "a/b; ; c=d",
  ])("accepts %s", (text) => {
    expect(mediaTypeFault(text)).toBeUndefined()
  })

  it.each([
    "",
    "text",
    "text/",
    "/plain",
    "a/b/c",
    "a b/c",
    "a/b; c",
    "a/b; c=",
    "a/b\r\nx: y",
    "é/b",
    'a/b; c="é"',
  ])("rejects %j", (text) => {
    expect(mediaTypeFault(text)).toBeDefined()
  })
})

describe("base64", () => {
  it("accepts exactly what Node writes back", () => {
    fc.assert(
      fc.property(fc.oneof(arb.base64, fc.stringMatching(/^[A-Da-d0-1+/=]{0,8}$/)), (text) => {
        const bytes = Buffer.from(text, "base64")
        const sameLength = bytes.toString("base64").length === text.length
        const padded = /^[^=]*={0,2}$/.test(text) && text.length % 4 === 0
        expect(passes(base64Fault)(text)).toBe(sameLength && padded)
      }),
    )
  })
})

describe("every rule", () => {
  it("answers long hostile text without exhausting the stack", () => {
    const size = 1 << 20
    for (const rule of [
      stringFault,
      uriFault,
      uriReferenceFault,
      timestampFault,
      mediaTypeFault,
      base64Fault,
    ]) {
      for (const piece of [
        "a",
        "%41",
        "/",
        ":",
        "//",
        "; ",
        ";",
        "[",
        "@",
        " ",
        "=",
        "0",
        '"',
        "\\",
      ]) {
        const long = piece.repeat(size / piece.length)
        for (const text of [long, `${long}\n`, `a/b;${long}\n`, `x:${long}\n`, `//${long}\n`]) {
          expect(["string", "undefined"]).toContain(typeof rule(text.slice(0, 65_536)))
        }
      }
    }
    expect(base64Fault("AAAA".repeat(size))).toBeUndefined()
    expect(base64Fault(`${"AAAA".repeat(size)}AA\n=`)).toBeDefined()
  })
})
