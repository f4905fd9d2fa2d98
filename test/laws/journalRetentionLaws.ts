// What trimming takes and what it leaves: the head and the count stay, memory of duplicates goes.

import { expect } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Journal } from "../../src/actors/index.js"
import { origin, Sequence } from "../../src/domain/index.js"
import { cloudEvent, entry, numberedFrom, seen, time } from "./LawEvents.js"
import { NaiveJournal } from "./NaiveJournal.js"
import { freshNamespace, freshNamespaces, type LawIt, type LawRuns } from "./StoreHarness.js"

/** Appends of a few events each, at times that may go back. */
const history = fc.array(
  fc.tuple(fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 6 }), time),
  { maxLength: 6 },
)

const cut = { upTo: fc.nat(40), limit: fc.integer({ min: 1, max: 12 }) }

/** A journal with a history, and the same told naively. */
const given = (batches: ReadonlyArray<readonly [ReadonlyArray<string>, number]>) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const namespace = yield* freshNamespace
    const naive = new NaiveJournal()
    let count = 0
    for (const [texts, acceptedAt] of batches) {
      const entries = texts.map((data) =>
        entry(namespace, cloudEvent({ id: `n${++count}`, source: "/law", type: "t", data })),
      )
      yield* journal.append(entries, acceptedAt)
      naive.append(entries, acceptedAt)
    }
    return { journal, namespace, naive, count }
  })

export const journalRetentionLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "trims the oldest up to a place, a bounded number at a time, and never the head",
    { batches: history, cuts: fc.array(fc.record(cut), { maxLength: 4 }) },
    ({ batches, cuts }) =>
      Effect.gen(function* () {
        const { journal, namespace, naive } = yield* given(batches)
        for (const { upTo, limit } of cuts) {
          const before = yield* journal.bounds(namespace)
          const trimmed = yield* journal.trim(namespace, Sequence.make(upTo), limit)
          expect(trimmed).toBe(naive.trim(namespace, upTo, limit))
          const after = yield* journal.bounds(namespace)
          expect(after).toEqual(naive.bounds(namespace))
          expect(after.head).toBe(before.head)
        }
        const page = { namespace, after: origin, limit: 100, maxBytes: 1e9 }
        expect((yield* journal.read(page)).map(seen)).toEqual(naive.read(page))
      }),
    runs,
  )

  it.effect.prop(
    "knows an event again for as long as it is retained, and goes on counting",
    { batches: history, ...cut },
    ({ batches, upTo, limit }) =>
      Effect.gen(function* () {
        const { journal, namespace, naive, count } = yield* given(batches)
        yield* journal.trim(namespace, Sequence.make(upTo), limit)
        naive.trim(namespace, upTo, limit)
        const again = Array.from({ length: count }, (_, index) =>
          entry(namespace, cloudEvent({ id: `n${index + 1}`, source: "/law", type: "again" })),
        )
        expect(yield* journal.append(again, 1_050)).toEqual(naive.append(again, 1_050))
        expect(yield* journal.bounds(namespace)).toEqual(naive.bounds(namespace))
      }),
    runs,
  )

  it.effect.prop(
    "says what retention lets go by age and by bytes, never the head",
    {
      batches: history,
      ...cut,
      retention: fc.record({ acceptedBefore: time, maxBytes: fc.nat(2_000) }, { requiredKeys: [] }),
    },
    ({ batches, upTo, limit, retention }) =>
      Effect.gen(function* () {
        const { journal, namespace, naive } = yield* given(batches)
        yield* journal.trim(namespace, Sequence.make(upTo), limit)
        naive.trim(namespace, upTo, limit)
        const expired = yield* journal.expired(namespace, retention)
        expect(expired).toBe(naive.expired(namespace, retention))

        const rest = naive.events(namespace).slice(-limit)
        const exact = rest.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0)
        for (const maxBytes of [exact - 1, exact]) {
          const tight = { maxBytes: Math.max(0, maxBytes) }
          const last = yield* journal.expired(namespace, tight)
          expect(last).toBe(naive.expired(namespace, tight))
        }
      }),
    runs,
  )

  it.effect.prop(
    "finds the last place accepted before a time, among what is retained",
    { batches: history, ...cut, at: time },
    ({ batches, upTo, limit, at }) =>
      Effect.gen(function* () {
        const { journal, namespace, naive } = yield* given(batches)
        yield* journal.trim(namespace, Sequence.make(upTo), limit)
        naive.trim(namespace, upTo, limit)
        expect(yield* journal.positionAt(namespace, at)).toBe(naive.positionAt(namespace, at))
      }),
    runs,
  )

  it.effect("trims one namespace and leaves the others", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const { name } = yield* freshNamespaces
      yield* journal.append(
        [...numberedFrom(name("a"), 1, 4), ...numberedFrom(name("a-b"), 1, 4)],
        1,
      )
      expect(yield* journal.trim(name("a"), Sequence.make(4), 10)).toBe(3)
      expect(yield* journal.bounds(name("a"))).toMatchObject({ head: 4, oldest: 4 })
      expect(yield* journal.bounds(name("a-b"))).toMatchObject({ head: 4, oldest: 1 })
    }),
  )
}
