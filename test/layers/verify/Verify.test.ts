// What receivers get: requests that were signed, whole and lately, and nothing that looks like one.

import { Either, Redacted } from "effect"
import * as fc from "fast-check"
import { Webhook } from "standardwebhooks"
import { describe, expect, it } from "vitest"
import {
  ed25519Key,
  hmacKey,
  parseSecrets,
  parseSigningKey,
} from "../../../src/layers/transports/webhook/Signature.js"
import { Signer } from "../../../src/layers/transports/webhook/Signer.js"
import {
  verify,
  type VerifyOptions,
  WebhookVerificationError,
  webhookVerifier,
} from "../../../src/layers/verify/index.js"
import { generateKey, jwkOf, publicKeyOf } from "./KeyPairs.js"

const json = { "content-type": "application/cloudevents+json" }
const event = { specversion: "1.0", id: "1", source: "/s", type: "t", data: { n: 1 } }
const body = JSON.stringify(event)
const at = 1_700_000_000_000
const now = () => at
const secretOf = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString("base64")}`
const secret = secretOf(Buffer.alloc(32, 1))

const signerOf = ({ keys = [], secrets = [] }: { secrets?: Array<string>; keys?: Array<string> }) =>
  new Signer([
    ...secrets.map((text) => {
      const [key] = Either.getOrThrow(parseSecrets(Redacted.make(text)))
      if (key === undefined) throw new Error("no key")
      return { key: hmacKey(key) }
    }),
    ...keys.map((text) => ({
      key: ed25519Key(Either.getOrThrow(parseSigningKey(Redacted.make(text)))),
    })),
  ])

/** The headers of a request as the webhook transport makes them. */
const signed = (
  by: { secrets?: Array<string>; keys?: Array<string> },
  payload: string | Uint8Array = body,
  { id = "msg_1", time = at }: { id?: string; time?: number } = {},
): Record<string, string> => {
  const timestamp = String(Math.floor(time / 1_000))
  return {
    ...json,
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signerOf(by).sign(id, timestamp, Buffer.from(payload), time),
  }
}

const failure = async (
  headers: Record<string, string | Array<string>>,
  options: VerifyOptions = { secrets: secret, now },
  payload: string | Uint8Array = body,
): Promise<string> => {
  const error: unknown = await verify(payload, headers, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(WebhookVerificationError)
  return error instanceof WebhookVerificationError ? error.code : "taken"
}

describe("the published examples of Standard Webhooks", () => {
  const example = {
    ...json,
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
  }
  const options = { now: () => 1_614_265_330_000 }
  // Signed, so what is wrong is that it is no CloudEvent.
  const payload = '{"test": 2432232314}'

  it("verify with the secret, and with the public key", async () => {
    const v1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    const v1a =
      "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    const secrets = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    const publicKeys = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
    for (const [signature, trusted] of [
      [v1, { secrets }],
      [v1a, { publicKeys }],
      [`${v1} ${v1a}`, { secrets }],
      [`${v1} ${v1a}`, { publicKeys }],
    ] as const) {
      const headers = { ...example, "webhook-signature": signature }
      expect(await failure(headers, { ...options, ...trusted }, payload)).toBe("malformed-event")
      const changed = payload.replace("4", "5")
      expect(await failure(headers, { ...options, ...trusted }, changed)).toBe(
        "no-matching-signature",
      )
    }
  })
})

describe("a request", () => {
  const bytes = fc.uint8Array({ minLength: 24, maxLength: 64 })
  const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/)
  const data = fc.jsonValue()

  it("is taken when any of its signatures is by any of the keys", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { minLength: 1, maxLength: 3 }),
        fc.nat(2),
        id,
        data,
        async (all, chosen, id, data) => {
          const payload = JSON.stringify({ ...event, data })
          const headers = signed({ secrets: all.map(secretOf) }, payload, { id })
          const trusted = secretOf(all[chosen % all.length] ?? Buffer.alloc(24))
          const secrets = [secretOf(Buffer.alloc(24, 7)), trusted]
          const webhook = await verify(payload, headers, { secrets, now })
          expect(webhook).toEqual({
            id,
            timestamp: new Date(at),
            events: [JSON.parse(payload)],
          })
        },
      ),
      { numRuns: 50 },
    )
  })

  it("is refused when key, id, time, body or signature are others", async () => {
    const headers = signed({ secrets: [secret] })
    expect(await failure(headers, { secrets: secretOf(Buffer.alloc(32, 2)), now })).toBe(
      "no-matching-signature",
    )
    expect(await failure(headers, undefined, `${body} `)).toBe("no-matching-signature")
    for (const [name, value] of [
      ["webhook-id", "msg_2"],
      ["webhook-timestamp", String(at / 1_000 + 1)],
      ["webhook-signature", signed({ secrets: [secret] }, "{}")["webhook-signature"] ?? ""],
    ] as const) {
      expect(await failure({ ...headers, [name]: value })).toBe("no-matching-signature")
      const { [name]: _, ...without } = headers
      expect(await failure(without)).toBe("malformed-header")
      expect(await failure({ ...headers, [name]: [value, value] })).toBe("malformed-header")
    }
  })

  it("is refused when it is too old, or from too far ahead", async () => {
    for (const [seconds, code] of [
      [300, "taken"],
      [301, "timestamp-out-of-tolerance"],
    ] as const) {
      for (const sign of [1, -1]) {
        const headers = signed({ secrets: [secret] }, body, { time: at + sign * seconds * 1_000 })
        if (code !== "taken") expect(await failure(headers)).toBe(code)
        else await verify(body, headers, { secrets: secret, now })
      }
    }
    const late = signed({ secrets: [secret] }, body, { time: at - 3_000 })
    const options = { secrets: secret, now, toleranceSeconds: 2 }
    expect(await failure(late, options)).toBe("timestamp-out-of-tolerance")
  })

  it("is refused when it only looks like one", async () => {
    const headers = signed({ secrets: [secret] })
    const signature = headers["webhook-signature"] ?? ""
    const base64 = signature.slice(3)
    for (const lookAlike of [
      base64,
      `V1,${base64}`,
      `v1=${base64}`,
      `v10,${base64}`,
      `v1a,${base64}`,
      `v1,${base64.slice(0, -1)}`,
      `v1, ${base64}`,
      `v1,${base64},`,
      `v1,${base64}==`,
      `v1,${base64.replaceAll("+", "-").replaceAll("/", "_")} `.replace(base64, "x"),
      `v1,${Buffer.from(base64, "base64").toString("hex")}`,
      `v1,${base64.slice(0, -2)}${String.fromCharCode(base64.charCodeAt(42) + 1)}=`,
      "v1,",
      "v1",
      "",
      ",",
      `${"v1,x ".repeat(16)}${signature}`,
    ]) {
      expect(await failure({ ...headers, "webhook-signature": lookAlike }), lookAlike).toBe(
        "no-matching-signature",
      )
    }
    for (const timestamp of [
      "",
      "now",
      "1e9",
      "+1700000000",
      "01700000000",
      "1700000000.0",
      " 1",
    ]) {
      expect(await failure({ ...headers, "webhook-timestamp": timestamp })).toBe("malformed-header")
    }
    for (const odd of ["", "msg.1", "msg 1", "zoë", "x".repeat(257)]) {
      expect(await failure({ ...headers, "webhook-id": odd })).toBe("malformed-header")
    }
  })

  it("may carry signatures of versions to come, in any order", async () => {
    const headers = signed({ secrets: [secret] })
    const signature = `v2,xyz v1,AAAA ${headers["webhook-signature"]} v1a,abc`
    await verify(body, { ...headers, "webhook-signature": signature }, { secrets: secret, now })
  })

  it("may have its headers in the forms of frameworks, and its body in any", async () => {
    const headers = signed({ secrets: [secret] })
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]),
    )
    const payload = new TextEncoder().encode(body)
    const take = webhookVerifier({ secrets: secret, now })
    for (const form of [headers, upper, new globalThis.Headers(headers)]) {
      for (const same of [body, payload, payload.buffer]) {
        expect((await take(same, form)).events).toEqual([event])
      }
    }
  })
})

describe("the library standardwebhooks", () => {
  const present = Date.now()

  it("signs what is taken here", async () => {
    const signature = new Webhook(secret).sign("msg_1", new Date(present), body)
    const headers = {
      ...json,
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(present / 1_000)),
      "webhook-signature": signature,
    }
    expect((await verify(body, headers, { secrets: secret })).events).toEqual([event])
  })

  it("takes what is signed here, also during a rotation", () => {
    const former = secretOf(Buffer.alloc(24, 9))
    const headers = signed({ secrets: [secret, former] }, body, { time: present })
    for (const each of [secret, former]) {
      expect(new Webhook(each).verify(body, headers)).toEqual(event)
    }
  })
})

describe("events", () => {
  const take = (payload: string, more: Record<string, string>, options: VerifyOptions = {}) =>
    verify(
      payload,
      { ...signed({ secrets: [secret] }, payload), ...more },
      { secrets: secret, now, ...options },
    )

  it("of a batch are all there", async () => {
    const batch = [event, { ...event, id: "2" }]
    const type = { "content-type": "application/cloudevents-batch+json; charset=utf-8" }
    expect((await take(JSON.stringify(batch), type)).events).toEqual(batch)
  })

  it("in binary mode are refused unless their unsigned attributes are wanted", async () => {
    const headers = {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": "1",
      "ce-source": "/s",
      "ce-type": "t",
      "ce-subject": "Zo%C3%AB",
    }
    await expect(take('{"n":1}', headers)).rejects.toMatchObject({ code: "unsigned-attributes" })
    const options = { allowUnsignedAttributes: true }
    expect((await take('{"n":1}', headers, options)).events).toEqual([
      { ...event, subject: "Zoë", datacontenttype: "application/json" },
    ])
    const bytes = { ...headers, "content-type": "image/x" }
    expect((await take("\u0001", bytes, options)).events).toMatchObject([{ data_base64: "AQ==" }])
  })

  it.each([
    ["not JSON", "{"],
    ["a list", "[]"],
    ["no event", "{}"],
    ["of another version", JSON.stringify({ ...event, specversion: "0.3" })],
    ["without an id", JSON.stringify({ ...event, id: "" })],
    ["with a subject that is none", JSON.stringify({ ...event, subject: 1 })],
  ])("that are %s are refused", async (_, payload) => {
    await expect(take(payload, {})).rejects.toMatchObject({ code: "malformed-event" })
  })
})

describe("key pairs", () => {
  it("are told apart, and rotated without a gap", async () => {
    const [one, two, other] = [generateKey(), generateKey(), generateKey()]
    const headers = signed({ keys: [two, one] })
    for (const key of [one, two]) {
      await verify(body, headers, { publicKeys: [publicKeyOf(other), publicKeyOf(key)], now })
    }
    expect(await failure(headers, { publicKeys: publicKeyOf(other), now })).toBe(
      "no-matching-signature",
    )
    expect(
      await failure(signed({ secrets: [secret] }), { publicKeys: publicKeyOf(one), now }),
    ).toBe("no-matching-signature")
  })

  it.each([
    [{}],
    [{ secrets: [] }],
    [{ secrets: "whsec_AAAA" }],
    [{ secrets: secret.slice(6) }],
    [{ publicKeys: secret }],
    [{ publicKeys: `whpk_${Buffer.alloc(31).toString("base64")}` }],
    [{ secrets: Array.from({ length: 17 }, () => "whsec_bad") }],
  ])("and secrets that are none are a mistake of the program: %j", async (options) => {
    expect(await failure(signed({ secrets: [secret] }), { ...options, now })).toBe("invalid-key")
  })
})

describe("a key set", () => {
  /** A published set that changes, and a clock. */
  const published = () => {
    let keys: ReadonlyArray<unknown> = []
    let time = at
    const state = { fetched: 0, isDown: false }
    const take = webhookVerifier({
      jwksUrl: "https://example.test/.well-known/jwks.json?set=x",
      now: () => time,
      fetch: () => {
        state.fetched++
        return state.isDown
          ? Promise.reject(new Error("down"))
          : Promise.resolve(Response.json({ keys }))
      },
    })
    return Object.assign(state, {
      publish: (...secretKeys: ReadonlyArray<string>) => {
        keys = [{ kty: "RSA", n: "x" }, ...secretKeys.map(jwkOf)]
      },
      pass: (millis: number) => {
        time += millis
      },
      send: (...secretKeys: Array<string>) =>
        take(body, signed({ keys: secretKeys }, body, { time })),
    })
  }

  it("is fetched once, and again for a key that is not in it, now and then", async () => {
    const [one, two, other] = [generateKey(), generateKey(), generateKey()]
    const site = published()
    site.publish(one)
    await Promise.all([site.send(one), site.send(one)])
    await site.send(one)
    expect(site.fetched).toBe(1)
    site.publish(two, one)
    await expect(site.send(two)).rejects.toMatchObject({ code: "no-matching-signature" })
    expect(site.fetched).toBe(1)
    site.pass(30_001)
    await site.send(two)
    expect(site.fetched).toBe(2)
    for (let attack = 0; attack < 5; attack++) {
      await expect(site.send(other)).rejects.toMatchObject({ code: "no-matching-signature" })
    }
    expect(site.fetched).toBe(2)
  })

  it("lets go of a key that is in it no more", async () => {
    const [one, two] = [generateKey(), generateKey()]
    const site = published()
    site.publish(one)
    await site.send(one)
    site.publish(two)
    site.pass(600_001)
    await expect(site.send(one)).rejects.toMatchObject({ code: "no-matching-signature" })
    await site.send(two)
  })

  it("that cannot be had is not the fault of the request", async () => {
    const one = generateKey()
    const site = published()
    site.publish(one)
    site.isDown = true
    await expect(site.send(one)).rejects.toMatchObject({ code: "keys-unavailable" })
    site.isDown = false
    await site.send(one)
    site.isDown = true
    site.pass(600_001)
    await site.send(one)
  })
})
