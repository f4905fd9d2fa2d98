// Alerts of a whole mesh, as whoever reads the system namespace gets them.

import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { NamespaceName, origin, Outcome } from "../../../src/domain/index.js"
import { delivered } from "../../support/ScriptedTransport.js"
import { Fault } from "../../support/StoreFaults.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const system = NamespaceName.make("eventloom.system")

/** The alerts that were published, in order. */
const alertsOf = (t: TestMesh) =>
  Effect.map(
    t.simulation.finish(t.mesh.events.read(system, { after: origin, limit: 100 })),
    ({ events }) => events.map(({ event }) => event),
  )

const scenario = (
  name: string,
  play: (t: TestMesh, ns: TestNamespace) => Effect.Effect<void, unknown>,
) =>
  it(name, () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        yield* t.simulation.finish(t.mesh.namespaces.put(system))
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* ns.subscribe()
        yield* play(t, ns)
      }),
    ),
  )

const ids = (count: number) => Array.from({ length: count }, (_, index) => `e${index}`)

describe("Alerts", () => {
  scenario("tell of dead letters: of the first at once, of a flood in one more event", (t, ns) =>
    Effect.gen(function* () {
      ns.answer(() => Effect.succeed(Outcome.reject("422")))
      yield* ns.publish(ids(50))
      yield* t.simulation.advance("10 minutes")
      const [first, rest, ...more] = yield* alertsOf(t)
      expect(first).toMatchObject({
        type: "eventloom.delivery.dead-lettered",
        source: "/eventloom",
        subject: "a.example/subscriptions/p",
        severity: "error",
        data: { namespace: "a.example", subscription: "p", sequence: "1", count: 1 },
      })
      expect(rest).toMatchObject({ data: { count: 49 } })
      expect(more).toEqual([])
    }),
  )

  scenario("tell of a sink that parks and of its recovery", (t, ns) =>
    Effect.gen(function* () {
      ns.answer(() => Effect.succeed(Outcome.retry("503")))
      yield* ns.publish(ids(10))
      yield* t.simulation.advance("1 minute")
      ns.answer(delivered)
      yield* t.simulation.advance("10 minutes")
      expect(yield* alertsOf(t)).toMatchObject([
        { type: "eventloom.sink.parked", subject: "a.example/sinks/s", data: { cause: "outage" } },
        { type: "eventloom.sink.recovered", subject: "a.example/sinks/s" },
      ])
    }),
  )

  scenario("tell of a subscription that its destination ends", (t, ns) =>
    Effect.gen(function* () {
      ns.answer(() => Effect.succeed(Outcome.gone("410 Gone")))
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 minute")
      expect(yield* alertsOf(t)).toMatchObject([
        { type: "eventloom.subscription.disabled", data: { reason: "410 Gone" } },
      ])
    }),
  )

  scenario("tell of a removal that gets no further, from the seventh failure on", (t, ns) =>
    Effect.gen(function* () {
      yield* t.faults.always("Removals.purge", Fault.FailBefore())
      yield* t.simulation.finish(t.mesh.namespaces.remove(ns.name))
      yield* t.simulation.advance("10 seconds")
      expect(yield* alertsOf(t)).toEqual([])
      yield* t.simulation.advance("2 minutes")
      expect(yield* alertsOf(t)).toMatchObject([
        { type: "eventloom.removal.stuck", data: { step: "purge-deliveries", failures: 7 } },
      ])
    }),
  )

  scenario("wait for a store that does not answer", (t, ns) =>
    Effect.gen(function* () {
      ns.answer(() => Effect.succeed(Outcome.gone("410 Gone")))
      yield* ns.publish(["a"])
      yield* t.faults.always("Journal.append", Fault.FailBefore())
      yield* t.simulation.advance("1 minute")
      yield* t.faults.heal
      yield* t.simulation.advance("1 minute")
      expect(yield* alertsOf(t)).toMatchObject([{ type: "eventloom.subscription.disabled" }])
    }),
  )

  scenario("about the system namespace itself are only logged", (t, _) =>
    Effect.gen(function* () {
      const own = new TestNamespace(t, system)
      yield* own.sink()
      yield* own.subscribe()
      own.answer(() => Effect.succeed(Outcome.reject("422")))
      yield* own.publish(["a"])
      yield* t.simulation.advance("10 minutes")
      expect(yield* alertsOf(t)).toHaveLength(1)
    }),
  )

  it("are told to nobody where there is no system namespace, and harm nothing", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* ns.subscribe()
        ns.answer(() => Effect.succeed(Outcome.reject("422")))
        yield* ns.publish(ids(3))
        yield* t.simulation.advance("10 minutes")
        expect(ns.dead).toHaveLength(3)
      }),
    ))
})
