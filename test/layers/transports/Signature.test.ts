import { createHmac } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import * as fc from "fast-check"
import {
  ed25519Key,
  hmacKey,
  parseSecrets,
  parseSigningKey,
  verify,
} from "../../../src/layers/transports/webhook/Signature.js"
import { Signer } from "../../../src/layers/transports/webhook/Signer.js"

const secretOf = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString("base64")}`
const bytes = fc.uint8Array({ minLength: 24, maxLength: 64 })
const id = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => !text.includes("."))
const body = fc.uint8Array({ maxLength: 200 })
const now = fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 })

const signer = (secrets: string) =>
  new Signer(
    Either.getOrThrow(parseSecrets(Redacted.make(secrets))).map((key) => ({ key: hmacKey(key) })),
  )

const signed = (secrets: string, id: string, now: number, body: Uint8Array) => {
  const timestamp = String(Math.floor(now / 1_000))
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signer(secrets).sign(id, timestamp, body, now),
  }
}

describe("a signature", () => {
  it("is what Standard Webhooks gives as its example", () => {
    // From the specification's "Signature scheme", checked with the reference libraries.
    const example = signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    const text = '{"test": 2432232314}'
    expect(example.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", Buffer.from(text), 0)).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    )
  })

  it("of a key pair is what the reference implementation of Standard Webhooks gives", () => {
    // The signature is also the example in the specification's "Webhook headers".
    const key = parseSigningKey(
      Redacted.make(
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
      ),
    )
    const signer = new Signer([{ key: ed25519Key(Either.getOrThrow(key)) }])
    const body = Buffer.from('{"test": 2432232314}')
    expect(signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body, 0)).toBe(
      "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
    )
  })

  it.each([
    "",
    "whsk_",
    `whsk_${Buffer.alloc(32).toString("base64")}`,
    `whsk_${Buffer.alloc(64).toString("base64")}`,
    `whsec_${Buffer.alloc(64).toString("base64")}`,
  ])("is not made with %j, which is no key pair", (text) => {
    expect(Either.isLeft(parseSigningKey(Redacted.make(text)))).toBe(true)
  })

  it("verifies with any of the secrets it was made with, and is HMAC-SHA256", () => {
    fc.assert(
      fc.property(
        fc.array(bytes, { minLength: 1, maxLength: 4 }),
        id,
        now,
        body,
        (all, id, now, body) => {
          const headers = signed(all.map(secretOf).join(" "), id, now, body)
          for (const [index, secret] of all.entries()) {
            expect(verify(Redacted.make(secretOf(secret)), { headers, body, now })).toEqual(
              Either.void,
            )
            const expected = createHmac("sha256", secret)
              .update(`${id}.${headers["webhook-timestamp"]}.`)
              .update(body)
              .digest("base64")
            expect(headers["webhook-signature"].split(" ")[index]).toBe(`v1,${expected}`)
          }
        },
      ),
    )
  })

  it("does not verify when secret, id, time, body or signature are others", () => {
    fc.assert(
      fc.property(bytes, bytes, id, now, body, (secret, other, id, now, body) => {
        fc.pre(!Buffer.from(secret).equals(Buffer.from(other)))
        const own = Redacted.make(secretOf(secret))
        const headers = signed(secretOf(secret), id, now, body)
        const isRefused = (secret: Redacted.Redacted, changed: Parameters<typeof verify>[1]) =>
          Either.isLeft(verify(secret, changed))
        const request = { headers, body, now }
        expect(isRefused(Redacted.make(secretOf(other)), request)).toBe(true)
        expect(isRefused(own, { ...request, body: Buffer.concat([body, Buffer.from("x")]) })).toBe(
          true,
        )
        expect(isRefused(own, { ...request, now: now + 302_000 })).toBe(true)
        expect(isRefused(own, { ...request, now: now - 302_000 })).toBe(true)
        const changes = {
          "webhook-id": `${id}x`,
          "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + 1),
          "webhook-signature": headers["webhook-signature"].replace("v1,", "v2,"),
        }
        for (const [name, value] of Object.entries(changes)) {
          expect(isRefused(own, { ...request, headers: { ...headers, [name]: value } })).toBe(true)
          expect(isRefused(own, { ...request, headers: { ...headers, [name]: undefined } })).toBe(
            true,
          )
        }
      }),
    )
  })
})

describe("secrets", () => {
  it.each([
    "",
    "whsec_",
    "whsec_AAAA",
    `whsec_${Buffer.alloc(23).toString("base64")}`,
    `whsec_${Buffer.alloc(65).toString("base64")}`,
    Buffer.alloc(32).toString("base64"),
    `whsec_${"A".repeat(43)}`,
    `whsec_${Buffer.alloc(32).toString("base64")}\n`.repeat(2),
    Array.from({ length: 5 }, () => secretOf(Buffer.alloc(32))).join(" "),
  ])("such as %j are refused without being shown", (text) => {
    const result = parseSecrets(Redacted.make(text))
    expect(Either.isLeft(result)).toBe(true)
    if (text.length > 8) expect(JSON.stringify(result)).not.toContain(text.slice(6, 20))
  })
})
