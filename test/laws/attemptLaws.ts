// Laws of attempts: kept once for their number, told with all else that is recorded of their event,
// and forgotten in bounded writes.

import { expect } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import type { Attempt } from "../../src/actors/index.js"
import { origin, Sequence, SubscriptionName } from "../../src/domain/index.js"
import { change, withSubscriptions } from "./LawProgress.js"
import * as Records from "./LawRecords.js"
import type { LawIt, LawRuns } from "./StoreHarness.js"

const names = ["a", "b", "B"].map((name) => SubscriptionName.make(name))

type Kept = Attempt & { readonly subscription: SubscriptionName }

const keyOf = ({ subscription, sequence, since, attempt, replay }: Kept): string =>
  [subscription, sequence, since, attempt, replay ?? ""].join(" ")

const sorted = (rows: ReadonlyArray<Kept>): ReadonlyArray<Kept> =>
  rows.toSorted((x, y) => (keyOf(x) < keyOf(y) ? -1 : 1))

const told = fc.record({
  subscription: fc.constantFrom("a", "b", "B"),
  attempts: fc.array(Records.attempt, { maxLength: 6 }),
})

export const attemptLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "attempts come back whole, by event and subscription, a later one in place of one of its number",
    { commits: fc.array(told, { maxLength: 6 }), sequence: fc.integer({ min: 1, max: 4 }) },
    ({ commits, sequence }) =>
      Effect.gen(function* () {
        const { log, namespace } = yield* withSubscriptions("a", "b", "B")
        const kept = new Map<string, Kept>()
        for (const { subscription, attempts } of commits) {
          const told = change(namespace, subscription, 9, { attempts })
          yield* log.commit([told])
          yield* log.commit([told])
          for (const attempt of attempts) {
            const one = { ...attempt, subscription: SubscriptionName.make(subscription) }
            kept.set(keyOf(one), one)
          }
        }
        const of = (asked: ReadonlyArray<SubscriptionName>) =>
          log.recordsOf(namespace, Sequence.make(sequence), asked)
        for (const asked of [names, names.slice(1), []]) {
          const expected = [...kept.values()].filter(
            (one) => one.sequence === sequence && asked.includes(one.subscription),
          )
          const { attempts, deadLetters, deferrals } = yield* of(asked)
          expect(sorted(attempts)).toEqual(sorted(expected))
          expect([deadLetters, deferrals]).toEqual([[], []])
        }
      }),
    runs,
  )

  it.effect("what is recorded of an event is told of the subscriptions asked about alone", () =>
    Effect.gen(function* () {
      const { log, namespace } = yield* withSubscriptions("a", "b")
      const [a, b] = [SubscriptionName.make("a"), SubscriptionName.make("b")]
      const letter = Records.plainDeadLetter("d2")
      for (const name of ["a", "b"]) {
        yield* log.commit([
          change(namespace, name, 9, {
            deferred: [1, 2].map((at) => Records.plainDeferral(at)),
            dead: [
              { ...letter, id: `${name}1`, sequence: Sequence.make(2) },
              { ...letter, id: name },
            ],
          }),
        ])
      }
      const records = yield* log.recordsOf(namespace, Sequence.make(2), [b])
      expect(records).toEqual({
        deferrals: [{ ...Records.plainDeferral(2), subscription: b }],
        deadLetters: [{ id: "b1", subscription: b, reason: letter.reason, deadAt: letter.deadAt }],
        attempts: [],
      })
      const first = yield* log.recordsOf(namespace, Sequence.make(1), [a, b])
      expect(first.deadLetters.map(({ id }) => id)).toEqual(["a", "b"])
    }),
  )

  it.effect("attempts are forgotten up to a place, and of a subscription that is gone", () =>
    Effect.gen(function* () {
      const { log, namespace, registry } = yield* withSubscriptions("a", "b")
      const other = yield* withSubscriptions("a")
      const attempts = [1, 2, 3, 4].map((at) => Records.plainAttempt(at))
      for (const name of ["a", "b"]) yield* log.commit([change(namespace, name, 9, { attempts })])
      yield* log.commit([change(other.namespace, "a", 9, { attempts })])
      const left = Effect.forEach([1, 2, 3, 4], (at) =>
        Effect.map(
          log.recordsOf(namespace, Sequence.make(at), names),
          ({ attempts }) => attempts.length,
        ),
      )
      const upTo = Sequence.make(2)
      expect(yield* log.forgetAttempts(namespace, { upTo }, 3)).toBe(3)
      expect(yield* log.forgetAttempts(namespace, { upTo }, 3)).toBe(1)
      expect(yield* log.forgetAttempts(namespace, { upTo }, 3)).toBe(0)
      expect(yield* left).toEqual([0, 0, 2, 2])
      const subscription = SubscriptionName.make("a")
      yield* registry.deleteSubscription(namespace, subscription)
      // A late one of a subscription that is gone is not kept.
      yield* log.commit([change(namespace, "a", 9, { attempts })])
      expect(yield* log.forgetAttempts(namespace, { subscription }, 9)).toBe(2)
      expect(yield* left).toEqual([0, 0, 1, 1])
      const untouched = yield* log.recordsOf(other.namespace, Sequence.make(1), [subscription])
      expect(untouched.attempts.length).toBe(1)
    }),
  )

  it.effect("the place a subscription started at stays, whatever its position is", () =>
    Effect.gen(function* () {
      const { log, namespace, registry } = yield* withSubscriptions("a")
      const late = Records.plainSubscription(namespace, "late")
      yield* registry.createSubscription(late, Sequence.make(7))
      yield* log.commit([change(namespace, "late", 9), change(namespace, "a", 9)])
      yield* registry.createSubscription(late, Sequence.make(8))
      expect(yield* log.progress(namespace)).toMatchObject([
        { subscription: "a", position: 9, startedAfter: origin },
        { subscription: "late", position: 9, startedAfter: 7 },
      ])
    }),
  )
}
