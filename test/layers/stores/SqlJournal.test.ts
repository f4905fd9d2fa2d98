// What the laws of the journal do not reach: the ways in which appends go through the store.

import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { Journal, Removals } from "../../../src/actors/index.js"
import { origin } from "../../../src/domain/index.js"
import * as EmbeddedStore from "../../../src/layers/stores/sql/EmbeddedStore.js"
import { withSharedLayer } from "../../support/SharedLayer.js"
import { entries, entry, namespace } from "./Events.js"

const read = (name: string, maxBytes = 1e9) =>
  Effect.flatMap(Journal, (journal) =>
    journal.read({ namespace: namespace(name), after: origin, limit: 10_000, maxBytes }),
  )

withSharedLayer("the journal in SQL", EmbeddedStore.layerInMemory, (it) => {
  it.effect("texts that hold the separator arrive as they are", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const odd = [`{"a":"\u001e"}`, "", `{"b":"\\u001e,{}\\"NULL"}`, "NULL"]
      yield* journal.append(
        odd.map((json, index) => entry("separator", index, json)),
        1,
      )
      expect((yield* read("separator")).map(({ json }) => json)).toEqual(odd)
    }),
  )

  it.effect("a batch too large for one statement is stored whole and in order", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const json = JSON.stringify("x".repeat(12 * 1024 * 1024))
      const answers = yield* journal.append(
        [1, 2, 3, 4, 5, 6].map((number) => entry("large", number, json)),
        1,
      )
      expect(answers.map(({ sequence }) => Number(sequence))).toEqual([1, 2, 3, 4, 5, 6])
      expect((yield* journal.bounds(namespace("large"))).head).toBe(6)
    }),
  )

  it.effect("duplicates in one batch after another leave no holes and stop nobody", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      for (let round = 0; round < 10; round++) {
        const batch = [...entries("repeating", round * 5, 10), ...entries("steady", round * 10, 10)]
        const answers = yield* journal.append(batch, round)
        const duplicates = answers.filter(({ duplicate }) => duplicate).length
        expect(duplicates).toBe(round === 0 ? 0 : 5)
      }
      expect((yield* journal.bounds(namespace("repeating"))).head).toBe(55)
      expect((yield* journal.bounds(namespace("steady"))).head).toBe(100)
      const sequences = (yield* read("repeating")).map(({ sequence }) => Number(sequence))
      expect(sequences).toEqual(Array.from({ length: 55 }, (_, index) => index + 1))
    }),
  )

  it.effect("appends go on while another namespace is purged", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const removals = yield* Removals
      yield* journal.append(entries("leaving", 0, 500), 1)
      const purge = removals
        .purge(namespace("leaving"), "events", 10)
        .pipe(Effect.repeat({ until: (rows) => rows === 0 }))
      const append = Effect.forEach(Array.from({ length: 30 }), (_, round) =>
        journal.append(entries("staying", round * 3, 3), 1),
      )
      const [, answers] = yield* Effect.all([purge, append], { concurrency: 2 })
      expect(answers.flat().map(({ sequence }) => Number(sequence))).toEqual(
        Array.from({ length: 90 }, (_, index) => index + 1),
      )
      expect((yield* journal.bounds(namespace("leaving"))).head).toBe(0)
      expect(yield* journal.append(entries("leaving", 0, 1), 1)).toEqual([
        { sequence: 1, duplicate: false },
      ])
    }),
  )
})
