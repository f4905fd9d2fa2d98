// Laws of every delivery log: positions, deferrals, dead letters, and what is still to be done.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import type { Deferral } from "../../src/actors/index.js"
import { origin, Sequence, SubscriptionName } from "../../src/domain/index.js"
import { attemptLaws } from "./attemptLaws.js"
import { backlogLaws } from "./backlogLaws.js"
import { deadLetterLaws } from "./deadLetterLaws.js"
import { change, withSubscriptions } from "./LawProgress.js"
import * as Records from "./LawRecords.js"
import { lawSuite, type LawIt, type LawRuns, type StoreHarness } from "./StoreHarness.js"

export const deliveryLogLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: delivery log`, harness, (it, runs) => {
    progressLaws(it, runs)
    deferralLaws(it, runs)
    deadLetterLaws(it, runs)
    attemptLaws(it, runs)
    backlogLaws(it, runs)
  })

const byName = (rows: ReadonlyArray<{ readonly subscription: string }>) =>
  [...rows].sort((a, b) => (a.subscription < b.subscription ? -1 : 1))

const progressLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "the last position committed holds, for each subscription its own",
    {
      commits: fc.array(
        fc.uniqueArray(
          fc.record({
            subscription: fc.constantFrom("a", "b", "B"),
            position: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
            acknowledged: fc.constantFrom("", ":2-5,8", `:${"1000-2000,".repeat(500)}`),
          }),
          { selector: ({ subscription }) => subscription, maxLength: 3 },
        ),
        { maxLength: 6 },
      ),
    },
    ({ commits }) =>
      Effect.gen(function* () {
        const { log, namespace } = yield* withSubscriptions("a", "b", "B")
        const expected = new Map<string, { position: number; acknowledged: string }>()
        for (const name of ["a", "b", "B"]) expected.set(name, { position: 0, acknowledged: "0" })
        for (const commit of commits) {
          const changes = commit.map(({ subscription, position, acknowledged }) => {
            const told = { position, acknowledged: `${position}${acknowledged}` }
            expected.set(subscription, told)
            return change(namespace, subscription, position, { acknowledged: told.acknowledged })
          })
          yield* log.commit(changes)
          yield* log.commit(changes)
        }
        const rows = [...expected].map(([subscription, told]) => ({
          subscription,
          ...told,
          startedAfter: origin,
        }))
        expect(byName(yield* log.progress(namespace))).toEqual(byName(rows))
        for (const row of rows) {
          const name = SubscriptionName.make(row.subscription)
          expect(yield* log.progressOf(namespace, name)).toEqual(Option.some(row))
        }
        expect(yield* log.progressOf(namespace, SubscriptionName.make("c"))).toEqual(Option.none())
      }),
    runs,
  )

  it.effect("a late change for a subscription that is gone is skipped, others in it are not", () =>
    Effect.gen(function* () {
      const { registry, log, namespace } = yield* withSubscriptions("gone", "stays")
      const gone = SubscriptionName.make("gone")
      const never = SubscriptionName.make("never")
      yield* registry.deleteSubscription(namespace, gone)
      const late = (name: string) =>
        change(namespace, name, 9, {
          deferred: [Records.plainDeferral(7)],
          settled: [Sequence.make(3)],
          dead: [Records.plainDeadLetter(`dead-${name}`)],
        })
      yield* log.commit([late("gone"), late("stays"), late("never")])
      expect(yield* log.progress(namespace)).toMatchObject([{ subscription: "stays", position: 9 }])
      for (const name of [gone, never])
        expect(yield* log.deferrals(namespace, name, origin, 10)).toEqual([])
      const letters = yield* log.deadLetters({ namespace, limit: 10 })
      expect(letters.map(({ id }) => id)).toEqual(["dead-stays"])

      yield* registry.createSubscription(Records.plainSubscription(namespace, "gone"), origin)
      expect(yield* log.deferrals(namespace, gone, origin, 10)).toEqual([])
    }),
  )

  it.effect("a commit of nothing changes nothing", () =>
    Effect.gen(function* () {
      const { log, namespace } = yield* withSubscriptions("a")
      const before = yield* log.progress(namespace)
      yield* log.commit([])
      expect(yield* log.progress(namespace)).toEqual(before)
    }),
  )
}

/** What a change says of deferrals: new or changed ones, and those that are over. */
const step = fc.record({
  deferred: fc.uniqueArray(
    fc.integer({ min: 1, max: 30 }).chain((sequence) => Records.deferral(sequence)),
    { selector: ({ sequence }) => sequence, maxLength: 8 },
  ),
  settled: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 8 }),
})

const deferralLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "deferrals come back whole and ascending, changed by a later change, gone when settled",
    {
      steps: fc.array(step, { maxLength: 6 }),
      after: fc.nat(30),
      limit: fc.integer({ min: 1, max: 9 }),
    },
    ({ steps, after, limit }) =>
      Effect.gen(function* () {
        const { log, namespace } = yield* withSubscriptions("a", "b")
        const name = SubscriptionName.make("a")
        const kept = new Map<number, Deferral>()
        for (const { deferred, settled } of steps) {
          const over = settled.filter((it) => deferred.every(({ sequence }) => sequence !== it))
          const told = change(namespace, "a", 0, {
            deferred,
            settled: over.map((sequence) => Sequence.make(sequence)),
          })
          yield* log.commit([told])
          yield* log.commit([told])
          for (const deferral of deferred) kept.set(deferral.sequence, deferral)
          for (const sequence of over) kept.delete(sequence)
        }
        const all = [...kept.values()].sort((a, b) => a.sequence - b.sequence)
        expect(yield* log.deferrals(namespace, name, origin, 100)).toEqual(all)
        expect(yield* log.deferrals(namespace, name, Sequence.make(after), limit)).toEqual(
          all.filter(({ sequence }) => sequence > after).slice(0, limit),
        )
        expect(yield* log.deferrals(namespace, SubscriptionName.make("b"), origin, 100)).toEqual([])
      }),
    runs,
  )
}
