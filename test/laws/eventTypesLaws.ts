// Laws of the catalogues of event types: whole, ascending, measured, apart from each other, and none
// outlives its owner.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import { EventTypes, Registry, Removals } from "../../src/actors/index.js"
import {
  beginRemoval,
  CataloguedType,
  hostTypeCatalogue,
  HostTypeName,
  namespaceCatalogue,
  type NamespaceName,
  RemovalId,
} from "../../src/domain/index.js"
import { awkwardText } from "./LawEvents.js"
import * as Records from "./LawRecords.js"
import { freshNamespace, freshNamespaces, lawSuite, type StoreHarness } from "./StoreHarness.js"

const register = (name: NamespaceName) =>
  Effect.flatMap(Registry, (registry) => registry.putNamespace(Records.plainNamespace(name)))

/** A namespace and a host type, new and registered, whose catalogues are empty. */
const owners = Effect.gen(function* () {
  const registry = yield* Registry
  const namespace = yield* freshNamespace
  const hostType = HostTypeName.make(namespace)
  yield* register(namespace)
  yield* registry.putHostType({ name: hostType, defaults: {}, createdAt: 1, updatedAt: 1 })
  return { namespace, hostType, all: [namespaceCatalogue(namespace), hostTypeCatalogue(hostType)] }
})

const text = fc
  .array(fc.constantFrom(..."Aaz09._-~!/%'".split("")), { minLength: 1, maxLength: 6 })
  .map((letters) => CataloguedType.make(letters.join("")))
const json = fc.oneof(fc.jsonValue(), awkwardText)
const spec = fc.record(
  { schema: json, description: awkwardText.map((words) => words.slice(0, 4096)), example: json },
  { requiredKeys: [] },
)

export const eventTypesLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: event types`, harness, (it, runs) => {
    it.effect.prop(
      "entries come back whole, in order and page by page, each from its own catalogue",
      {
        entries: fc.uniqueArray(fc.tuple(text, spec), { selector: ([type]) => type, maxLength: 6 }),
      },
      ({ entries }) =>
        Effect.gen(function* () {
          const types = yield* EventTypes
          const { all } = yield* owners
          const stored = entries.map(([type, fields], index) => ({
            type,
            // As JSON has it: -0 is 0 there.
            ...JSON.parse(JSON.stringify(fields)),
            createdAt: index,
            updatedAt: index + 1,
          }))
          for (const owner of all) {
            for (const entry of stored) expect(yield* types.put(owner, entry)).toBe(true)
            const sorted = [...stored].sort((a, b) => (a.type < b.type ? -1 : 1))
            expect(yield* types.list(owner, { limit: 50 })).toEqual(sorted)
            const [first] = sorted
            if (first === undefined) continue
            expect(yield* types.list(owner, { limit: 1 })).toEqual([first])
            expect(yield* types.list(owner, { after: first.type, limit: 50 })).toEqual(
              sorted.slice(1),
            )
            expect(yield* types.get(owner, first.type)).toEqual(Option.some(first))
            const changed = { ...first, description: "another" }
            yield* types.put(owner, changed)
            expect(yield* types.get(owner, first.type)).toEqual(Option.some(changed))
            yield* types.put(owner, first)
            expect((yield* types.size(owner)).types).toBe(stored.length)
          }
          const [one, other] = all
          const [first] = stored
          if (one === undefined || other === undefined || first === undefined) return
          expect(yield* types.delete(one, first.type)).toBe(true)
          expect(yield* types.delete(one, first.type)).toBe(false)
          expect(yield* types.get(one, first.type)).toEqual(Option.none())
          expect(yield* types.get(other, first.type)).toEqual(Option.some(first))
        }),
      runs,
    )

    it.effect("a catalogue is measured in types and characters", () =>
      Effect.gen(function* () {
        const types = yield* EventTypes
        const { all } = yield* owners
        for (const owner of all) {
          expect(yield* types.size(owner)).toEqual({ types: 0, characters: 0 })
          const entries = [Records.plainEventType("a"), Records.plainEventType("b")]
          for (const entry of entries) yield* types.put(owner, entry)
          const characters = entries.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0)
          expect(yield* types.size(owner)).toEqual({ types: 2, characters })
        }
      }),
    )

    it.effect("none is added to who is not there or going, and none outlives its host type", () =>
      Effect.gen(function* () {
        const types = yield* EventTypes
        const registry = yield* Registry
        const removals = yield* Removals
        const { name } = yield* freshNamespaces
        const entry = Records.plainEventType("a")
        expect(yield* types.put(namespaceCatalogue(name("a")), entry)).toBe(false)
        expect(yield* types.put(hostTypeCatalogue(HostTypeName.make(name("a"))), entry)).toBe(false)
        const { namespace, hostType, all } = yield* owners
        for (const owner of all) expect(yield* types.put(owner, entry)).toBe(true)
        yield* removals.begin(beginRemoval(namespace, 1, RemovalId.make("r1")))
        expect(yield* types.put(namespaceCatalogue(namespace), { ...entry, updatedAt: 9 })).toBe(
          false,
        )
        expect(yield* registry.deleteHostType(hostType)).toBe(true)
        expect(yield* types.list(hostTypeCatalogue(hostType), { limit: 10 })).toEqual([])
        yield* registry.putHostType({ name: hostType, defaults: {}, createdAt: 1, updatedAt: 1 })
        expect(yield* types.list(hostTypeCatalogue(hostType), { limit: 10 })).toEqual([])
      }),
    )
  })
