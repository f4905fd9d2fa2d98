import { createHmac } from "node:crypto"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { hmacSha256 } from "../../../src/layers/transports/webhook/HmacSha256.js"

it("is the HMAC-SHA256 of Node, for every key and message", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(
        fc.tuple(
          fc.string({ unit: "binary-ascii" }),
          fc.uint8Array({ size: "max", maxLength: 700 }),
        ),
        { minLength: 1, maxLength: 5 },
      ),
      (key, messages) => {
        const hmac = hmacSha256(key)
        for (const [prefix, body] of messages) {
          const expected = createHmac("sha256", key).update(prefix).update(body).digest("base64")
          expect(hmac(prefix, body)).toBe(expected)
        }
      },
    ),
  )
})

it("signs messages of every length up to and beyond what it puts together itself", () => {
  const key = Buffer.alloc(32, 7)
  const hmac = hmacSha256(key)
  for (const length of [0, 1, 16_383, 16_384, 16_385, 1_000_000]) {
    for (const prefix of ["", "msg_1.1700000000."]) {
      const body = Buffer.alloc(length, length)
      const expected = createHmac("sha256", key).update(prefix).update(body).digest("base64")
      expect(hmac(prefix, body), `${prefix} ${length}`).toBe(expected)
    }
  }
})

// RFC 4231, sections 4.2 to 4.5.
it.each([
  ["0b".repeat(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  [
    Buffer.from("Jefe").toString("hex"),
    "what do ya want for nothing?",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
])("has the code of RFC 4231 for the key %s", (key, message, code) => {
  const hmac = hmacSha256(Buffer.from(key, "hex"))
  expect(Buffer.from(hmac(message, Buffer.alloc(0)), "base64").toString("hex")).toBe(code)
})

it("takes no key that is longer than a block", () => {
  expect(() => hmacSha256(Buffer.alloc(65))).toThrow(RangeError)
})
