// Laws of every journal: what is appended, in which place, and what is read back.

import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { Journal } from "../../src/actors/index.js"
import { freshNamespace, lawSuite, type StoreHarness } from "./StoreHarness.js"

export const journalLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: journal`, harness, (it) => {
    it.effect("has nothing of a namespace that never had an event", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const namespace = yield* freshNamespace
        expect(yield* journal.bounds(namespace)).toEqual({ head: 0, oldest: 1 })
      }),
    )
  })
