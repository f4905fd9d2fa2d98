// What a reader of the journal sees: pages, single events, every byte of them.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import { Journal } from "../../src/actors/index.js"
import { origin, Sequence } from "../../src/domain/index.js"
import { awkwardEvent, cloudEvent, entry, jsonOf, numberedFrom, seen, time } from "./LawEvents.js"
import { NaiveJournal } from "./NaiveJournal.js"
import { freshNamespace, freshNamespaces, type LawIt, type LawRuns } from "./StoreHarness.js"

export const journalReadLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "reads pages by place, number and bytes; the pages together are the whole",
    {
      paddings: fc.array(fc.fullUnicodeString({ maxLength: 30 }), { maxLength: 30 }),
      after: fc.nat(35),
      limit: fc.integer({ min: 1, max: 12 }),
      maxBytes: fc.nat(1_000),
    },
    ({ paddings, after, limit, maxBytes }) =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const namespace = yield* freshNamespace
        const naive = new NaiveJournal()
        const entries = paddings.map((data, index) =>
          entry(namespace, cloudEvent({ id: String(index), source: "/", type: "t", data })),
        )
        yield* journal.append(entries, 1)
        naive.append(entries, 1)
        const page = { namespace, after: Sequence.make(after), limit, maxBytes }
        expect((yield* journal.read(page)).map(seen)).toEqual(naive.read(page))

        const next = naive.events(namespace).slice(after, after + limit)
        const exact = next.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0)
        for (const bytes of [exact - 1, exact]) {
          const tight = { ...page, limit: 100, maxBytes: Math.max(0, bytes) }
          expect((yield* journal.read(tight)).map(seen)).toEqual(naive.read(tight))
        }

        const whole = yield* Effect.iterate(
          { position: origin, events: [] as ReadonlyArray<ReturnType<typeof seen>>, more: true },
          {
            while: ({ more }) => more,
            body: ({ position, events }) =>
              Effect.map(journal.read({ namespace, after: position, limit, maxBytes }), (next) => ({
                position: next.at(-1)?.sequence ?? position,
                events: [...events, ...next.map(seen)],
                more: next.length > 0,
              })),
          },
        )
        expect(whole.events).toEqual(naive.events(namespace))
      }),
    runs,
  )

  it.effect.prop(
    "gives back every byte of the JSON and the type",
    {
      events: fc
        .array(
          awkwardEvent.chain((event) => fc.tuple(fc.constant(event), jsonOf(event))),
          { minLength: 1, maxLength: 5 },
        )
        .map((events) => events.map(([event, json]) => ({ event, json }))),
      acceptedAt: fc.oneof(time, fc.integer({ min: 0, max: 8_640_000_000_000_000 })),
    },
    ({ events, acceptedAt }) =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const namespace = yield* freshNamespace
        const naive = new NaiveJournal()
        const entries = events.map(({ event, json }) => entry(namespace, event, json))
        const answer = yield* journal.append(entries, acceptedAt)
        expect(answer).toEqual(naive.append(entries, acceptedAt))
        const page = { namespace, after: origin, limit: 10, maxBytes: 1e9 }
        const back = yield* journal.read(page)
        expect(back.map(seen)).toEqual(naive.read(page))
        expect(back.map(({ event }) => event)).toEqual(back.map(({ json }) => JSON.parse(json)))
      }),
    runs,
  )

  it.effect("gets one event by its place, and none that is not there", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const { name } = yield* freshNamespaces
      const namespace = name("a")
      yield* journal.append(numberedFrom(namespace, 1, 5), 7)
      yield* journal.trim(namespace, Sequence.make(2), 10)
      const found = yield* Effect.forEach([0, 1, 2, 3, 5, 6], (sequence) =>
        journal.get(namespace, Sequence.make(sequence)),
      )
      const json = (number: number) => numberedFrom(namespace, number, number)[0]?.json
      expect(found.map(Option.map(seen)).map(Option.getOrUndefined)).toEqual([
        undefined,
        undefined,
        undefined,
        { sequence: 3, type: "law.numbered", json: json(3), acceptedAt: 7 },
        { sequence: 5, type: "law.numbered", json: json(5), acceptedAt: 7 },
        undefined,
      ])
      expect(yield* journal.get(name("b"), Sequence.make(1))).toEqual(Option.none())
    }),
  )
}
