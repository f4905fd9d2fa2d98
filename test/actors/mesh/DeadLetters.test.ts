// Dead letters tried again, over a whole mesh in simulated time.

import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { type Ordering, Outcome, SubscriptionName } from "../../../src/domain/index.js"
import { Fault } from "../../support/StoreFaults.js"
import { delivered } from "../../support/ScriptedTransport.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const rejected = () => Effect.succeed(Outcome.reject("400"))
const name = SubscriptionName.make("p")

interface Setting {
  readonly ordering?: Ordering
  readonly events?: ReadonlyArray<string>
  readonly key?: string
}

/** A mesh with the dead letters of some events. */
const scenario = (
  title: string,
  play: (t: TestMesh, ns: TestNamespace) => Effect.Effect<void, unknown>,
  { ordering = "none", events = ["a"], key = "" }: Setting = {},
) =>
  it(title, () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* ns.subscribe("p", { ordering })
        ns.answer(rejected)
        yield* ns.publish(events, key === "" ? {} : { key })
        yield* t.simulation.advance("1 minute")
        expect(ns.dead.length).toBe(events.length)
        ns.answer(delivered)
        yield* play(t, ns)
      }),
    ),
  )

const letters = (t: TestMesh, ns: TestNamespace) =>
  Effect.map(t.mesh.deadLetters.list(ns.name, { limit: 100 }), ({ deadLetters }) => deadLetters)

const redeliverFirst = (t: TestMesh, ns: TestNamespace) =>
  Effect.gen(function* () {
    const [letter] = yield* letters(t, ns)
    return yield* t.simulation.finish(t.mesh.deadLetters.redeliver(ns.name, letter?.id ?? ""))
  })

describe("A dead letter", () => {
  scenario("is tried again under the same delivery id, with its attempts counted anew", (t, ns) =>
    Effect.gen(function* () {
      yield* redeliverFirst(t, ns)
      expect(ns.dead).toEqual([])
      yield* t.simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a"])
      const [first, second] = t.sinks.attempts
      expect(second).toMatchObject({ delivery: first?.delivery, attempt: 1 })
      expect((yield* ns.view()).lag).toBe(0)
    }),
  )

  scenario("that fails again is a dead letter again, under a new id", (t, ns) =>
    Effect.gen(function* () {
      ns.answer(rejected)
      const letter = yield* redeliverFirst(t, ns)
      yield* t.simulation.advance("1 minute")
      const [again] = yield* letters(t, ns)
      expect(again).toMatchObject({ sequence: 1, json: letter.json, acceptedAt: letter.acceptedAt })
      expect(again?.id).not.toBe(letter.id)
    }),
  )

  scenario("is tried again after the journal let its event go", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.publish(["b", "c"])
      yield* t.simulation.advance("1 second")
      const log = t.state.holdings.get(ns.name)?.log
      expect(log?.trim(log.head, 10)).toBe(2)
      const before = ns.taken().length
      yield* redeliverFirst(t, ns)
      yield* t.simulation.advance("1 second")
      expect(ns.taken().slice(before)).toEqual(["a"])
    }),
  )

  scenario("that was acknowledged to be tried again is, whatever crashes", (t, ns) =>
    Effect.gen(function* () {
      const log = t.state.holdings.get(ns.name)?.log
      yield* ns.publish(["b"])
      yield* t.simulation.advance("1 second")
      log?.trim(log.head, 10)
      ns.answer(() => Effect.never)
      yield* redeliverFirst(t, ns)
      yield* t.kill
      yield* t.start
      ns.answer(delivered)
      yield* t.simulation.advance("1 minute")
      expect(ns.taken().filter((event) => event === "a")).toEqual(["a"])
      expect(ns.dead).toEqual([])
    }),
  )

  scenario(
    "stays one when the store takes nothing: nothing is acknowledged, nothing sent",
    (t, ns) =>
      Effect.gen(function* () {
        yield* t.faults.always("DeliveryLog.commit", Fault.FailBefore())
        expect((yield* Effect.flip(redeliverFirst(t, ns)))._tag).toBe("StoreUnavailable")
        expect(ns.taken()).toEqual([])
        yield* t.kill
        yield* t.start
        yield* t.simulation.advance("1 minute")
        expect(ns.dead.length).toBe(1)
        expect(ns.taken()).toEqual([])
      }),
  )

  scenario("asked for twice at once is sent once", (t, ns) =>
    Effect.gen(function* () {
      const [letter] = yield* letters(t, ns)
      const redeliver = t.mesh.deadLetters.redeliver(ns.name, letter?.id ?? "")
      yield* t.simulation.finish(Effect.all([redeliver, redeliver], { concurrency: 2 }))
      yield* t.simulation.advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
      expect((yield* Effect.flip(redeliver))._tag).toBe("DeadLetterNotFound")
    }),
  )

  scenario("wakes a namespace that sleeps", (t, ns) =>
    Effect.gen(function* () {
      yield* t.simulation.advance("10 minutes")
      expect((yield* t.mesh.metrics).awakeNamespaces).toBe(0)
      yield* redeliverFirst(t, ns)
      yield* t.simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  for (const ordering of ["key", "strict"] as const) {
    scenario(
      `waits for its turn: ${ordering}`,
      (t, ns) =>
        Effect.gen(function* () {
          let flying = 0
          ns.answer(() =>
            Effect.suspend(() => {
              flying++
              expect(flying).toBe(1)
              return Effect.sync(() => void flying--).pipe(
                Effect.delay("1 second"),
                Effect.as(Outcome.delivered()),
              )
            }),
          )
          yield* ns.publish(["c", "d"], { key: "k" })
          yield* t.simulation.advance("100 millis")
          yield* redeliverFirst(t, ns)
          yield* redeliverFirst(t, ns)
          yield* ns.publish(["e"], { key: "k" })
          yield* t.simulation.advance("1 minute")
          expect(ns.taken()).toEqual(["c", "a", "b", "d", "e"])
        }),
      { ordering, events: ["a", "b"], key: "k" },
    )
  }

  scenario("of a subscription that does not deliver is refused, and stays", (t, ns) =>
    Effect.gen(function* () {
      const { simulation, mesh } = t
      yield* simulation.finish(mesh.subscriptions.pause(ns.name, name))
      const paused = yield* Effect.flip(redeliverFirst(t, ns))
      expect(paused).toMatchObject({ _tag: "SubscriptionInactive", status: "paused" })
      yield* simulation.finish(mesh.subscriptions.resume(ns.name, name))
      yield* simulation.finish(mesh.namespaces.setStatus(ns.name, "disabled"))
      expect((yield* Effect.flip(redeliverFirst(t, ns)))._tag).toBe("NamespaceDisabled")
      yield* simulation.finish(mesh.namespaces.setStatus(ns.name, "enabled"))
      yield* simulation.finish(mesh.subscriptions.remove(ns.name, name))
      expect((yield* Effect.flip(redeliverFirst(t, ns)))._tag).toBe("SubscriptionNotFound")
      const all = yield* simulation.finish(mesh.deadLetters.redeliverAll(ns.name, { limit: 10 }))
      expect(all).toEqual({ redelivered: 0, skipped: 1, next: undefined })
      expect(ns.dead.length).toBe(1)
    }),
  )

  scenario("that is discarded is gone", (t, ns) =>
    Effect.gen(function* () {
      const [letter] = yield* letters(t, ns)
      const discard = t.mesh.deadLetters.discard(ns.name, letter?.id ?? "")
      yield* discard
      expect((yield* Effect.flip(discard))._tag).toBe("DeadLetterNotFound")
      expect(ns.dead).toEqual([])
    }),
  )
})

const many = Array.from({ length: 100 }, (_, index) => `e${index}`)

describe("Many dead letters", () => {
  scenario(
    "are tried again in bounded turns, each once",
    (t, ns) =>
      Effect.gen(function* () {
        const { redeliverAll } = t.mesh.deadLetters
        const first = yield* t.simulation.finish(
          redeliverAll(ns.name, { subscription: name, limit: 70 }),
        )
        expect(first).toMatchObject({ redelivered: 70, skipped: 0, next: expect.any(String) })
        const rest = yield* t.simulation.finish(
          redeliverAll(ns.name, { limit: 70, after: first.next }),
        )
        expect(rest).toEqual({ redelivered: 30, skipped: 0, next: undefined })
        yield* t.simulation.advance("1 minute")
        expect([...ns.taken()].sort()).toEqual([...many].sort())
      }),
    { events: many },
  )

  scenario(
    "are listed page by page",
    (t, ns) =>
      Effect.gen(function* () {
        const { list } = t.mesh.deadLetters
        const seen: Array<number> = []
        let after: string | undefined
        do {
          const page = yield* list(ns.name, { limit: 33, after })
          seen.push(...page.deadLetters.map(({ sequence }) => sequence))
          after = page.next
        } while (after !== undefined)
        expect(new Set(seen).size).toBe(100)
        expect(seen.length).toBe(100)
      }),
    { events: many },
  )
})
