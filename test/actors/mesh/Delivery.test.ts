// What becomes of deliveries when sinks misbehave, end to end in simulated time.

import { Duration, Effect } from "effect"
import { describe, expect, it } from "vitest"
import { defaultRetryPolicy, Outcome, SubscriptionName } from "../../../src/domain/index.js"
import { type Answer, delivered } from "../../support/ScriptedTransport.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const scenario = (
  name: string,
  play: (world: {
    readonly t: TestMesh
    readonly ns: TestNamespace
    readonly advance: (duration: Duration.DurationInput) => Effect.Effect<void>
  }) => Effect.Effect<void, unknown>,
) =>
  it(name, () =>
    TestMesh.run((t, simulation) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* play({ t, ns, advance: (duration) => simulation.advance(duration) })
      }),
    ),
  )

const busy: Answer = () => Effect.succeed(Outcome.retry("busy"))
const giveUpAfterAnHour = { ...defaultRetryPolicy, giveUpAfter: Duration.hours(1) }
const refuses: Answer = () => Effect.succeed(Outcome.misconfigured("401"))
const except =
  (ids: ReadonlyArray<string>, answer: Answer): Answer =>
  (delivery) =>
    ids.includes(delivery.event.event.id) ? answer(delivery) : delivered(delivery)
const gaps = (times: ReadonlyArray<number>) => times.slice(1).map((at, i) => at - (times[i] ?? 0))

describe("Retries", () => {
  scenario("come back within the backoff, and give an event up when others get through", (w) =>
    Effect.gen(function* () {
      const { ns, advance } = w
      yield* ns.subscribe()
      ns.answer(except(["bad"], busy))
      yield* ns.publish(["bad"])
      for (let count = 0; count < 500; count++) {
        yield* advance("200 millis")
        yield* ns.publish([`good${count}`])
      }
      const times = ns.attemptsAt("bad")
      expect(times.length).toBe(5)
      for (const [index, gap] of gaps(times).entries()) {
        expect(gap).toBeLessThanOrEqual(Math.min(30_000, 1000 * 2 ** index) + 1)
      }
      expect(ns.dead).toEqual([[1, "AttemptsExhausted"]])
      expect(ns.taken().length).toBe(500)
      expect((yield* ns.view()).lag).toBe(0)
    }),
  )

  scenario("wait as long as the destination asks", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      const until = t.simulation.now + 600_000
      ns.answer(() => Effect.succeed(Outcome.retry("503", until)))
      yield* ns.publish(["a"])
      yield* advance("9 minutes")
      expect(ns.attemptsAt("a").length).toBe(1)
      ns.answer(delivered)
      yield* advance("2 minutes")
      expect(ns.attemptsAt("a")[1]).toBeGreaterThanOrEqual(until)
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  scenario("use the same delivery id, and count up", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      let failures = 2
      ns.answer((delivery) => (failures-- > 0 ? busy(delivery) : delivered(delivery)))
      yield* ns.publish(["a"])
      yield* advance("1 minute")
      expect(new Set(t.sinks.attempts.map(({ delivery }) => delivery)).size).toBe(1)
      expect(t.sinks.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    }),
  )

  scenario("go on after a kill, where they were", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(() => Effect.succeed(Outcome.retry("503", t.simulation.now + 3_600_000)))
      yield* ns.publish(["a"])
      yield* advance("1 second")
      yield* t.kill
      ns.answer(delivered)
      yield* t.start
      yield* advance("50 minutes")
      expect(ns.taken()).toEqual([])
      yield* advance("20 minutes")
      expect(ns.taken()).toEqual(["a"])
      expect(t.sinks.attempts.map(({ attempt }) => attempt)).toEqual([1, 2])
    }),
  )
})

describe("An outage", () => {
  scenario("parks, loses nothing, and is caught up with in order", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { ordering: "strict" })
      ns.answer(busy)
      const ids = Array.from({ length: 50 }, (_, index) => `e${index}`)
      for (const id of ids) yield* ns.publish([id])
      yield* advance("1 day")
      expect(yield* ns.state()).toBe("parked")
      expect((yield* ns.view()).state).toBe("parked")
      expect((yield* t.mesh.health).parkedSinks).toMatchObject([{ sink: "s", cause: "outage" }])
      expect(ns.dead).toEqual([])
      // Probes grow rarer, up to five minutes.
      expect(t.sinks.attempts.length).toBeLessThan(1000)
      ns.answer(delivered)
      yield* advance("6 minutes")
      expect(ns.taken()).toEqual(ids)
      expect(["connected", "asleep"]).toContain(yield* ns.state())
      expect(ns.dead).toEqual([])
    }),
  )

  scenario(
    "is seen by one subscription and parks all of its sink, and no other",
    ({ ns, advance }) =>
      Effect.gen(function* () {
        yield* ns.sink("other")
        yield* ns.subscribe("p")
        yield* ns.subscribe("q")
        yield* ns.subscribe("r", {}, "other")
        ns.answer(busy)
        yield* ns.publish(Array.from({ length: 20 }, (_, index) => `e${index}`))
        yield* advance("10 minutes")
        expect((yield* ns.view("p")).state).toBe("parked")
        expect((yield* ns.view("q")).state).toBe("parked")
        expect((yield* ns.view("r")).state).toBe("live")
        expect(ns.taken("r").length).toBe(20)
      }),
  )

  scenario("does not hold a poison event for ever: it is given up after days", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { ordering: "strict" })
      ns.answer(except(["poison"], busy))
      yield* ns.publish(["poison", "after"])
      yield* advance(Duration.subtract(defaultRetryPolicy.giveUpAfter, "1 hour"))
      expect(ns.taken()).toEqual([])
      yield* advance("2 hours")
      expect(ns.dead).toEqual([[1, "ParkedTooLong"]])
      expect(ns.taken()).toEqual(["after"])
    }),
  )

  scenario("is counted from when it began, not from the first attempt", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { retry: giveUpAfterAnHour })
      ns.answer(() => Effect.succeed(Outcome.retry("503", t.simulation.now + 7_200_000)))
      yield* ns.publish(["a"])
      yield* advance("110 minutes")
      ns.answer(busy)
      yield* ns.publish(["b", "c", "d", "e", "f", "g"])
      yield* advance("50 minutes")
      expect(ns.attemptsAt("a").length).toBeGreaterThan(1)
      expect(ns.dead).toEqual([])
      yield* advance("2 hours")
      expect(ns.dead).toContainEqual([1, "ParkedTooLong"])
    }),
  )

  scenario("is counted over a kill", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { ordering: "strict", retry: giveUpAfterAnHour })
      ns.answer(busy)
      yield* ns.publish(["a"])
      yield* advance("40 minutes")
      yield* t.kill
      yield* t.start
      yield* advance("10 minutes")
      expect(ns.dead).toEqual([])
      yield* advance("20 minutes")
      expect(ns.dead).toEqual([[1, "ParkedTooLong"]])
    }),
  )

  scenario("of a sink whose probe hangs ends when the sink is back", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p")
      ns.answer(busy)
      yield* ns.publish(["a", "b", "c", "d", "e", "f"])
      yield* advance("1 second")
      ns.answer(() => Effect.never)
      yield* advance("10 minutes")
      ns.answer(delivered)
      yield* advance("10 minutes")
      // Those that hang still do; nobody else waits for them.
      expect(yield* ns.state()).toBe("connected")
      expect(ns.taken().length).toBeGreaterThanOrEqual(4)
    }),
  )

  scenario("survives a kill", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { ordering: "key" })
      ns.answer(busy)
      yield* ns.publish(["a", "b", "c"], { key: "k" })
      yield* advance("1 hour")
      yield* t.kill
      yield* t.start
      yield* advance("1 hour")
      ns.answer(delivered)
      yield* advance("6 minutes")
      expect(ns.taken()).toEqual(["a", "b", "c"])
      expect(ns.dead).toEqual([])
    }),
  )
})

describe("Whose fault", () => {
  scenario("a poison event among healthy ones is a dead letter", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(except(["poison"], busy))
      yield* ns.publish(["poison"])
      for (let second = 0; second < 180; second++) {
        yield* ns.publish([`e${second}`])
        yield* advance("1 second")
      }
      expect(ns.dead).toEqual([[1, "AttemptsExhausted"]])
      expect(yield* ns.state()).toBe("connected")
    }),
  )

  scenario("one event that is answered 401 is rejected once another is taken", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(except(["bad"], refuses))
      yield* ns.publish(["bad"])
      yield* ns.publish(["good"])
      yield* advance("1 minute")
      expect(ns.dead).toEqual([[1, "Rejected"]])
      expect(ns.taken()).toEqual(["good"])
    }),
  )

  scenario("one event is one suspect, however many subscriptions it is for", ({ ns, advance }) =>
    Effect.gen(function* () {
      for (const name of ["p", "q", "r"]) yield* ns.subscribe(name)
      ns.answer(except(["bad"], refuses))
      yield* ns.publish(["bad"])
      yield* advance("10 minutes")
      expect(ns.dead).toEqual([1, 1, 1].map((sequence) => [sequence, "Rejected"]))
      yield* ns.publish(["good"])
      yield* advance("1 second")
      for (const name of ["p", "q", "r"]) expect(ns.taken(name)).toEqual(["good"])
    }),
  )

  scenario("three different ones park the sink, until it is put anew", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(refuses)
      yield* ns.publish(["a", "b", "c", "d"])
      yield* advance("10 minutes")
      expect(yield* ns.state()).toBe("misconfigured")
      expect((yield* t.mesh.health).parkedSinks).toMatchObject([{ cause: "misconfigured" }])
      expect(ns.dead).toEqual([])
      ns.answer(delivered)
      yield* ns.sink("s", { token: "right" })
      yield* advance("1 minute")
      expect([...ns.taken()].sort()).toEqual(["a", "b", "c", "d"])
      expect(["connected", "asleep"]).toContain(yield* ns.state())
    }),
  )

  scenario("a sink that is misconfigured for a while is probed and recovers", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(refuses)
      yield* ns.publish(["a", "b", "c", "d"])
      yield* advance("10 minutes")
      ns.answer(delivered)
      yield* advance("10 minutes")
      expect([...ns.taken()].sort()).toEqual(["a", "b", "c", "d"])
    }),
  )

  scenario("one event is enough where the sink itself is known to be at fault", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { ordering: "strict" })
      ns.answer(() => Effect.succeed(Outcome.unusable("no consent")))
      yield* ns.publish(["a"])
      yield* advance("1 second")
      expect(yield* ns.state()).toBe("misconfigured")
      yield* advance("1 hour")
      expect(ns.attemptsAt("a").length).toBeGreaterThan(5)
      expect(ns.attemptsAt("a").length).toBeLessThan(40)
      yield* ns.publish(["b"])
      ns.answer(delivered)
      yield* advance("10 minutes")
      expect(ns.taken()).toEqual(["a", "b"])
      expect(ns.dead).toEqual([])
    }),
  )

  scenario("a rejected event is a dead letter at once", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { ordering: "strict" })
      ns.answer(except(["bad"], () => Effect.succeed(Outcome.reject("422"))))
      yield* ns.publish(["bad", "good"])
      yield* advance("1 second")
      expect(ns.dead).toEqual([[1, "Rejected"]])
      expect(ns.attemptsAt("bad").length).toBe(1)
      expect(ns.taken()).toEqual(["good"])
    }),
  )

  scenario("a transport that dies is tried again", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      let deaths = 2
      ns.answer((delivery) => (deaths-- > 0 ? Effect.die("a bug") : delivered(delivery)))
      yield* ns.publish(["a"])
      yield* advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
    }),
  )
})

describe("Gone", () => {
  scenario("disables the subscription with a reason, and keeps the event", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe()
      ns.answer(() => Effect.succeed(Outcome.gone("410 Gone")))
      yield* ns.publish(["a", "b"])
      yield* advance("1 minute")
      expect(yield* ns.view()).toMatchObject({ state: "disabled", reason: "410 Gone" })
      const tried = t.sinks.attempts.length
      yield* ns.publish(["c"])
      yield* advance("1 hour")
      expect(t.sinks.attempts.length).toBe(tried)
      ns.answer(delivered)
      yield* t.restart
      yield* advance("1 minute")
      expect(ns.taken()).toEqual([])
      const p = SubscriptionName.make("p")
      yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, p))
      yield* advance("1 minute")
      expect([...ns.taken()].sort()).toEqual(["a", "b", "c"])
      expect(yield* ns.view()).not.toHaveProperty("reason")
    }),
  )
})

describe("Pause", () => {
  scenario(
    "keeps the place, over a restart too, and resume goes on from there",
    ({ t, ns, advance }) =>
      Effect.gen(function* () {
        const p = SubscriptionName.make("p")
        yield* ns.subscribe()
        yield* ns.publish(["a"])
        yield* advance("1 second")
        yield* t.simulation.finish(t.mesh.subscriptions.pause(ns.name, p))
        yield* ns.publish(["b"])
        yield* t.restart
        yield* ns.publish(["c"])
        yield* advance("1 hour")
        expect(ns.taken()).toEqual(["a"])
        expect(yield* ns.view()).toMatchObject({ state: "paused", position: 1, lag: 2 })
        yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, p))
        yield* advance("1 second")
        expect([...ns.taken()].sort()).toEqual(["a", "b", "c"])
      }),
  )

  scenario("lets what is in flight end, and delivers it once", ({ t, ns, advance }) =>
    Effect.gen(function* () {
      const p = SubscriptionName.make("p")
      yield* ns.subscribe()
      ns.answer(() => Effect.delay(Effect.succeed(Outcome.delivered()), "2 seconds"))
      yield* ns.publish(["a"])
      yield* t.simulation.settle
      yield* t.simulation.finish(t.mesh.subscriptions.pause(ns.name, p))
      expect(ns.taken()).toEqual(["a"])
      yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, p))
      yield* advance("1 minute")
      expect(ns.taken()).toEqual(["a"])
    }),
  )
})

describe("Order", () => {
  scenario("of a key is kept while one of it is tried again; others overtake", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { ordering: "key" })
      let failures = 3
      ns.answer((delivery) =>
        delivery.event.event.id === "k1" && failures-- > 0 ? busy(delivery) : delivered(delivery),
      )
      yield* ns.publish(["k1"], { key: "k" })
      yield* ns.publish(["l1"], { key: "l" })
      yield* ns.publish(["k2"], { key: "k" })
      yield* ns.publish(["n"])
      yield* ns.publish(["k3"], { key: "k" })
      yield* advance("1 minute")
      expect(ns.taken().filter((id) => id.startsWith("k"))).toEqual(["k1", "k2", "k3"])
      expect(ns.taken().slice(0, 2)).toEqual(["l1", "n"])
    }),
  )

  scenario("strict is one at a time, over failures", ({ ns, advance }) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { ordering: "strict" })
      let count = 0
      ns.answer((delivery) =>
        count++ % 3 === 1
          ? busy(delivery)
          : Effect.delay(Effect.succeed(Outcome.delivered()), "10 millis"),
      )
      const ids = Array.from({ length: 20 }, (_, index) => `e${index}`)
      yield* ns.publish(ids)
      yield* advance("10 minutes")
      expect(ns.taken()).toEqual(ids)
    }),
  )
})
