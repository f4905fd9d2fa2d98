import { Either, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  ByteSize,
  ByteSizeText,
  byteSizeBetween,
  formatByteSize,
  MAX_BYTE_SIZE,
  parseByteSize,
} from "../../../src/domain/units/index.js"

const sizes = fc
  .oneof(
    fc.integer({ min: 0, max: MAX_BYTE_SIZE }),
    fc
      .tuple(
        fc.integer({ min: 0, max: 1_000 }),
        fc.constantFrom(1, 1e3, 2 ** 10, 1e6, 2 ** 30, 1e12),
      )
      .map(([count, unit]) => count * unit),
  )
  .map((bytes) => ByteSize.make(bytes))

describe("byte size text", () => {
  it("round-trips every size", () => {
    fc.assert(
      fc.property(sizes, (bytes) => {
        expect(parseByteSize(formatByteSize(bytes))).toEqual(Either.right(bytes))
        expect(Schema.decodeSync(ByteSizeText)(Schema.encodeSync(ByteSizeText)(bytes))).toBe(bytes)
      }),
    )
  })

  it("never throws, and answers any text with a size in bounds or an error", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^-?[0-9.]{0,20} ?[kKmMgGtTpP]?i?[bB]?$/))
    fc.assert(
      fc.property(text, (input) => {
        const result = parseByteSize(input)
        if (Either.isRight(result)) {
          expect(Number.isInteger(result.right)).toBe(true)
          expect(result.right).toBeGreaterThanOrEqual(0)
          expect(result.right).toBeLessThanOrEqual(MAX_BYTE_SIZE)
        } else expect(result.left.message).toContain("is not a size")
      }),
    )
  })

  it.each([
    ["0B", 0],
    ["512B", 512],
    ["10MB", 10_000_000],
    ["10mb", 10_000_000],
    ["1MiB", 1_048_576],
    ["1.5 KiB", 1_536],
    ["1PiB", MAX_BYTE_SIZE],
  ])("reads %s", (text, bytes) => {
    expect(parseByteSize(text)).toEqual(Either.right(bytes))
  })

  it.each([
    "",
    "10",
    "MB",
    "-1MB",
    "1.5B",
    "1.0000001kB",
    "2PiB",
    "1XB",
    "NaN MB",
    "1e3B",
    "1  MB",
  ])("rejects %j", (text) => {
    expect(Either.isLeft(parseByteSize(text))).toBe(true)
  })

  it.each([
    [0, "0B"],
    [1_000, "1kB"],
    [1_024, "1KiB"],
    [1_500, "1500B"],
    [1_000_000, "1MB"],
  ])("writes %d as %s", (bytes, text) => {
    expect(formatByteSize(ByteSize.make(bytes))).toBe(text)
  })

  it("keeps bounds", () => {
    const decode = Schema.decodeUnknownEither(byteSizeBetween(ByteSize.make(10), ByteSize.make(20)))
    expect(["9B", "10B", "20B", "21B"].map((text) => Either.isRight(decode(text)))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
})
