// Laws of dead letters: kept whole, once, in the order of their ids, until deleted.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import type { DeadLetter } from "../../src/actors/index.js"
import { origin, SubscriptionName } from "../../src/domain/index.js"
import { change, withSubscriptions } from "./LawProgress.js"
import * as Records from "./LawRecords.js"
import type { LawIt, LawRuns } from "./StoreHarness.js"

const id = fc.oneof(
  fc.integer({ min: 0, max: 10 ** 9 }).map((number) => String(number).padStart(12, "0")),
  fc.stringOf(fc.constantFrom(...Array.from("aAzZ09-_")), { minLength: 1, maxLength: 26 }),
)

const letters = Records.named(
  id,
  fc.record({ subscription: fc.constantFrom("a", "b"), letter: Records.deadLetter("") }),
)

export const deadLetterLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "dead letters come back whole and once, by id, page by page, of one subscription or all",
    { letters },
    ({ letters }) =>
      Effect.gen(function* () {
        const { log, namespace } = yield* withSubscriptions("a", "b")
        const other = yield* withSubscriptions("a")
        const all: Array<DeadLetter> = []
        for (const [id, { subscription, letter }] of letters) {
          const dead = { ...letter, id }
          const told = change(namespace, subscription, 1, { dead: [dead] })
          yield* log.commit([told])
          yield* log.commit([told])
          all.push({ ...dead, namespace, subscription: SubscriptionName.make(subscription) })
        }
        all.sort((a, b) => (a.id < b.id ? -1 : 1))
        expect(yield* log.deadLetters({ namespace, limit: 100 })).toEqual(all)
        expect(yield* other.log.deadLetters({ namespace: other.namespace, limit: 9 })).toEqual([])

        const paged: Array<DeadLetter> = []
        const page = { namespace, limit: 3 }
        for (let next = yield* log.deadLetters(page); next.length > 0; ) {
          expect(next.length).toBeLessThanOrEqual(3)
          paged.push(...next)
          const after = next.at(-1)?.id ?? ""
          next = yield* log.deadLetters({ ...page, after })
        }
        expect(paged).toEqual(all)

        for (const name of ["a", "b"]) {
          const subscription = SubscriptionName.make(name)
          const own = all.filter((letter) => letter.subscription === subscription)
          expect(yield* log.deadLetters({ namespace, subscription, limit: 100 })).toEqual(own)
          expect(yield* log.deadLetters({ namespace, subscription, limit: 2 })).toEqual(
            own.slice(0, 2),
          )
        }
      }),
    runs,
  )

  it.effect.prop(
    "a dead letter is got and deleted by its id, once, in its namespace only",
    { letters },
    ({ letters }) =>
      Effect.gen(function* () {
        const { log, namespace } = yield* withSubscriptions("a", "b")
        const other = yield* withSubscriptions("a")
        const own = letters.map(([id, { letter }]) => ({ ...letter, id }))
        yield* log.commit([
          change(namespace, "a", 1, { dead: own }),
          change(other.namespace, "a", 1, { dead: own }),
        ])
        for (const { id } of own) {
          const found = yield* log.getDeadLetter(namespace, id)
          expect(Option.map(found, (letter) => letter.id)).toEqual(Option.some(id))
          expect(yield* log.deleteDeadLetter(namespace, id)).toBe(true)
          expect(yield* log.deleteDeadLetter(namespace, id)).toBe(false)
          expect(yield* log.getDeadLetter(namespace, id)).toEqual(Option.none())
        }
        expect(yield* log.deadLetters({ namespace, limit: 100 })).toEqual([])
        const untouched = yield* log.deadLetters({ namespace: other.namespace, limit: 100 })
        expect(untouched.length).toBe(own.length)
      }),
    runs,
  )

  it.effect.prop(
    "dead letters are listed by kind and by the time of death",
    {
      letters,
      kind: fc.constantFrom("Rejected" as const, "AttemptsExhausted" as const, undefined),
      times: fc.tuple(
        fc.option(fc.nat(9), { nil: undefined }),
        fc.option(fc.nat(9), { nil: undefined }),
      ),
      deaths: fc.array(fc.nat(9), { minLength: 10, maxLength: 10 }),
    },
    ({ letters, kind, times: [since, before], deaths }) =>
      Effect.gen(function* () {
        const { log, namespace } = yield* withSubscriptions("a")
        const dead = letters.map(([id, { letter }], at) => ({
          ...letter,
          id,
          deadAt: deaths[at] ?? 0,
        }))
        yield* log.commit([change(namespace, "a", 1, { dead })])
        const filter = {
          ...(kind === undefined ? {} : { kind }),
          ...(since === undefined ? {} : { since }),
          ...(before === undefined ? {} : { before }),
        }
        const expected = dead
          .filter(({ reason }) => kind === undefined || reason._tag === kind)
          .filter(({ deadAt }) => deadAt >= (since ?? 0) && deadAt < (before ?? Infinity))
          .map(({ id }) => id)
          .sort()
        const found = yield* log.deadLetters({ namespace, limit: 100, ...filter })
        expect(found.map(({ id }) => id)).toEqual(expected)
      }),
    runs,
  )

  it.effect.prop(
    "a dead letter that is tried again is a deferral that keeps its event until it is settled",
    {
      letter: Records.deadLetter("d1"),
      deferral: Records.redeliveredDeferral(7),
      again: Records.redeliveredDeferral(7),
    },
    ({ letter, deferral, again }) =>
      Effect.gen(function* () {
        const { log, namespace } = yield* withSubscriptions("a", "b")
        const name = SubscriptionName.make("a")
        const { acceptedAt, json } = letter
        const kept = log.keptEvent(namespace, name, deferral.sequence)
        const sequence = deferral.sequence
        yield* log.commit([change(namespace, "a", 9, { dead: [{ ...letter, sequence }] })])
        const redelivered = [{ deadLetter: "d1", deferral }]
        // Not of this subscription: nothing happens.
        yield* log.commit([change(namespace, "b", 9, { redelivered })])
        expect(yield* log.deferrals(namespace, SubscriptionName.make("b"), origin, 9)).toEqual([])
        expect(yield* kept).toEqual(Option.none())

        const told = change(namespace, "a", 9, { redelivered })
        yield* log.commit([told])
        yield* log.commit([told])
        expect(yield* log.getDeadLetter(namespace, "d1")).toEqual(Option.none())
        expect(yield* log.deferrals(namespace, name, origin, 9)).toEqual([deferral])
        expect(yield* kept).toEqual(Option.some({ json, acceptedAt }))
        // Retention need not keep the journal for it.
        expect(yield* log.slowestPosition(namespace)).toBe(9)

        yield* log.commit([change(namespace, "a", 9, { deferred: [again] })])
        expect(yield* log.deferrals(namespace, name, origin, 9)).toEqual([again])
        expect(yield* kept).toEqual(Option.some({ json, acceptedAt }))
        yield* log.commit([change(namespace, "a", 9, { settled: [sequence] })])
        expect(yield* kept).toEqual(Option.none())
        expect(yield* log.deferrals(namespace, name, origin, 9)).toEqual([])
      }),
    runs,
  )
}
