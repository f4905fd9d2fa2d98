// What is said of a delivery is what happened to it, as far as its sink can tell.

import { Effect, Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import {
  DurationText,
  Outcome,
  parseTypePattern,
  RetryPolicyText,
  Sequence,
  SubscriptionName,
} from "../../../src/domain/index.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const types = (...texts: ReadonlyArray<string>) =>
  texts.map((text) => Either.getOrThrow(parseTypePattern(text)))

const play = (
  body: (t: TestMesh, ns: TestNamespace) => Effect.Effect<void, unknown>,
): Promise<void> =>
  TestMesh.run((t) =>
    Effect.gen(function* () {
      const ns = new TestNamespace(t)
      yield* ns.create
      yield* body(t, ns)
    }),
  )

const explain = (t: TestMesh, ns: TestNamespace, sequence: number) =>
  Effect.zipRight(
    t.simulation.settle,
    t.mesh.explain(ns.name, Sequence.make(sequence), { limit: 100 }),
  )

/** How it stands with an event and one subscription, "p" unless named. */
const standing = (t: TestMesh, ns: TestNamespace, sequence: number, name = "p") =>
  Effect.map(explain(t, ns, sequence), ({ deliveries }) => {
    const found = deliveries.find(({ subscription }) => subscription === name)
    if (found === undefined) throw new Error(`${name} is not explained`)
    return found
  })

const waits = (cause: Record<string, unknown>) => ({ standing: { _tag: "Waiting", cause } })

describe("An explanation", () => {
  it("tells who is not interested, filtered it out, came later, or had it", () =>
    play((t, ns) =>
      Effect.gen(function* () {
        yield* ns.subscribe()
        yield* ns.subscribe("other", { types: types("u.*") })
        yield* ns.subscribe("picky", { filters: [{ exact: { id: "z" } }] })
        yield* ns.publish(["a"])
        yield* ns.subscribe("late")
        yield* t.simulation.advance("1 second")
        for (const awake of [true, false]) {
          const { deliveries, event, next } = yield* explain(t, ns, 1)
          expect(event?.event.id).toBe("a")
          expect(next).toBeUndefined()
          expect(deliveries).toMatchObject([
            { subscription: "late", standing: { _tag: "Skipped", startedAfter: 1 } },
            { subscription: "other", standing: { _tag: "NotInterested" } },
            { subscription: "p", sink: "s", standing: { _tag: "Delivered" }, attempts: [] },
            {
              subscription: "picky",
              standing: { _tag: "Filtered", failures: [{ clause: "filters[0].exact" }] },
            },
          ])
          if (!awake) break
          yield* t.simulation.advance("10 minutes")
          expect((yield* t.mesh.metrics).awakeNamespaces).toBe(0)
        }
        expect((yield* t.mesh.metrics).awakeNamespaces).toBe(0)
      }),
    ))

  it("tells what a delivery waits for", () =>
    play((t, ns) =>
      Effect.gen(function* () {
        const { mesh, simulation } = t
        yield* ns.subscribe("p", { ordering: "key", concurrency: 1 })
        const name = SubscriptionName.make("p")
        ns.answer(() => Effect.delay(Effect.succeed(Outcome.retry("busy")), "1 second"))
        yield* ns.publish(["a", "b"], { key: "k" })
        yield* ns.publish(["c"], { key: "l" })
        expect(yield* standing(t, ns, 1)).toMatchObject(waits({ _tag: "InFlight", attempt: 1 }))
        expect(yield* standing(t, ns, 2)).toMatchObject(
          waits({ _tag: "OrderedBehind", sequence: 1 }),
        )
        expect(yield* standing(t, ns, 3)).toMatchObject(waits({ _tag: "Queued" }))
        yield* simulation.advance("1 second")
        expect(yield* standing(t, ns, 1)).toMatchObject({
          ...waits({ _tag: "Retry", attempt: 2, last: "busy" }),
          attempts: [{ attempt: 1, outcome: "Retry", reason: "busy", durationMillis: 1_000 }],
        })
        expect(yield* standing(t, ns, 2)).toMatchObject(
          waits({ _tag: "OrderedBehind", sequence: 1 }),
        )
        yield* simulation.finish(mesh.subscriptions.pause(ns.name, name))
        expect(yield* standing(t, ns, 1)).toMatchObject(waits({ _tag: "Paused" }))
        yield* ns.publish(["d"])
        expect(yield* standing(t, ns, 4)).toMatchObject(waits({ _tag: "Paused" }))
        yield* simulation.finish(mesh.subscriptions.resume(ns.name, name))
        yield* simulation.finish(mesh.namespaces.setStatus(ns.name, "disabled"))
        expect(yield* standing(t, ns, 4)).toMatchObject(waits({ _tag: "NamespaceDisabled" }))
        yield* simulation.finish(mesh.namespaces.setStatus(ns.name, "enabled"))
        yield* simulation.advance("20 seconds")
        expect(yield* ns.state()).toBe("parked")
        const parked = yield* standing(t, ns, 4)
        expect(parked).toMatchObject(waits({ _tag: "Parked", cause: "outage" }))
        ns.answer(() => Effect.succeed(Outcome.gone("410")))
        yield* simulation.advance("10 minutes")
        expect(yield* standing(t, ns, 4)).toMatchObject(waits({ _tag: "Disabled", reason: "410" }))
      }),
    ))

  it("shows the attempts of a delivery that failed at first, and of one given up on", () =>
    play((t, ns) =>
      Effect.gen(function* () {
        yield* ns.subscribe("p", {
          retry: Schema.decodeSync(RetryPolicyText)({ attempts: 2, initial: "1s", max: "1s" }),
        })
        let failures = 1
        ns.answer(({ event }) =>
          Effect.sync(() => {
            if (event.event.id === "bad") return Outcome.withStatus(Outcome.reject("no"), 400)
            return failures-- > 0 ? Outcome.retry("busy") : Outcome.delivered({ status: 202 })
          }),
        )
        yield* ns.publish(["slow", "bad"])
        yield* t.simulation.advance("10 seconds")
        expect(yield* standing(t, ns, 1)).toMatchObject({
          standing: { _tag: "Delivered", attempt: { attempt: 2 } },
          attempts: [
            { attempt: 1, outcome: "Retry", reason: "busy" },
            { attempt: 2, outcome: "Delivered", status: 202 },
          ],
        })
        const dead = yield* standing(t, ns, 2)
        expect(dead).toMatchObject({
          standing: { _tag: "DeadLettered", reason: { _tag: "Rejected" } },
          attempts: [{ attempt: 1, outcome: "Reject", status: 400, reason: "no" }],
        })
        const letter = dead.standing._tag === "DeadLettered" ? dead.standing.deadLetter : ""
        yield* t.mesh.deadLetters.discard(ns.name, letter)
        expect(yield* standing(t, ns, 2)).toMatchObject({ standing: { _tag: "Discarded" } })
      }),
    ))

  it("tells of an event that has left the journal what is still known; of none, that there is none", () =>
    play((t, ns) =>
      Effect.gen(function* () {
        yield* ns.subscribe()
        ns.answer(({ event }) =>
          Effect.succeed(event.event.id === "bad" ? Outcome.reject("no") : Outcome.delivered()),
        )
        const retentionAge = Schema.decodeSync(DurationText)("1h")
        yield* t.simulation.finish(t.mesh.namespaces.put(ns.name, { overrides: { retentionAge } }))
        yield* ns.publish(["good", "bad"])
        yield* t.simulation.advance("2 hours")
        yield* ns.publish(["last"])
        yield* t.simulation.advance("10 minutes")
        const gone = yield* explain(t, ns, 1)
        expect(gone).toMatchObject({
          event: undefined,
          deliveries: [{ standing: { _tag: "Forgotten" } }],
        })
        expect(yield* standing(t, ns, 2)).toMatchObject({
          standing: { _tag: "DeadLettered" },
          attempts: [],
        })
        for (const sequence of [0, 4]) {
          expect((yield* Effect.flip(explain(t, ns, sequence)))._tag).toBe("EventNotFound")
        }
      }),
    ))

  it("knows nothing of an earlier subscription of the same name", () =>
    play((t, ns) =>
      Effect.gen(function* () {
        const name = SubscriptionName.make("p")
        yield* ns.subscribe()
        ns.answer(() => Effect.succeed(Outcome.reject("no")))
        yield* ns.publish(["a"])
        yield* t.simulation.advance("1 second")
        yield* t.simulation.finish(t.mesh.subscriptions.remove(ns.name, name))
        yield* t.simulation.advance("1 second")
        yield* ns.subscribe()
        expect(yield* standing(t, ns, 1)).toMatchObject({
          standing: { _tag: "Skipped" },
          attempts: [],
        })
      }),
    ))

  it("comes page by page, or for one subscription", () =>
    play((t, ns) =>
      Effect.gen(function* () {
        for (const name of ["a", "b", "c"]) yield* ns.subscribe(name)
        yield* ns.publish(["x"])
        const sequence = Sequence.make(1)
        const first = yield* t.mesh.explain(ns.name, sequence, { limit: 2 })
        expect(first.deliveries.map(({ subscription }) => subscription)).toEqual(["a", "b"])
        const rest = yield* t.mesh.explain(ns.name, sequence, { limit: 2, after: first.next })
        expect(rest).toMatchObject({ deliveries: [{ subscription: "c" }], next: undefined })
        const subscription = SubscriptionName.make("b")
        const one = yield* t.mesh.explain(ns.name, sequence, { limit: 9, subscription })
        expect(one.deliveries.map(({ subscription }) => subscription)).toEqual(["b"])
      }),
    ))
})
