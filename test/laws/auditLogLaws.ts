// Laws of the audit logs: entries come back whole and in order, each log by itself, bounded, and none
// outlives its namespace but the operator's.

import { expect } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { AuditLog, Registry, Removals } from "../../src/actors/index.js"
import { beginRemoval, type NamespaceName, RemovalId } from "../../src/domain/index.js"
import * as Records from "./LawRecords.js"
import { freshNamespace, freshNamespaces, lawSuite, type StoreHarness } from "./StoreHarness.js"

const register = (name: NamespaceName) =>
  Effect.flatMap(Registry, (registry) => registry.putNamespace(Records.plainNamespace(name)))

const idAt = (prefix: string, index: number) => `${prefix}-${String(index).padStart(4, "0")}`

const entries = fc
  .integer({ min: 1, max: 8 })
  .chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, index) => Records.entryOf(idAt("", index), index * 10)),
    ),
  )

const all = { limit: 1000 }

export const auditLogLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: audit log`, harness, (it, runs) => {
    it.effect.prop(
      "entries come back whole, in order, page by page, in their own log only",
      { entries, limit: fc.integer({ min: 1, max: 4 }) },
      ({ entries, limit }) =>
        Effect.gen(function* () {
          const log = yield* AuditLog
          const { before, name } = yield* freshNamespaces
          const [namespace, other] = [name("a"), name("a-b")]
          yield* register(namespace)
          yield* register(other)
          const operators = entries.map((entry) => ({ ...entry, id: `${before}${entry.id}` }))
          for (const entry of entries) expect(yield* log.record(namespace, entry)).toBe(true)
          for (const entry of operators) expect(yield* log.record(undefined, entry)).toBe(true)
          const read = []
          let page = yield* log.list(namespace, { limit })
          while (page.length > 0) {
            expect(page.length).toBeLessThanOrEqual(limit)
            read.push(...page)
            page = yield* log.list(namespace, { after: page.at(-1)?.id ?? "", limit })
          }
          expect(read).toEqual(entries)
          expect(yield* log.list(undefined, { after: before, ...all })).toEqual(operators)
          expect(yield* log.list(other, all)).toEqual([])
        }),
      runs,
    )

    it.effect("an entry that is recorded again takes the place of the one of its id", () =>
      Effect.gen(function* () {
        const log = yield* AuditLog
        const { before, name } = yield* freshNamespaces
        const namespace = name("a")
        yield* register(namespace)
        for (const of of [namespace, undefined]) {
          const [first, other] = [idAt(before, 1), idAt(before, 2)].map((id) =>
            Records.plainEntry(id),
          )
          if (first === undefined || other === undefined) return yield* Effect.die("no entries")
          const again = { ...first, at: 5, counts: { rows: 7 } }
          for (const entry of [first, other, again, again]) {
            expect(yield* log.record(of, entry)).toBe(true)
          }
          expect(yield* log.list(of, { after: before, ...all })).toEqual([again, other])
        }
      }),
    )

    it.effect("an entry that is retracted is gone, in its own log only", () =>
      Effect.gen(function* () {
        const log = yield* AuditLog
        const { before, name } = yield* freshNamespaces
        const [namespace, other] = [name("a"), name("b")]
        const entry = Records.plainEntry(idAt(before, 1))
        for (const one of [namespace, other]) {
          yield* register(one)
          yield* log.record(one, entry)
        }
        yield* log.record(undefined, entry)
        yield* log.retract(namespace, entry.id)
        yield* log.retract(namespace, entry.id)
        expect(yield* log.list(namespace, all)).toEqual([])
        expect(yield* log.list(other, all)).toEqual([entry])
        expect(yield* log.list(undefined, { after: before, ...all })).toEqual([entry])
        yield* log.retract(undefined, entry.id)
        expect(yield* log.list(undefined, { after: before, ...all })).toEqual([])
      }),
    )

    it.effect.prop(
      "a trim takes the oldest beyond the count or the age, at most as many as it may",
      {
        count: fc.nat(8),
        keep: fc.nat(8),
        tooOld: fc.nat(8),
        limit: fc.integer({ min: 1, max: 8 }),
      },
      ({ count, keep, limit, tooOld }) =>
        Effect.gen(function* () {
          const log = yield* AuditLog
          const { name } = yield* freshNamespaces
          const [namespace, other] = [name("a"), name("b")]
          for (const one of [namespace, other]) {
            yield* register(one)
            for (let index = 0; index < count; index++)
              yield* log.record(one, Records.plainEntry(idAt("", index), index))
          }
          const going = Math.min(limit, count, Math.max(count - keep, Math.min(tooOld, count), 0))
          expect(yield* log.trim(namespace, { keep, before: tooOld, limit })).toBe(going)
          const left = yield* log.list(namespace, all)
          expect(left.map(({ at }) => at)).toEqual(
            Array.from({ length: count - going }, (_, index) => going + index),
          )
          expect((yield* log.list(other, all)).length).toBe(count)
        }),
      runs,
    )

    it.effect("nothing is recorded of a namespace that is not there or is being removed", () =>
      Effect.gen(function* () {
        const log = yield* AuditLog
        const removals = yield* Removals
        const namespace = yield* freshNamespace
        expect(yield* log.record(namespace, Records.plainEntry("1"))).toBe(false)
        yield* register(namespace)
        expect(yield* log.record(namespace, Records.plainEntry("2"))).toBe(true)
        yield* removals.begin(beginRemoval(namespace, 1, RemovalId.make("r1")))
        expect(yield* log.record(namespace, Records.plainEntry("3"))).toBe(false)
        expect((yield* log.list(namespace, all)).map(({ id }) => id)).toEqual(["2"])
      }),
    )
  })
