// Content filters of subscriptions, end to end in simulated time.

import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Outcome, SinkName, SubscriptionName } from "../../../src/domain/index.js"
import { cloudEvent } from "../../laws/LawEvents.js"
import { delivered } from "../../support/ScriptedTransport.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const scenario = (
  name: string,
  play: (ns: TestNamespace, t: TestMesh) => Effect.Effect<void, unknown>,
  windowEvents = 1024,
) =>
  it(name, () =>
    TestMesh.run(
      (t) =>
        Effect.gen(function* () {
          const ns = new TestNamespace(t)
          yield* ns.create
          yield* play(ns, t)
        }),
      { windowEvents },
    ),
  )

const odd = [{ suffix: { id: "1" } }]
const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`)
const ending1 = (all: ReadonlyArray<string>) => all.filter((id) => id.endsWith("1"))

describe("A filter", () => {
  scenario("lets the position pass over what it excludes, and stores nothing of it", (ns, t) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { filters: odd, ordering: "strict" })
      yield* ns.publish(ids(1, 25))
      yield* t.simulation.advance("1 second")
      expect(ns.taken()).toEqual(["1", "11", "21"])
      expect(yield* ns.view()).toMatchObject({ state: "live", position: 25, lag: 0 })
      expect(t.state.holdings.get(ns.name)?.deadLetters.all()).toEqual([])
    }),
  )

  scenario(
    "applies to what a subscription that is behind reads",
    (ns, t) =>
      Effect.gen(function* () {
        yield* ns.subscribe("p", { filters: odd, ordering: "strict" })
        ns.answer(() => Effect.never)
        yield* ns.publish(ids(1, 300))
        ns.answer(delivered)
        yield* t.restart
        yield* ns.publish(ids(301, 400))
        yield* t.simulation.advance("1 minute")
        expect(ns.taken()).toEqual(ending1(ids(1, 400)))
        expect((yield* ns.view()).lag).toBe(0)
      }),
    4,
  )

  scenario("applies to ephemeral events, also when there is no room", (ns, t) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { filters: odd, concurrency: 1 })
      ns.answer(() => Effect.as(Effect.sleep("1 second"), Outcome.delivered()))
      yield* ns.publish(ids(1, 11), {}, "ephemeral")
      yield* t.simulation.advance("1 minute")
      expect(ns.taken()).toEqual(["1", "11"])
      expect((yield* t.mesh.metrics).deliveries.dropped).toBe(0)
    }),
  )

  scenario("that is changed applies to what is not yet admitted", (ns, t) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { filters: odd })
      yield* ns.publish(ids(1, 10))
      const name = SubscriptionName.make("p")
      yield* t.simulation.finish(t.mesh.subscriptions.pause(ns.name, name))
      yield* ns.publish(ids(11, 20))
      yield* ns.subscribe("p", { filters: [{ suffix: { id: "2" } }] })
      yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, name))
      yield* ns.publish(ids(21, 30))
      yield* t.simulation.advance("1 minute")
      expect(ns.taken().toSorted()).toEqual(["1", "12", "22"])
    }),
  )

  scenario("that cannot be is refused, and nothing is stored", (ns, t) =>
    Effect.gen(function* () {
      const put = t.mesh.subscriptions.put(ns.name, SubscriptionName.make("p"), {
        sink: SinkName.make("s"),
        filters: [{ any: [{}] }],
      })
      const exit = yield* t.simulation.exitOf(put)
      expect(exit).toMatchObject({
        cause: { error: { _tag: "InvalidSetting", field: "filters.0.any.0" } },
      })
      expect(yield* t.simulation.finish(t.mesh.subscriptions.list(ns.name))).toEqual([])
    }),
  )
})

describe("A transform", () => {
  const doubled = { data: "event.data.n * 2", type: "'doubled'" }
  const numbered = (t: TestMesh, ns: TestNamespace, data: ReadonlyArray<unknown>) =>
    t.simulation.finish(
      t.mesh.publish(
        ns.name,
        data.map((n, index) => cloudEvent({ id: `${index}`, source: "/", type: "t", data: { n } })),
      ),
    )

  scenario("changes what is delivered, in order, and buries what it fails for", (ns, t) =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      ns.answer(({ event }) =>
        Effect.sync(() => {
          seen.push([event.sequence, event.type, event.event.data])
          return Outcome.delivered()
        }),
      )
      yield* ns.subscribe("p", { transform: doubled, ordering: "strict" })
      yield* numbered(t, ns, [1, "x", 3, "y", "z"])
      yield* t.simulation.advance("1 minute")
      expect(seen).toEqual([
        [1, "doubled", 2],
        [3, "doubled", 6],
      ])
      expect(ns.dead).toEqual([
        [2, "TransformFailed"],
        [4, "TransformFailed"],
        [5, "TransformFailed"],
      ])
      expect(yield* ns.view()).toMatchObject({ lag: 0 })
      const [letter] = t.state.holdings.get(ns.name)?.deadLetters.all() ?? []
      expect(JSON.parse(letter?.json ?? "")).toMatchObject({ type: "t", data: { n: "x" } })
    }),
  )

  scenario("that fails is not held against a sink that is out", (ns, t) =>
    Effect.gen(function* () {
      ns.answer(() => Effect.succeed(Outcome.retry("busy")))
      yield* ns.subscribe("p", { transform: doubled, ordering: "strict" })
      yield* numbered(t, ns, [1, "x", 3])
      yield* t.simulation.advance("10 minutes")
      expect(yield* ns.state()).toBe("parked")
      ns.answer(delivered)
      yield* t.simulation.advance("10 minutes")
      expect(ns.taken()).toEqual(["0", "2"])
      expect(ns.dead).toEqual([[2, "TransformFailed"]])
    }),
  )

  scenario("sees events after the filters, and ephemeral ones too", (ns, t) =>
    Effect.gen(function* () {
      const filters = [{ cel: "event.data.n > 1" }]
      yield* ns.subscribe("p", { transform: doubled, filters })
      const events = [1, 2, 3].map((n) =>
        cloudEvent({ id: `${n}`, source: "/", type: "t", data: { n } }),
      )
      yield* t.simulation.finish(t.mesh.publish(ns.name, events, "ephemeral"))
      yield* t.simulation.advance("1 second")
      expect(ns.taken().toSorted()).toEqual(["2", "3"])
      expect((yield* t.mesh.metrics).deliveries.dropped).toBe(0)
    }),
  )
})
