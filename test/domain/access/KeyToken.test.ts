// The token of a key: read back as it was made, and no other text taken for one.

import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  isKeyToken,
  KeyId,
  keyIdLength,
  keyIdOf,
  keySecretLength,
  keyToken,
} from "../../../src/domain/index.js"

const character = fc.constantFrom(
  ...Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
)
const text = (length: number) => fc.stringOf(character, { minLength: length, maxLength: length })
const parts = fc.tuple(
  text(keyIdLength).map((id) => KeyId.make(id)),
  text(keySecretLength),
)

describe("the token of a key", () => {
  it("has the checksum of the standard", () => {
    // As zlib has it: 3102945005, in base 62.
    const token = keyToken(KeyId.make("A".repeat(16)), "b".repeat(43))
    expect(token).toMatch(/^elk_A{16}_b{43}3Nzdk5$/)
    expect(keyIdOf(token)).toBe("A".repeat(16))
  })

  it("gives back its id", () => {
    fc.assert(
      fc.property(parts, ([id, secret]) => {
        const token = keyToken(id, secret)
        expect(isKeyToken(token)).toBe(true)
        expect(keyIdOf(token)).toBe(id)
      }),
    )
  })

  it("is not one any more when a character is another, missing or too many", () => {
    fc.assert(
      fc.property(parts, fc.nat(69), character, ([id, secret], at, other) => {
        const token = keyToken(id, secret)
        fc.pre(token.charAt(at) !== other)
        const [before, after] = [token.slice(0, at), token.slice(at + 1)]
        expect(keyIdOf(`${before}${other}${after}`)).toBeUndefined()
        expect(keyIdOf(`${before}${after}`)).toBeUndefined()
        expect(keyIdOf(`${before}${other}${token.charAt(at)}${after}`)).toBeUndefined()
      }),
    )
  })

  it("is none that is anything else", () => {
    fc.assert(
      fc.property(fc.string(), (any) => {
        expect(keyIdOf(any)).toBeUndefined()
      }),
    )
  })
})
