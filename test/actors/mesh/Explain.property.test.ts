// Whatever happens to deliveries, what is said of each is what its sink saw of it.

import { Effect, Either } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { DeliveryView } from "../../../src/actors/index.js"
import {
  type Ordering,
  Outcome,
  parseTypePattern,
  Sequence,
  SubscriptionName,
} from "../../../src/domain/index.js"
import type { Attempt } from "../../support/ScriptedTransport.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

type Answer = "delivered" | "retry" | "reject" | "slow"

type Step =
  | { readonly _tag: "Publish"; readonly type: string; readonly key: string }
  | { readonly _tag: "Answer"; readonly answers: ReadonlyArray<Answer> }
  | { readonly _tag: "Advance"; readonly millis: number }
  | { readonly _tag: "Switch"; readonly name: string; readonly on: boolean }
  | { readonly _tag: "Redeliver" | "Discard" | "Restart" | "Late" }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      _tag: fc.constant("Publish" as const),
      type: fc.constantFrom("a", "b"),
      key: fc.constantFrom("k", "l"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      _tag: fc.constant("Answer" as const),
      answers: fc.array(fc.constantFrom<Answer>("delivered", "retry", "reject", "slow"), {
        minLength: 1,
        maxLength: 5,
      }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      _tag: fc.constant("Advance" as const),
      millis: fc.constantFrom(1, 15, 30, 700, 5_000, 200_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      _tag: fc.constant("Switch" as const),
      name: fc.constantFrom("none", "key"),
      on: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Step>(
      { _tag: "Redeliver" },
      { _tag: "Redeliver" },
      { _tag: "Discard" },
      { _tag: "Restart" },
      { _tag: "Late" },
    ),
  },
)

/** A sink that gives its answers in turn, over and over. */
const sinkOf = (answers: ReadonlyArray<Answer>) => {
  let turn = 0
  return () =>
    Effect.suspend(() => {
      const answer = answers[turn++ % answers.length]
      if (answer === "retry") return Effect.succeed(Outcome.retry("busy"))
      if (answer === "reject") return Effect.succeed(Outcome.reject("bad"))
      const ended = Effect.succeed(Outcome.delivered())
      return answer === "slow" ? Effect.delay(ended, "3 seconds") : ended
    })
}

const orderings: ReadonlyArray<Ordering> = ["none", "key", "strict"]

const check = (view: DeliveryView, seen: ReadonlyArray<Attempt>, discarded: boolean): void => {
  const { attempts, standing } = view
  const last = seen.at(-1)
  const about = { ...view, seen: seen.map(({ attempt, outcome }) => [attempt, outcome?._tag]) }
  const says = standing._tag === "Waiting" ? standing.cause._tag : standing._tag
  // Under way is exactly what was begun and has not ended.
  expect([about, says === "InFlight"]).toEqual([about, last !== undefined && !last.outcome])
  switch (says) {
    case "InFlight":
      break
    case "Delivered":
      expect([about, last?.outcome?._tag]).toEqual([about, "Delivered"])
      break
    case "DeadLettered":
      expect([about, last?.outcome?._tag]).toEqual([about, "Reject"])
      break
    case "Discarded":
      expect([about, discarded]).toEqual([about, true])
      break
    case "NotInterested":
    case "Filtered":
    case "Skipped":
      expect([about, seen.length]).toEqual([about, 0])
      break
    default:
      // It waits: what was taken does not.
      expect([about, last?.outcome?._tag === "Delivered"]).toEqual([about, false])
  }
  if (last?.outcome?._tag === "Delivered" && !discarded) expect(says).toBe("Delivered")
  // Every attempt that failed is kept, tries of one number together; with "all" the others, too.
  const failed = seen.filter(({ outcome }) => outcome !== undefined && outcome._tag !== "Delivered")
  const numbers = new Set(failed.map(({ attempt }) => attempt))
  for (const number of numbers) {
    expect([about, attempts.map(({ attempt }) => attempt).includes(number)]).toEqual([about, true])
  }
  for (const { startedAt } of attempts) expect(seen.map(({ at }) => at)).toContain(startedAt)
  const ended = seen.filter(({ outcome }) => outcome !== undefined)
  if (view.subscription === "strict" && ended.length > 0) {
    expect(attempts.at(-1)).toMatchObject({
      outcome: ended.at(-1)?.outcome?._tag,
      startedAt: ended.at(-1)?.at,
    })
  }
}

it("says of every delivery what its sink saw of it, at any moment", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30, size: "max" }), (steps) =>
      TestMesh.run((t, simulation) =>
        Effect.gen(function* () {
          const ns = new TestNamespace(t)
          const discarded = new Set<string>()
          yield* ns.create
          for (const ordering of orderings) {
            yield* ns.sink(ordering)
            // "strict" keeps an account of every attempt.
            const audit = ordering === "strict" ? "all" : "failures"
            const some = Either.getOrThrow(parseTypePattern("a"))
            const types = ordering === "key" ? { types: [some] } : {}
            const spec = { ordering, audit, concurrency: 2, ...types } as const
            yield* ns.subscribe(ordering, spec, ordering)
          }
          let published = 0
          const checkAll = Effect.gen(function* () {
            yield* simulation.settle
            for (let sequence = 1; sequence <= published; sequence++) {
              const { deliveries } = yield* t.mesh.explain(ns.name, Sequence.make(sequence), {
                limit: 10,
              })
              for (const view of deliveries) {
                const seen = t.sinks.attempts.filter(
                  (one) => one.subscription === view.subscription && one.sequence === sequence,
                )
                check(view, seen, discarded.has(`${view.subscription} ${sequence}`))
              }
            }
          })
          const letters = Effect.map(
            t.mesh.deadLetters.list(ns.name, { limit: 1 }),
            ({ deadLetters }) => deadLetters[0],
          )
          for (const one of steps) {
            switch (one._tag) {
              case "Publish":
                yield* ns.publish([`e${++published}`], { type: one.type, key: one.key })
                break
              case "Answer":
                for (const sink of orderings) ns.answer(sinkOf(one.answers), sink)
                break
              case "Advance":
                yield* simulation.advance(`${one.millis} millis`)
                break
              case "Switch": {
                const name = SubscriptionName.make(one.name)
                const { pause, resume } = t.mesh.subscriptions
                yield* simulation.finish((one.on ? resume : pause)(ns.name, name))
                break
              }
              case "Redeliver": {
                const letter = yield* letters
                if (letter === undefined) break
                const { redeliver } = t.mesh.deadLetters
                yield* Effect.ignore(simulation.finish(redeliver(ns.name, letter.id)))
                break
              }
              case "Discard": {
                const letter = yield* letters
                if (letter === undefined) break
                yield* simulation.finish(t.mesh.deadLetters.discard(ns.name, letter.id))
                discarded.add(`${letter.subscription} ${letter.sequence}`)
                break
              }
              case "Restart":
                // A stop lets what is under way end: slow answers take 3 seconds.
                yield* t.restart
                break
              case "Late":
                yield* ns.subscribe(`late${published}`, { startAt: "now" }, "none")
                break
            }
            yield* checkAll
          }
          for (const sink of orderings) ns.answer(sinkOf(["delivered"]), sink)
          yield* simulation.advance("1 hour")
          yield* checkAll
        }),
      ),
    ),
    { numRuns: Number(process.env["EVENTLOOM_EXPLAIN_RUNS"] ?? 12) },
  )
}, 120_000)
