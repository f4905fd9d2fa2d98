// Laws of the signing keys: the present one first, rotated in one write, published by their set, gone
// when their time has come, and none outlives its namespace.

import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { Registry, Removals, SigningKeys } from "../../src/actors/index.js"
import { beginRemoval, type NamespaceName, RemovalId } from "../../src/domain/index.js"
import * as Records from "./LawRecords.js"
import { freshNamespace, freshNamespaces, lawSuite, type StoreHarness } from "./StoreHarness.js"

const register = (name: NamespaceName) =>
  Effect.flatMap(Registry, (registry) => registry.putNamespace(Records.plainNamespace(name)))

export const signingKeysLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: signing keys`, harness, (it) => {
    it.effect("a new key is the present one; the one before ends when it is told to", () =>
      Effect.gen(function* () {
        const keys = yield* SigningKeys
        const { name } = yield* freshNamespaces
        const [namespace, other] = [name("a"), name("b")]
        yield* register(namespace)
        yield* register(other)
        const [one, two, three] = ["one", "two", "three"].map((kid) =>
          Records.plainSigningKey(namespace, kid),
        )
        const foreign = Records.plainSigningKey(other, "one")
        if (one === undefined || two === undefined || three === undefined) return
        expect(yield* keys.add(one, undefined)).toBe(true)
        expect(yield* keys.add(foreign, undefined)).toBe(true)
        expect(yield* keys.list(namespace)).toEqual([one])
        expect(yield* keys.add(two, 5_000)).toBe(true)
        expect(yield* keys.list(namespace)).toEqual([two, { ...one, until: 5_000 }])
        expect(yield* keys.ofSet(one.keySet)).toEqual(yield* keys.list(namespace))
        expect(yield* keys.add({ ...three, createdAt: 9 }, 6_000)).toBe(true)
        expect(yield* keys.list(namespace)).toEqual([
          { ...three, createdAt: 9 },
          expect.objectContaining({ until: expect.any(Number) }),
          expect.objectContaining({ until: expect.any(Number) }),
        ])
        expect(yield* keys.add({ ...one, kid: "four" }, undefined)).toBe(true)
        expect(yield* keys.list(namespace)).toEqual([{ ...one, kid: "four" }])
        expect(yield* keys.ofSet(foreign.keySet)).toEqual([foreign])
        expect(yield* keys.ofSet(Records.keySetOf(name("unknown")))).toEqual([])
      }),
    )

    it.effect("keys whose time has come are erased, and no other", () =>
      Effect.gen(function* () {
        const keys = yield* SigningKeys
        const { name } = yield* freshNamespaces
        const [due, later] = [name("a"), name("b")]
        for (const [namespace, until] of [
          [due, 2_000],
          [later, 2_001],
        ] as const) {
          yield* register(namespace)
          yield* keys.add(Records.plainSigningKey(namespace, "old"), undefined)
          yield* keys.add(Records.plainSigningKey(namespace, "new"), until)
        }
        yield* keys.eraseRetired(1_999)
        expect(yield* keys.list(due)).toHaveLength(2)
        expect(yield* keys.eraseRetired(2_000)).toBeGreaterThanOrEqual(1)
        expect(yield* keys.list(due)).toEqual([Records.plainSigningKey(due, "new")])
        expect(yield* keys.list(later)).toHaveLength(2)
      }),
    )

    it.effect("no key is added to a namespace that is not there or is being removed", () =>
      Effect.gen(function* () {
        const keys = yield* SigningKeys
        const removals = yield* Removals
        const namespace = yield* freshNamespace
        const key = Records.plainSigningKey(namespace, "one")
        expect(yield* keys.add(key, undefined)).toBe(false)
        yield* register(namespace)
        yield* keys.add(key, undefined)
        yield* removals.begin(beginRemoval(namespace, 1, RemovalId.make("r1")))
        for (const until of [undefined, 1_000]) {
          expect(yield* keys.add({ ...key, kid: "two" }, until)).toBe(false)
        }
        expect(yield* keys.list(namespace)).toEqual([key])
      }),
    )
  })
