import { describe, expect, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import {
  ed25519Key,
  hmacKey,
  parseSecrets,
  parseSigningKey,
} from "../../../src/layers/transports/webhook/Signature.js"
import { Signer } from "../../../src/layers/transports/webhook/Signer.js"

const signer = (secrets: string) =>
  new Signer(
    Either.getOrThrow(parseSecrets(Redacted.make(secrets))).map((key) => ({ key: hmacKey(key) })),
  )

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
    Array.from({ length: 5 }, () => `whsec_${Buffer.alloc(32).toString("base64")}`).join(" "),
  ])("such as %j are refused without being shown", (text) => {
    const result = parseSecrets(Redacted.make(text))
    expect(Either.isLeft(result)).toBe(true)
    if (text.length > 8) expect(JSON.stringify(result)).not.toContain(text.slice(6, 20))
  })
})
