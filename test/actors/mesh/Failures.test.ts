// The mesh while its store, its transports and its clock fail.

import { Duration, Effect, Fiber } from "effect"
import { describe, expect } from "vitest"
import { Outcome, removalSteps, SubscriptionName } from "../../../src/domain/index.js"
import { Fault } from "../../support/StoreFaults.js"
import { delivered } from "../../support/ScriptedTransport.js"
import { type Play, scenario } from "../../support/Scenario.js"

const subscribed = (name: string, play: Play) => scenario(name, play, (_, ns) => ns.subscribe())

const slow = () => Effect.delay(Effect.succeed(Outcome.delivered()), "3 seconds")

describe("A store that fails", () => {
  subscribed(
    "during a publish: nothing is acknowledged, and it works again without a restart",
    (t, ns) =>
      Effect.gen(function* () {
        yield* t.faults.always("everything", Fault.FailBefore())
        const error = yield* Effect.flip(ns.publish(["a"]))
        expect(error._tag).toBe("StoreUnavailable")
        expect((yield* t.mesh.health).ready).toBe(false)
        yield* t.simulation.advance("10 minutes")
        yield* t.faults.heal
        const [receipt] = yield* ns.publish(["a"])
        expect(receipt).toMatchObject({ sequence: 1, duplicate: false })
        yield* t.simulation.advance("1 second")
        expect(ns.taken()).toEqual(["a"])
        expect((yield* t.mesh.health).problems).toEqual([])
      }),
  )

  subscribed("after it committed: the publisher's retry is a duplicate, delivered once", (t, ns) =>
    Effect.gen(function* () {
      yield* t.faults.next("Journal.append", Fault.FailAfter())
      expect((yield* Effect.flip(ns.publish(["a"])))._tag).toBe("StoreUnavailable")
      const [receipt] = yield* ns.publish(["a"])
      expect(receipt).toMatchObject({ sequence: 1, duplicate: true })
      yield* t.simulation.advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  subscribed(
    "after it committed, and nobody publishes again: it is delivered all the same",
    (t, ns) =>
      Effect.gen(function* () {
        yield* t.faults.next("Journal.append", Fault.FailAfter())
        yield* Effect.flip(ns.publish(["a"]))
        yield* t.simulation.advance("1 minute")
        expect(ns.taken()).toEqual(["a"])
      }),
  )

  subscribed(
    "to write progress: deliveries go on, once each, and a kill repeats only those",
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.publish(["a"])
        yield* t.simulation.advance("1 second")
        yield* t.faults.always("DeliveryLog.commit", Fault.FailBefore())
        yield* ns.publish(["b", "c"])
        yield* t.simulation.advance("10 minutes")
        expect(ns.taken()).toEqual(["a", "b", "c"])
        expect((yield* t.mesh.health).problems).toMatchObject([{ what: "progress" }])
        yield* t.kill
        yield* t.start
        yield* t.simulation.advance("1 minute")
        expect([...ns.taken()].sort()).toEqual(["a", "b", "b", "c", "c"])
        yield* t.restart
        yield* t.simulation.advance("1 minute")
        expect(ns.taken().length).toBe(5)
      }),
  )

  subscribed("to write the progress of a replay: health says so until it does", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.publish(["a", "b"])
      yield* t.simulation.advance("1 second")
      yield* t.faults.always("Replays.commit", Fault.FailBefore())
      const name = SubscriptionName.make("p")
      yield* t.simulation.finish(t.mesh.replays.start(ns.name, name, { from: "earliest" }))
      yield* t.simulation.advance("1 minute")
      const { problems, ready } = yield* t.mesh.health
      expect([ready, problems]).toMatchObject([false, [{ what: "progress", where: "store" }]])
      expect((yield* t.mesh.metrics).progressFailures).toBeGreaterThan(2)
      yield* t.faults.heal
      yield* t.simulation.advance("1 minute")
      expect((yield* t.mesh.health).ready).toBe(true)
    }),
  )

  subscribed("to write progress for a while: a clean stop after that repeats nothing", (t, ns) =>
    Effect.gen(function* () {
      yield* t.faults.next("DeliveryLog.commit", Fault.FailBefore(), Fault.FailAfter())
      yield* ns.publish(["a"])
      yield* t.simulation.advance("10 seconds")
      yield* t.restart
      yield* t.simulation.advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  subscribed("to write progress, just before a subscription moves: it repeats nothing", (t, ns) =>
    Effect.gen(function* () {
      yield* t.faults.next("DeliveryLog.commit", ...[1, 2, 3].map(() => Fault.FailBefore()))
      yield* ns.publish(["a"])
      yield* t.simulation.advance("100 millis")
      expect(ns.taken()).toEqual(["a"])
      yield* ns.sink()
      yield* t.simulation.advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  subscribed("while a subscription reads: it reads on", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.publish(["a", "b"])
      yield* t.faults.next("Journal.read", Fault.FailBefore(), Fault.FailBefore())
      yield* ns.subscribe("late", { startAt: "earliest" })
      yield* t.simulation.advance("1 minute")
      expect([...ns.taken("late")].sort()).toEqual(["a", "b"])
    }),
  )
})

describe("A pause or resume that is not stored", () => {
  subscribed("is not in force", (t, ns) =>
    Effect.gen(function* () {
      const p = SubscriptionName.make("p")
      const { mesh, simulation } = t
      yield* t.faults.next("Registry.updateSubscription", Fault.FailBefore())
      const pause = yield* Effect.flip(simulation.finish(mesh.subscriptions.pause(ns.name, p)))
      expect(pause._tag).toBe("StoreUnavailable")
      yield* ns.publish(["a"])
      yield* simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a"])
      yield* simulation.finish(mesh.subscriptions.pause(ns.name, p))
      yield* t.faults.next("Registry.updateSubscription", Fault.FailBefore())
      yield* Effect.flip(simulation.finish(mesh.subscriptions.resume(ns.name, p)))
      yield* ns.publish(["b"])
      yield* simulation.advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
      yield* simulation.finish(mesh.subscriptions.resume(ns.name, p))
      yield* simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a", "b"])
    }),
  )
})

describe("A transport that dies when it opens", () => {
  subscribed("is opened again, and delivers", (t, ns) =>
    Effect.gen(function* () {
      let deaths = 3
      t.sinks.opening(
        ns.name,
        "s",
        Effect.suspend(() => (deaths-- > 0 ? Effect.die("no") : Effect.void)),
      )
      yield* ns.sink()
      yield* ns.publish(["a"])
      yield* t.simulation.advance("10 seconds")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  subscribed("too often is left alone for half a minute, then tried again", (t, ns) =>
    Effect.gen(function* () {
      let deaths = 10
      t.sinks.opening(
        ns.name,
        "s",
        Effect.suspend(() => (deaths-- > 0 ? Effect.die("no") : Effect.void)),
      )
      yield* ns.sink()
      yield* ns.publish(["a"])
      yield* t.simulation.advance("20 seconds")
      const opened = t.sinks.opened.get(`${ns.name}/s`) ?? 0
      expect(opened).toBeLessThanOrEqual(8)
      expect(ns.taken()).toEqual([])
      yield* t.simulation.advance("2 minutes")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  subscribed("or hangs delays no other sink, and not the removal", (t, ns) =>
    Effect.gen(function* () {
      t.sinks.opening(ns.name, "stuck", Effect.never)
      yield* ns.sink("stuck")
      yield* ns.subscribe("q", {}, "stuck")
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 second")
      expect(ns.taken("p")).toEqual(["a"])
      expect(yield* ns.state("stuck")).toBe("waiting")
      const removed = t.mesh.namespaces.remove(ns.name, { wait: "10 minutes" })
      const report = yield* t.simulation.finish(removed)
      expect(report.steps.length).toBe(removalSteps.length)
    }),
  )
})

describe("Stopping the mesh", () => {
  subscribed("lets what is in flight end", (t, ns) =>
    Effect.gen(function* () {
      ns.answer(slow)
      yield* ns.publish(["a"])
      yield* t.simulation.settle
      yield* t.restart
      yield* t.simulation.advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
      expect(t.sinks.attempts.length).toBe(1)
    }),
  )

  subscribed(
    "cuts off what takes longer than the deadline, and delivers it after the start",
    (t, ns) =>
      Effect.gen(function* () {
        ns.answer(() => Effect.never)
        yield* ns.publish(["a"])
        yield* t.simulation.settle
        const before = t.simulation.elapsed
        yield* t.stop
        expect(t.simulation.elapsed - before).toBeLessThanOrEqual(16_000)
        ns.answer(delivered)
        yield* t.start
        yield* t.simulation.advance("1 minute")
        expect(ns.taken()).toEqual(["a"])
      }),
  )

  subscribed("journals what was being published", (t, ns) =>
    Effect.gen(function* () {
      yield* t.faults.next("Journal.append", Fault.Delay({ duration: "2 seconds" }))
      const publish = yield* Effect.fork(t.mesh.publish(ns.name, ns.events(["a"])))
      yield* t.simulation.settle
      yield* t.stop
      const [receipt] = yield* t.simulation.finish(Fiber.join(publish))
      expect(receipt).toMatchObject({ sequence: 1 })
      yield* t.start
      yield* t.simulation.advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  subscribed("ends even if the store is gone", (t) =>
    Effect.gen(function* () {
      yield* t.faults.always("everything", Fault.FailBefore())
      const before = t.simulation.elapsed
      yield* t.stop
      expect(t.simulation.elapsed - before).toBeLessThan(60_000)
      yield* t.start
    }),
  )
})

describe("A clock that jumps", () => {
  for (const direction of ["forward", "back"] as const) {
    for (const by of ["1 hour", "5 days"] as const) {
      subscribed(`${direction} by ${by} delays no retry and no probe by long`, (t, ns) =>
        Effect.gen(function* () {
          yield* ns.sink("out")
          yield* ns.subscribe("q", {}, "out")
          ns.answer(() => Effect.succeed(Outcome.retry("busy")))
          ns.answer(() => Effect.succeed(Outcome.retry("busy")), "out")
          yield* ns.publish(["a", "b", "c", "d", "e", "f"])
          yield* t.simulation.advance("10 seconds")
          yield* t.simulation.setClock(Duration.decode(by), direction)
          ns.answer(delivered)
          ns.answer(delivered, "out")
          yield* ns.publish(["g"])
          yield* t.simulation.advance("10 minutes")
          for (const subscription of ["p", "q"]) {
            const all = [...ns.taken(subscription)]
            expect(all.sort()).toEqual(["a", "b", "c", "d", "e", "f", "g"])
          }
          expect(ns.dead).toEqual([])
        }),
      )
    }
  }

  subscribed("back does not keep a namespace from what it publishes and pauses", (t, ns) =>
    Effect.gen(function* () {
      yield* t.simulation.setClock("5 days", "back")
      yield* ns.publish(["a"])
      const p = SubscriptionName.make("p")
      yield* t.simulation.finish(t.mesh.subscriptions.pause(ns.name, p))
      yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, p))
      yield* ns.publish(["b"])
      yield* t.simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a", "b"])
    }),
  )
})
