// Namespaces and subscriptions over their lives: where they start, when they sleep and wake, what a
// change reaches, what outlives the process.

import { Chunk, DateTime, Effect, Either, Exit, Fiber, Scope, Stream } from "effect"
import { describe, expect, it } from "vitest"
import {
  ByteSize,
  type CloudEvent,
  HostTypeName,
  Outcome,
  parseTypePattern,
  Sequence,
  SinkName,
  SubscriptionName,
} from "../../../src/domain/index.js"
import { Fault } from "../../support/StoreFaults.js"
import { delivered } from "../../support/ScriptedTransport.js"
import { scenario } from "../../support/Scenario.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const isAwake = (t: TestMesh, ns: TestNamespace) =>
  Effect.map(t.mesh.actors, (tree) => JSON.stringify(tree).includes(`mesh/namespaces/${ns.name}`))
const pattern = (text: string) => Either.getOrThrow(parseTypePattern(text))

describe("A new subscription", () => {
  scenario("starts where it is asked to", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 hour")
      const time = yield* DateTime.now
      yield* ns.publish(["b"])
      yield* ns.publish(["c"])
      yield* ns.subscribe("now", { startAt: "now" })
      yield* ns.subscribe("earliest", { startAt: "earliest" })
      yield* ns.subscribe("sequence", { startAt: { sequence: Sequence.make(3) } })
      yield* ns.subscribe("time", { startAt: { time } })
      yield* ns.subscribe("far", { startAt: { sequence: Sequence.make(1000) } })
      yield* ns.publish(["d"])
      yield* t.simulation.advance("1 second")
      expect(ns.taken("now")).toEqual(["d"])
      expect([...ns.taken("earliest")].sort()).toEqual(["a", "b", "c", "d"])
      expect([...ns.taken("sequence")].sort()).toEqual(["c", "d"])
      expect([...ns.taken("time")].sort()).toEqual(["b", "c", "d"])
      expect(ns.taken("far")).toEqual(["d"])
    }),
  )

  scenario("gets what its patterns match", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { types: [pattern("booking.*"), pattern("room")] })
      yield* ns.publish(["a"], { type: "booking.made" })
      yield* ns.publish(["b"], { type: "booking" })
      yield* ns.publish(["c"], { type: "room" })
      yield* t.simulation.advance("1 second")
      expect([...ns.taken()].sort()).toEqual(["a", "c"])
      expect(yield* ns.view()).toMatchObject({ position: 3, lag: 0, state: "live" })
    }),
  )

  scenario("that is put again keeps its place", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 second")
      const again = yield* ns.subscribe("p", { startAt: "earliest" })
      expect(again.created).toBe(false)
      yield* ns.publish(["b"])
      yield* t.simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a", "b"])
    }),
  )

  scenario("that was deleted and is put again starts anew", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 second")
      const p = SubscriptionName.make("p")
      yield* t.simulation.finish(t.mesh.subscriptions.remove(ns.name, p))
      yield* ns.subscribe("p", { startAt: "earliest" })
      yield* t.simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a", "a"])
    }),
  )
})

describe("A burst larger than the window", () => {
  it("is delivered whole, and the subscription is live again", () =>
    TestMesh.run(
      (t) =>
        Effect.gen(function* () {
          const ns = new TestNamespace(t)
          yield* ns.create
          yield* ns.subscribe("p", { ordering: "strict" })
          ns.answer(() => Effect.delay(Effect.succeed(Outcome.delivered()), "10 millis"))
          const ids = Array.from({ length: 100 }, (_, index) => `e${index}`)
          for (let at = 0; at < 100; at += 5) yield* ns.publish(ids.slice(at, at + 5))
          expect((yield* ns.view()).state).toBe("behind")
          yield* t.simulation.advance("10 seconds")
          expect(ns.taken()).toEqual(ids)
          expect((yield* ns.view()).state).toBe("live")
        }),
      { windowEvents: 8 },
    ))
})

describe("A namespace", () => {
  scenario("falls asleep when it has nothing to do, and a publish wakes it", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      yield* ns.publish(["a"])
      expect(yield* isAwake(t, ns)).toBe(true)
      yield* t.simulation.advance("3 minutes")
      expect(yield* isAwake(t, ns)).toBe(false)
      expect((yield* ns.view()).state).toBe("asleep")
      yield* ns.publish(["b"])
      yield* t.simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a", "b"])
      yield* t.simulation.advance("3 minutes")
      expect(yield* isAwake(t, ns)).toBe(false)
    }),
  )

  scenario("stays awake for what is due later", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(() => Effect.succeed(Outcome.retry("later", t.simulation.now + 3_600_000)))
      yield* ns.publish(["a"])
      yield* t.simulation.advance("30 minutes")
      ns.answer(delivered)
      expect(yield* isAwake(t, ns)).toBe(true)
      yield* t.simulation.advance("40 minutes")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  scenario("with a backlog or a due retry is woken at start; others are not", (t, ns) =>
    Effect.gen(function* () {
      const other = new TestNamespace(t, "b.example")
      yield* other.create
      yield* other.subscribe()
      yield* other.publish(["x"])
      yield* ns.subscribe()
      ns.answer(() => Effect.succeed(Outcome.retry("later", t.simulation.now + 3_600_000)))
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 second")
      yield* t.restart
      ns.answer(delivered)
      yield* t.simulation.settle
      expect(yield* isAwake(t, ns)).toBe(true)
      expect(yield* isAwake(t, other)).toBe(false)
      yield* t.simulation.advance("2 hours")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  scenario("with a backlog is woken at start even if the store fails at first", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(() => Effect.succeed(Outcome.retry("busy")))
      yield* ns.publish(["a"])
      yield* t.kill
      ns.answer(delivered)
      yield* t.start
      const faults = [1, 2, 3].map(() => Fault.FailBefore())
      yield* t.faults.next("Registry.listSubscriptions", ...faults)
      yield* t.faults.next("DeliveryLog.backlog", ...faults)
      yield* t.simulation.advance("2 minutes")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  scenario("that is disabled refuses and delivers nothing, and goes on when enabled", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(() => Effect.succeed(Outcome.retry("busy")))
      yield* ns.publish(["a"])
      yield* t.simulation.finish(t.mesh.namespaces.setStatus(ns.name, "disabled"))
      ns.answer(delivered)
      const tried = t.sinks.attempts.length
      expect((yield* Effect.flip(ns.publish(["b"])))._tag).toBe("NamespaceDisabled")
      yield* t.simulation.advance("1 hour")
      expect((yield* Effect.flip(ns.publish(["b"])))._tag).toBe("NamespaceDisabled")
      yield* t.restart
      yield* t.simulation.advance("1 hour")
      expect(t.sinks.attempts.length).toBe(tried)
      expect(yield* isAwake(t, ns)).toBe(false)
      yield* t.simulation.finish(t.mesh.namespaces.setStatus(ns.name, "enabled"))
      yield* ns.publish(["c"])
      yield* t.simulation.advance("1 minute")
      expect([...ns.taken()].sort()).toEqual(["a", "c"])
    }),
  )

  scenario("that is disabled while the store fails is disabled as soon as it answers", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      yield* ns.publish(["a"])
      // What asks is the service, then the namespace that is to follow.
      const [answers, fails] = [Fault.Pass(), Fault.FailBefore()]
      yield* t.faults.next("Registry.getNamespace", answers, fails, answers, fails, fails)
      yield* t.simulation.finish(t.mesh.namespaces.setStatus(ns.name, "disabled"))
      yield* t.simulation.advance("1 minute")
      expect((yield* Effect.flip(ns.publish(["b"])))._tag).toBe("NamespaceDisabled")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  scenario("that is disabled while it wakes is disabled", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      yield* t.restart
      const held = yield* t.faults.hold("Registry.listSinks", "after")
      const publish = yield* Effect.fork(Effect.exit(t.mesh.publish(ns.name, ns.events(["a"]))))
      yield* held.reached
      yield* t.simulation.finish(t.mesh.namespaces.setStatus(ns.name, "disabled"))
      yield* held.release
      yield* t.simulation.finish(Fiber.join(publish))
      yield* t.simulation.advance("1 second")
      expect(ns.taken()).toEqual([])
      expect((yield* Effect.flip(ns.publish(["b"])))._tag).toBe("NamespaceDisabled")
    }),
  )

  scenario("takes over a change of its host type while it is awake", (t, ns) =>
    Effect.gen(function* () {
      const basic = HostTypeName.make("basic")
      const { mesh, simulation } = t
      yield* simulation.finish(mesh.hostTypes.put(basic, {}))
      yield* simulation.finish(mesh.namespaces.put(ns.name, { hostType: basic }))
      yield* ns.subscribe()
      yield* ns.publish(["a"])
      yield* simulation.finish(mesh.hostTypes.put(basic, { maxEventBytes: ByteSize.make(100) }))
      const large = "x".repeat(200)
      expect((yield* Effect.flip(ns.publish([large])))._tag).toBe("EventTooLarge")
      yield* ns.publish(["b"])
      yield* simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a", "b"])
      const inUse = yield* Effect.flip(simulation.finish(mesh.hostTypes.remove(basic)))
      expect(inUse._tag).toBe("HostTypeInUse")
    }),
  )

  scenario("lets what is in flight end when a setting changes, and delivers it once", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(() => Effect.delay(Effect.succeed(Outcome.delivered()), "3 seconds"))
      yield* ns.publish(["a"])
      yield* t.simulation.settle
      yield* t.simulation.finish(
        t.mesh.namespaces.put(ns.name, { overrides: { maxEventBytes: ByteSize.make(5000) } }),
      )
      yield* t.simulation.advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
      expect(t.sinks.attempts.length).toBe(1)
    }),
  )
})

describe("A handler", () => {
  scenario("is durable by its name", (t, ns) =>
    Effect.gen(function* () {
      const got: Array<string> = []
      const handler = (event: CloudEvent) => void got.push(event.id)
      const attach = Effect.gen(function* () {
        const scope = yield* Scope.make()
        yield* t.simulation.finish(Scope.extend(t.mesh.handle(ns.name, "h", {}, handler), scope))
        return scope
      })
      const first = yield* attach
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 second")
      yield* Scope.close(first, Exit.void)
      yield* ns.publish(["b"])
      yield* t.simulation.advance("1 second")
      yield* t.restart
      yield* ns.publish(["c"])
      yield* t.simulation.advance("1 minute")
      expect(got).toEqual(["a"])
      const second = yield* attach
      yield* t.simulation.advance("1 minute")
      expect([...got].sort()).toEqual(["a", "b", "c"])
      const taken = yield* Effect.flip(
        t.simulation.finish(Effect.scoped(t.mesh.handle(ns.name, "h", {}, handler))),
      )
      expect(taken._tag).toBe("HandlerAttached")
      yield* Scope.close(second, Exit.void)
    }),
  )
})

describe("Ephemeral events", () => {
  scenario("are delivered to who keeps up, once, and never stored", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      const receipts = yield* ns.publish(["a", "b"], {}, "ephemeral")
      expect(receipts).toMatchObject([{ sequence: 0, duplicate: false }, { sequence: 0 }])
      yield* t.simulation.advance("1 second")
      expect([...ns.taken()].sort()).toEqual(["a", "b"])
      ns.answer(() => Effect.succeed(Outcome.retry("busy")))
      yield* ns.publish(["c"], {}, "ephemeral")
      yield* t.simulation.advance("1 hour")
      expect(ns.attemptsAt("c").length).toBe(1)
      expect((yield* t.mesh.metrics).deliveries).toMatchObject({ delivered: 2, dropped: 1 })
      const page = yield* t.mesh.events.read(ns.name, { after: Sequence.make(0), limit: 10 })
      expect(page.events).toEqual([])
    }),
  )

  it("are dropped and counted when a subscription is full", () =>
    TestMesh.run(
      (t) =>
        Effect.gen(function* () {
          const ns = new TestNamespace(t)
          yield* ns.create
          yield* ns.subscribe()
          ns.answer(() => Effect.never)
          yield* ns.publish(
            Array.from({ length: 50 }, (_, index) => `e${index}`),
            {},
            "ephemeral",
          )
          yield* t.simulation.advance("1 second")
          const { dropped } = (yield* t.mesh.metrics).deliveries
          expect(dropped).toBeGreaterThanOrEqual(40)
          expect(dropped).toBeLessThanOrEqual(46)
        }),
      { windowEvents: 8 },
    ))
})

describe("A live stream", () => {
  scenario("gives what is published from then on, and ends with the namespace", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.publish(["before"])
      const reader = yield* Effect.fork(
        Stream.runCollect(t.mesh.stream(ns.name, [pattern("t")])).pipe(
          Effect.map((all) => Chunk.toReadonlyArray(all).map(({ event }) => event.id)),
        ),
      )
      yield* t.simulation.settle
      yield* ns.publish(["a"])
      yield* ns.publish(["other"], { type: "x" })
      yield* ns.publish(["b"], {}, "ephemeral")
      yield* t.simulation.advance("10 minutes")
      yield* ns.publish(["c"])
      yield* t.simulation.finish(t.mesh.namespaces.remove(ns.name, { wait: "1 minute" }))
      expect(yield* t.simulation.finish(Fiber.join(reader))).toEqual(["a", "b", "c"])
    }),
  )
})

describe("Following", () => {
  scenario("gives the journal, then what is committed, and ends with the namespace", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.publish(["a", "b"])
      const follow = t.mesh.events.follow(ns.name, { after: Sequence.make(1) })
      const reader = yield* Effect.fork(
        Effect.map(Stream.runCollect(follow), (all) =>
          Chunk.toReadonlyArray(all).map(({ sequence, event }) => [sequence, event.id]),
        ),
      )
      yield* t.simulation.settle
      yield* ns.publish(["c"])
      yield* ns.publish(["d"], {}, "ephemeral")
      // For as long as somebody follows it, the namespace stays awake.
      yield* t.simulation.advance("10 minutes")
      yield* ns.publish(["e"])
      yield* t.simulation.finish(t.mesh.namespaces.remove(ns.name, { wait: "1 minute" }))
      expect(yield* t.simulation.finish(Fiber.join(reader))).toEqual([
        [2, "b"],
        [3, "c"],
        [0, "d"],
        [4, "e"],
      ])
      expect((yield* t.mesh.metrics).followers).toBe(0)
    }),
  )

  scenario("goes on over an outage of the store, and ends when the mesh stops", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.publish(["a"])
      const seen: Array<string> = []
      const follow = t.mesh.events.follow(ns.name, { after: Sequence.make(0) })
      yield* t.faults.always("Journal.read", Fault.FailBefore())
      const reader = yield* Effect.fork(
        Stream.runForEach(follow, ({ event }) => Effect.sync(() => seen.push(event.id))),
      )
      yield* t.simulation.advance("1 minute")
      expect(seen).toEqual([])
      yield* t.faults.heal
      yield* t.simulation.advance("2 seconds")
      expect(seen).toEqual(["a"])
      yield* t.stop
      yield* t.simulation.finish(Fiber.join(reader))
    }),
  )

  scenario("a position of an earlier namespace of the name is the end of this one", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.publish(["a"])
      yield* Effect.scoped(
        Effect.gen(function* () {
          const reader = yield* t.simulation.finish(
            t.mesh.events.reader(ns.name, { after: Sequence.make(900) }),
          )
          expect(reader.start).toBe(1)
          yield* ns.publish(["b"])
          expect((yield* reader.next).events.map(({ sequence }) => sequence)).toEqual([2])
        }),
      )
    }),
  )

  it("has as many readers as it may, of a namespace and in all", () =>
    TestMesh.run(
      (t) =>
        Effect.gen(function* () {
          const [a, b, c] = ["a.example", "b.example", "c.example"].map(
            (name) => new TestNamespace(t, name),
          )
          const open = (ns: TestNamespace | undefined) =>
            ns === undefined
              ? Effect.dieMessage("no such namespace")
              : t.simulation.finish(t.mesh.events.reader(ns.name))
          for (const ns of [a, b, c]) yield* ns?.create ?? Effect.void
          const first = yield* Scope.make()
          yield* Scope.extend(open(a), first)
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* open(a)
              expect(yield* Effect.flip(open(a))).toMatchObject({ scope: "namespace", limit: 2 })
              yield* open(b)
              expect(yield* Effect.flip(open(c))).toMatchObject({ scope: "process", limit: 3 })
              yield* Scope.close(first, Exit.void)
              yield* open(c)
            }),
          )
          // A namespace that nobody follows any more sleeps again.
          expect((yield* t.mesh.metrics).followers).toBe(0)
          yield* t.simulation.advance("10 minutes")
          expect((yield* t.mesh.metrics).awakeNamespaces).toBe(0)
        }),
      { maxFollowers: 3, maxFollowersPerNamespace: 2 },
    ))
})

describe("A sink", () => {
  scenario("in use is not removed; out of use it is", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      const s = SinkName.make("s")
      const inUse = yield* Effect.flip(t.simulation.finish(t.mesh.sinks.remove(ns.name, s)))
      expect(inUse._tag).toBe("SinkInUse")
      yield* ns.sink("s2")
      yield* ns.subscribe("p", {}, "s2")
      yield* t.simulation.finish(t.mesh.sinks.remove(ns.name, s))
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 second")
      expect(t.sinks.attempts.map(({ sink }) => sink)).toEqual(["s2"])
    }),
  )
})
