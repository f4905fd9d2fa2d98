// What an append promises: all or nothing, places without holes, once for every (source, id).

import { expect } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import * as fc from "fast-check"
import { Journal } from "../../src/actors/index.js"
import { origin } from "../../src/domain/index.js"
import { cloudEvent, entry, numberedFrom, seed, seen, time } from "./LawEvents.js"
import { NaiveJournal } from "./NaiveJournal.js"
import { freshNamespace, freshNamespaces, type LawIt, type LawRuns } from "./StoreHarness.js"

const everything = { after: origin, limit: 10_000, maxBytes: 1e9 }
const unlucky = `{"specversion":"1.0","id":"bad","source":"/","type":"t","data":"\u0000"}`

export const journalAppendLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect("starts empty", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const namespace = yield* freshNamespace
      expect(yield* journal.bounds(namespace)).toEqual({ head: 0, oldest: 1, bytes: 0 })
      expect(yield* journal.read({ namespace, ...everything })).toEqual([])
      expect(yield* journal.append([], 1)).toEqual([])
    }),
  )

  it.effect.prop(
    "answers in the order of the entries, dense in each namespace, duplicates with their first place",
    { batches: fc.array(fc.tuple(fc.array(seed, { maxLength: 12 }), time), { maxLength: 8 }) },
    ({ batches }) =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const { name } = yield* freshNamespaces
        const naive = new NaiveJournal()
        for (const [seeds, acceptedAt] of batches) {
          const entries = seeds.map(({ place, event }) => entry(name(String(place)), event))
          const answer = yield* journal.append(entries, acceptedAt)
          expect(answer).toEqual(naive.append(entries, acceptedAt))
        }
        for (const namespace of ["0", "1", "2"].map(name)) {
          const events = yield* journal.read({ namespace, ...everything })
          expect(events.map(seen)).toEqual(naive.events(namespace))
          expect(yield* journal.bounds(namespace)).toEqual(naive.bounds(namespace))
        }
      }),
    runs,
  )

  it.effect("takes an event once, whatever its second publish says, and once per namespace", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const { name } = yield* freshNamespaces
      const first = cloudEvent({ id: "1", source: "/s", type: "t", data: "first" })
      const again = cloudEvent({ id: "1", source: "/s", type: "other", data: "again" })
      const other = cloudEvent({ id: "2", source: "/s", type: "t" })
      const namespace = name("a")
      expect(yield* journal.append([entry(namespace, first), entry(namespace, again)], 1)).toEqual([
        { sequence: 1, duplicate: false },
        { sequence: 1, duplicate: true },
      ])
      expect(
        yield* journal.append(
          [entry(namespace, other), entry(namespace, again), entry(name("b"), again)],
          2,
        ),
      ).toEqual([
        { sequence: 2, duplicate: false },
        { sequence: 1, duplicate: true },
        { sequence: 1, duplicate: false },
      ])
      const events = yield* journal.read({ namespace, ...everything })
      expect(events.map(({ event }) => event)).toEqual([first, other])
    }),
  )

  it.effect("stores all of a batch or nothing, even of one that a store may refuse", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const { name } = yield* freshNamespaces
      const bad = cloudEvent({ id: "bad", source: "/", type: "t" })
      const batch = [
        ...numberedFrom(name("a"), 1, 3),
        entry(name("a"), bad, unlucky),
        ...numberedFrom(name("b"), 1, 2),
      ]
      const answer = yield* Effect.exit(journal.append(batch, 1))
      const heads = [yield* journal.bounds(name("a")), yield* journal.bounds(name("b"))]
      const stored = heads.map(({ head }) => Number(head))
      expect(stored).toEqual(Exit.isSuccess(answer) ? [4, 2] : [0, 0])
      const next = yield* journal.append(numberedFrom(name("a"), 9, 9), 1)
      expect(next).toEqual([{ sequence: Exit.isSuccess(answer) ? 5 : 1, duplicate: false }])
    }),
  )

  it.effect.prop(
    "stores all of a batch or nothing when it is interrupted",
    { size: fc.integer({ min: 1, max: 200 }), yields: fc.nat(30) },
    ({ size, yields }) =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const namespace = yield* freshNamespace
        const batch = numberedFrom(namespace, 1, size)
        const fiber = yield* Effect.fork(journal.append(batch, 1))
        yield* Effect.repeatN(Effect.yieldNow(), yields)
        yield* Fiber.interrupt(fiber)
        const { head } = yield* journal.bounds(namespace)
        expect([0, size]).toContain(head)
        const again = yield* journal.append(batch, 1)
        expect(again).toEqual(
          batch.map((_, index) => ({ sequence: index + 1, duplicate: head === size })),
        )
      }),
    runs,
  )

  it.effect("shows a reader whole batches, in order, without holes", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const namespace = yield* freshNamespace
      const size = 7
      const done = yield* Deferred.make<void>()
      const reader = Effect.gen(function* () {
        const { head } = yield* journal.bounds(namespace)
        expect(head % size).toBe(0)
        const events = yield* journal.read({ namespace, ...everything })
        expect(events.length).toBeGreaterThanOrEqual(head)
        expect(events.length % size).toBe(0)
        expect(events.map(({ sequence }) => Number(sequence))).toEqual(
          events.map((_, index) => index + 1),
        )
        yield* Effect.yieldNow()
      })
      const watching = yield* Effect.fork(
        Effect.repeat(reader, { until: () => Deferred.isDone(done) }),
      )
      for (let batch = 0; batch < 20; batch++) {
        yield* journal.append(numberedFrom(namespace, batch * size, batch * size + size - 1), batch)
        yield* Effect.yieldNow()
      }
      yield* Deferred.succeed(done, undefined)
      yield* Fiber.join(watching)
      expect((yield* journal.bounds(namespace)).head).toBe(20 * size)
    }),
  )
}
