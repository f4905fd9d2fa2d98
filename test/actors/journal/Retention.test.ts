// What leaves the journal, and what must not.

import { Effect } from "effect"
import { Duration } from "effect"
import { describe, expect } from "vitest"
import { ByteSize, Outcome, type Settings, SubscriptionName } from "../../../src/domain/index.js"
import { delivered } from "../../support/ScriptedTransport.js"
import { Fault } from "../../support/StoreFaults.js"
import { type Play, scenario } from "../../support/Scenario.js"
import type { TestMesh } from "../../support/TestMesh.js"
import type { TestNamespace } from "../../support/TestNamespace.js"

const hour: Settings = { retentionAge: Duration.hours(1) }

const withSettings = (name: string, overrides: Settings, play: Play) =>
  scenario(name, play, (t, ns) =>
    t.simulation.finish(t.mesh.namespaces.put(ns.name, { overrides })),
  )

const kept = (t: TestMesh, ns: TestNamespace) => {
  const bounds = t.state.holdings.get(ns.name)?.log.bounds
  return bounds === undefined ? 0 : bounds.head - bounds.oldest + 1
}

/** What metrics say of events that were lost. */
const dropped = (t: TestMesh) =>
  Effect.map(t.mesh.metrics, ({ alerts, deliveries }) => ({
    deliveries: deliveries.dropped,
    alerts: alerts.get("eventloom.journal.events-dropped") ?? 0,
  }))

describe("Retention", () => {
  withSettings("by age lets old events go, and never the last", hour, (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      yield* ns.publish(["a", "b", "c"])
      yield* t.simulation.advance("50 minutes")
      yield* ns.publish(["d"])
      expect(kept(t, ns)).toBe(4)
      yield* t.simulation.advance("80 minutes")
      expect(kept(t, ns)).toBe(1)
      const [receipt] = yield* ns.publish(["e"])
      expect(receipt?.sequence).toBe(5)
      yield* t.simulation.advance("1 second")
      expect(ns.taken().length).toBe(5)
    }),
  )

  withSettings("by size keeps as much as fits", { retentionBytes: ByteSize.make(500) }, (t, ns) =>
    Effect.gen(function* () {
      yield* ns.publish(Array.from({ length: 50 }, (_, index) => `e${index}`))
      yield* t.simulation.advance("2 hours")
      expect(kept(t, ns)).toBeGreaterThan(1)
      expect(kept(t, ns)).toBeLessThan(12)
    }),
  )

  withSettings(
    "keeps what a subscription still needs: parked, paused, or set aside",
    hour,
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.subscribe("p")
        yield* ns.sink("other")
        yield* ns.subscribe("q", {}, "other")
        ns.answer(() => Effect.succeed(Outcome.retry("busy")))
        yield* ns.publish(["a", "b", "c"])
        yield* t.simulation.advance("1 day")
        expect(kept(t, ns)).toBe(3)
        ns.answer(delivered)
        yield* t.simulation.advance("10 minutes")
        expect([...ns.taken()].sort()).toEqual(["a", "b", "c"])
        const q = SubscriptionName.make("q")
        yield* t.simulation.finish(t.mesh.subscriptions.pause(ns.name, q))
        yield* ns.publish(["d", "e"])
        yield* t.simulation.advance("1 day")
        expect(kept(t, ns)).toBe(2)
        yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, q))
        yield* t.simulation.advance("3 hours")
        expect(kept(t, ns)).toBe(1)
        expect(ns.taken("q").length).toBe(5)
      }),
  )

  withSettings("moves on past a subscription that nothing matches", hour, (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", {})
      yield* ns.publish(["a", "b"])
      yield* t.simulation.advance("3 hours")
      expect(kept(t, ns)).toBe(1)
    }),
  )

  withSettings(
    "drops what was not delivered where it is told to, and counts it",
    { ...hour, dropUndelivered: true },
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.subscribe("p", { ordering: "strict" })
        ns.answer(() => Effect.succeed(Outcome.retry("busy")))
        yield* ns.publish(["a"])
        yield* t.simulation.advance("3 hours")
        yield* ns.publish(["b"])
        yield* t.simulation.advance("3 hours")
        expect(kept(t, ns)).toBe(1)
        ns.answer(delivered)
        yield* t.simulation.advance("1 hour")
        expect(ns.taken().at(-1)).toBe("b")
        expect(yield* ns.view()).toMatchObject({ lag: 0, dropped: 1 })
        expect(yield* dropped(t)).toEqual({ deliveries: 1, alerts: 1 })
      }),
  )

  withSettings(
    "counts what it drops for each subscription that had not had it, and no other",
    { ...hour, dropUndelivered: true },
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.sink("other")
        yield* ns.subscribe("behind", { ordering: "strict" })
        yield* ns.subscribe("paused")
        yield* ns.subscribe("one")
        yield* ns.subscribe("well", {}, "other")
        ns.answer(({ event, subscription }) =>
          subscription === "one" && event.event.id !== "e7"
            ? Effect.succeed(Outcome.delivered())
            : Effect.succeed(Outcome.retry("later", t.simulation.now + 36_000_000)),
        )
        yield* t.simulation.finish(
          t.mesh.subscriptions.pause(ns.name, SubscriptionName.make("paused")),
        )
        const ids = Array.from({ length: 1_200 }, (_, index) => `e${index}`)
        for (const id of ids) yield* ns.publish([id])
        yield* t.simulation.advance("4 hours")
        expect(kept(t, ns)).toBe(1)
        const of = (name: string) => Effect.map(ns.view(name), (view) => view.dropped)
        const views = yield* Effect.forEach(["behind", "paused", "one", "well"], of)
        expect(views).toEqual([1_199, 1_199, 1, undefined])
        expect(yield* dropped(t)).toMatchObject({ deliveries: 2_399 })
        ns.answer(delivered)
        yield* t.simulation.advance("1 day")
        expect(yield* dropped(t)).toMatchObject({ deliveries: 2_399 })
        yield* t.simulation.finish(
          t.mesh.subscriptions.remove(ns.name, SubscriptionName.make("behind")),
        )
        yield* ns.subscribe("behind")
        expect((yield* ns.view("behind")).dropped).toBeUndefined()
      }),
  )

  withSettings(
    "accounts for what it took before it failed",
    { ...hour, dropUndelivered: true },
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.subscribe()
        yield* t.simulation.finish(t.mesh.subscriptions.pause(ns.name, SubscriptionName.make("p")))
        yield* ns.publish(Array.from({ length: 5_000 }, (_, index) => `e${index}`))
        yield* t.faults.next("Journal.trim", Fault.Pass(), Fault.FailAfter(), Fault.FailBefore())
        yield* t.simulation.advance("6 hours")
        expect(kept(t, ns)).toBe(1)
        expect(yield* dropped(t)).toMatchObject({ deliveries: 4_999 })
        expect((yield* ns.view()).dropped).toBe(4_999)
      }),
  )
})
