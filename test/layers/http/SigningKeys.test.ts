// The public keys of namespaces: made when they are needed, rotated, published to who knows where,
// and to nobody else.

import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { putNamespace, send, withServer } from "./support/Server.js"

const ns = "/v1/namespaces/acme.example"
const Keys = Schema.Struct({
  jwks: Schema.optional(Schema.String),
  keys: Schema.Array(
    Schema.Struct({
      kid: Schema.String,
      publicKey: Schema.String,
      createdAt: Schema.String,
      until: Schema.optional(Schema.String),
    }),
  ),
})
const decode = Schema.decodeUnknownSync(Keys)
const keysOf = (path = ns) =>
  Effect.map(send({ path: `${path}/signing-keys` }), ({ json }) => decode(json))
const rotate = (body: unknown, path = ns) =>
  send({ method: "POST", path: `${path}/signing-keys/rotate`, body })

describe("signing keys", () => {
  it.live("are made with the first sink that signs with them, and published under their set", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        expect(yield* keysOf()).toEqual({ keys: [] })
        const sink = { kind: "webhook", url: "https://hooks.example.com/in", signature: "v1a" }
        const put = { method: "PUT", body: sink } as const
        const made = yield* send({ ...put, path: `${ns}/sinks/one` })
        expect(made).toMatchObject({ status: 201, json: { signature: "v1a", hasSecret: false } })
        yield* send({ ...put, path: `${ns}/sinks/two` })
        const { jwks = "", keys } = yield* keysOf()
        expect(keys).toHaveLength(1)
        const published = yield* send({ path: jwks })
        expect(published).toMatchObject({
          status: 200,
          headers: {
            "content-type": "application/jwk-set+json",
            "cache-control": "public, max-age=300",
          },
        })
        const [key] = keys
        const x = Buffer.from(key?.publicKey.slice(5) ?? "", "base64").toString("base64url")
        expect(key?.publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/)
        expect(key?.kid).toBe(
          createHash("sha256")
            .update(JSON.stringify({ crv: "Ed25519", kty: "OKP", x }))
            .digest("base64url"),
        )
        expect(published.json).toEqual({
          keys: [{ kty: "OKP", crv: "Ed25519", x, kid: key?.kid, use: "sig", alg: "EdDSA" }],
        })
      }),
    ),
  )

  it.live("are rotated in the same set, one at a time, and gone with the namespace", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const first = decode((yield* rotate({})).json)
        const second = decode((yield* rotate({ overlap: "1h" })).json)
        expect(second.jwks).toBe(first.jwks)
        expect(second.keys.map(({ kid }) => kid)).toEqual([expect.any(String), first.keys[0]?.kid])
        expect(second.keys[1]?.until).toEqual(expect.any(String))
        const path = second.jwks ?? ""
        expect((yield* send({ path })).json).toMatchObject({ keys: [{}, {}] })
        expect(yield* rotate({})).toMatchObject({
          status: 409,
          json: { type: "urn:eventloom:problem:rotation-under-way" },
        })
        const third = decode((yield* rotate({ overlap: "0s" })).json)
        expect(third.keys).toHaveLength(1)
        expect((yield* send({ path })).json).toMatchObject({ keys: [{ kid: third.keys[0]?.kid }] })
        yield* send({ method: "DELETE", path: `${ns}?wait=10s` })
        expect((yield* send({ path })).json).toEqual({ keys: [] })
        yield* putNamespace()
        expect(yield* keysOf()).toEqual({ keys: [] })
        expect(decode((yield* rotate({})).json).jwks).not.toBe(path)
      }),
    ),
  )

  it.live("tell nobody which namespaces there are", () =>
    withServer(
      Effect.gen(function* () {
        const headers = { authorization: "Bearer t" }
        yield* send({ method: "PUT", path: ns, headers, body: {} })
        const rotated = yield* send({
          method: "POST",
          path: `${ns}/signing-keys/rotate`,
          headers,
          body: {},
        })
        const { jwks = "" } = decode(rotated.json)
        const known = yield* send({ path: jwks })
        const unknown = yield* send({ path: jwks.replace(/.{22}$/, "A".repeat(22)) })
        expect(known.json).toMatchObject({ keys: [{ kty: "OKP" }] })
        expect(known.text).not.toContain("acme")
        expect(unknown).toMatchObject({ status: 200, json: { keys: [] } })
        for (const path of [`${ns}/signing-keys`, "/v1/namespaces/none.example/signing-keys"]) {
          expect(yield* send({ path })).toMatchObject({ status: 401 })
        }
        for (const path of ["/.well-known/jwks.json", "/.well-known/jwks.json?set=acme.example"]) {
          expect(yield* send({ path })).toMatchObject({ status: 400, json: { field: "set" } })
        }
      }),
      { adminToken: Redacted.make("t") },
    ),
  )
})
