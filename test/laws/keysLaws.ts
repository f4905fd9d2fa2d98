// Laws of the keys: found by id alone, listed by namespace, gone at once, and none outlives its
// namespace.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import { Keys, Registry, Removals } from "../../src/actors/index.js"
import { beginRemoval, type KeyId, type NamespaceName, RemovalId } from "../../src/domain/index.js"
import { freshKeyId } from "./LawKeys.js"
import * as Records from "./LawRecords.js"
import { freshNamespace, freshNamespaces, lawSuite, type StoreHarness } from "./StoreHarness.js"

const register = (name: NamespaceName) =>
  Effect.flatMap(Registry, (registry) => registry.putNamespace(Records.plainNamespace(name)))

const lastUse = (id: KeyId) =>
  Effect.map(
    Effect.flatMap(Keys, (keys) => keys.find(id)),
    Option.map(({ key }) => key.lastUsedAt),
  )

export const keysLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: keys`, harness, (it, runs) => {
    it.effect.prop(
      "keys come back whole by their ids, and page by page in their namespace",
      { records: fc.array(Records.key, { minLength: 1, maxLength: 6 }) },
      ({ records }) =>
        Effect.gen(function* () {
          const keys = yield* Keys
          const { name } = yield* freshNamespaces
          const [namespace, other] = [name("a"), name("a-b")]
          yield* register(namespace)
          yield* register(other)
          const stored = yield* Effect.forEach(records, (record, index) =>
            Effect.map(freshKeyId, (id) => ({
              key: { ...record, namespace, id },
              digest: String(index).padStart(64, "0"),
            })),
          )
          for (const one of stored) expect(yield* keys.add(one)).toBe(true)
          const foreign = Records.plainKey(other, yield* freshKeyId)
          yield* keys.add(foreign)
          for (const one of stored) {
            expect(yield* keys.find(one.key.id)).toEqual(Option.some(one))
          }
          const all = stored.map(({ key }) => key)
          expect(yield* keys.count(namespace)).toBe(all.length)
          const [first] = yield* keys.list(namespace, { limit: 1 })
          expect(first).toEqual(all[0])
          const after = first?.id
          expect(
            yield* keys.list(namespace, { limit: 50, ...(after === undefined ? {} : { after }) }),
          ).toEqual(all.slice(1))
          expect(yield* keys.list(other, { limit: 50 })).toEqual([foreign.key])
        }),
      runs,
    )

    it.effect("a key is deleted once, in its own namespace only", () =>
      Effect.gen(function* () {
        const keys = yield* Keys
        const { name } = yield* freshNamespaces
        const id = yield* freshKeyId
        yield* register(name("a"))
        yield* keys.add(Records.plainKey(name("a"), id))
        expect(yield* keys.delete(name("b"), id)).toBe(false)
        expect(yield* keys.delete(name("a"), id)).toBe(true)
        expect(yield* keys.delete(name("a"), id)).toBe(false)
        expect(yield* keys.find(id)).toEqual(Option.none())
        expect(yield* keys.count(name("a"))).toBe(0)
      }),
    )

    it.effect("the last use only moves on, and does not bring a key back", () =>
      Effect.gen(function* () {
        const keys = yield* Keys
        const namespace = yield* freshNamespace
        yield* register(namespace)
        const [used, unused, gone] = [yield* freshKeyId, yield* freshKeyId, yield* freshKeyId]
        for (const id of [used, unused, gone]) yield* keys.add(Records.plainKey(namespace, id))
        yield* keys.delete(namespace, gone)
        yield* keys.touch([])
        yield* keys.touch([
          { id: used, at: 20 },
          { id: gone, at: 20 },
        ])
        yield* keys.touch([{ id: used, at: 10 }])
        expect(yield* lastUse(used)).toEqual(Option.some(20))
        expect(yield* lastUse(unused)).toEqual(Option.some(undefined))
        expect(yield* lastUse(gone)).toEqual(Option.none())
      }),
    )

    it.effect("no key is added to a namespace that is not there or is being removed", () =>
      Effect.gen(function* () {
        const keys = yield* Keys
        const removals = yield* Removals
        const namespace = yield* freshNamespace
        const id = yield* freshKeyId
        expect(yield* keys.add(Records.plainKey(namespace, id))).toBe(false)
        yield* register(namespace)
        yield* removals.begin(beginRemoval(namespace, 1, RemovalId.make("r1")))
        expect(yield* keys.add(Records.plainKey(namespace, id))).toBe(false)
        expect(yield* keys.find(id)).toEqual(Option.none())
        expect(yield* keys.list(namespace, { limit: 10 })).toEqual([])
      }),
    )
  })
