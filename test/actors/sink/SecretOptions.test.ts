import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Layer, Redacted, Schema } from "effect"
import * as fc from "fast-check"
import { Mesh, Registry, type Transport } from "../../../src/actors/index.js"
import { mask, splitSecrets, withSecretValues } from "../../../src/actors/sink/SecretOptions.js"
import { NamespaceName, SinkName } from "../../../src/domain/index.js"
import * as SingleProcess from "../../../src/layers/SingleProcess.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { WebhookTransport } from "../../../src/layers/transports/index.js"
import { MemoryState } from "../../../src/layers/stores/memory/MemoryState.js"
import * as AesVault from "../../../src/layers/vault/AesVault.js"

const transport: Transport = {
  kind: "test",
  options: Schema.Unknown,
  secrets: ["secret"],
  secretValues: ["headers"],
  open: () => Effect.die("not opened"),
}

const name = fc.stringMatching(/^[a-z][a-z-]{0,9}$/)
const value = fc.string({ minLength: 1 }).filter((text) => text !== mask)
const headers = fc.dictionary(name, value)

describe("secret options", () => {
  it("are taken out and come back as they were", () => {
    fc.assert(
      fc.property(headers, value, (headers, secret) => {
        const split = Either.getOrThrow(splitSecrets(transport, { url: "u", headers, secret }, {}))
        const shown = JSON.stringify(split.shown)
        expect(split.shown["secret"]).toBeUndefined()
        for (const key of Object.keys(headers)) expect(shown).toContain(JSON.stringify(key))
        expect(Object.values(split.shown["headers"] ?? {}).every((text) => text === mask)).toBe(
          true,
        )
        expect(withSecretValues(transport, split.shown, split.secrets)).toEqual({
          url: "u",
          headers,
        })
      }),
    )
  })

  it("that are shown and put again stay as they were stored; those left out are gone", () => {
    fc.assert(
      fc.property(headers, headers, (before, added) => {
        const first = Either.getOrThrow(splitSecrets(transport, { headers: before }, {}))
        const shown = first.shown["headers"]
        const again = Either.getOrThrow(
          splitSecrets(
            transport,
            { headers: { ...(typeof shown === "object" ? shown : {}), ...added } },
            first.secrets,
          ),
        )
        expect(withSecretValues(transport, again.shown, again.secrets)).toEqual({
          headers: { ...before, ...added },
        })
        const fewer = Either.getOrThrow(splitSecrets(transport, { headers: added }, first.secrets))
        expect(Object.keys(fewer.secrets).sort()).toEqual(
          Object.keys(added)
            .map((key) => `headers.${key}`)
            .sort(),
        )
      }),
    )
  })

  it("cannot be masked without a stored value", () => {
    const split = splitSecrets(transport, { headers: { authorization: mask } }, {})
    expect(Either.flip(split).pipe(Either.getOrThrow)).toMatchObject({
      field: "headers.authorization",
    })
  })

  it.scopedLive("of a webhook are sealed at rest and never shown", () =>
    Effect.gen(function* () {
      const mesh = yield* Mesh
      const registry = yield* Registry
      const namespace = NamespaceName.make("acme.example")
      const sink = SinkName.make("hook")
      yield* mesh.namespaces.put(namespace)
      const put = yield* mesh.sinks.put(namespace, sink, {
        kind: WebhookTransport.WEBHOOK,
        url: "http://127.0.0.1:9/hook",
        headers: { authorization: "Bearer hush-hush" },
      })
      expect(put.value.options["headers"]).toEqual({ authorization: mask })
      expect(JSON.stringify(yield* registry.getSink(namespace, sink))).not.toContain("hush-hush")
      const secret = put.generated["secret"]
      expect(secret === undefined ? "" : Redacted.value(secret)).toMatch(/^whsec_/)
    }).pipe(
      Effect.provide(
        Layer.unwrapEffect(
          Effect.map(MemoryState.make, (state) => {
            const store = MemoryStore.layerFrom(state)
            return Layer.merge(
              store,
              SingleProcess.layer({ store, vault: AesVault.layerTest, allowPrivateTargets: true }),
            )
          }),
        ),
      ),
    ),
  )
})
