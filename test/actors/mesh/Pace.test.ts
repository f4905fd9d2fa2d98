// Rate limits and batches of subscriptions, end to end in simulated time.

import { type Duration, Effect, Either } from "effect"
import { describe, expect } from "vitest"
import {
  ByteSize,
  Outcome,
  parseDuration,
  parseRate,
  type Rate,
} from "../../../src/domain/index.js"
import { type Answer, delivered } from "../../support/ScriptedTransport.js"
import { scenario } from "../../support/Scenario.js"
import type { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const rate = (text: string): Rate => Either.getOrThrow(parseRate(text))
const duration = (text: string): Duration.Duration => Either.getOrThrow(parseDuration(text))
const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

/** When attempts were made, in milliseconds since `start`. */
const times = (t: TestMesh, start: number) => t.sinks.attempts.map(({ at }) => at - start)

describe("A rate limit", () => {
  scenario("lets the burst start, then each delivery when its token comes", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { rateLimit: rate("4/s burst 2") })
      const start = t.simulation.now
      yield* ns.publish(ids("a", 6))
      yield* t.simulation.advance("400 millis")
      const view = yield* ns.view()
      expect(view.rateLimitedUntil).toBe(start + 500)
      yield* t.simulation.advance("10 seconds")
      expect(times(t, start)).toEqual([0, 0, 250, 500, 750, 1000])
      expect(ns.taken()).toEqual(ids("a", 6))
      expect((yield* ns.view()).rateLimitedUntil).toBeUndefined()
    }),
  )

  scenario("counts retries, and an event of a batch like one alone", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.sink("s", { batches: true })
      yield* ns.subscribe("p", { rateLimit: rate("10/s burst 3") })
      const start = t.simulation.now
      yield* ns.publish(ids("a", 5))
      yield* t.simulation.advance("5 seconds")
      expect(t.sinks.batches.map(({ length }) => length)).toEqual([3, 1, 1])
      expect(times(t, start)).toEqual([0, 0, 0, 100, 200])
    }),
  )

  scenario("holds nothing of the sink meanwhile", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.sink("s", { concurrency: 1 })
      yield* ns.subscribe("slow", { rateLimit: rate("1/m") })
      yield* ns.subscribe("fast")
      yield* ns.publish(ids("a", 100))
      yield* t.simulation.advance("1 second")
      expect(ns.taken("fast").length).toBe(100)
      expect(ns.taken("slow").length).toBe(1)
    }),
  )

  scenario("is no busy waiting", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { rateLimit: rate("1/h burst 1") })
      yield* ns.publish(ids("a", 1000))
      yield* t.simulation.advance("1 hour")
      expect(ns.taken().length).toBe(2)
      expect((yield* ns.view()).lag).toBe(998)
    }),
  )
})

describe("A batch", () => {
  const started =
    (batch: {
      readonly maxEvents?: number
      readonly maxBytes?: ByteSize
      readonly maxWait?: Duration.Duration
    }) =>
    (play: (t: TestMesh, ns: TestNamespace) => Effect.Effect<void, unknown>) =>
    (t: TestMesh, ns: TestNamespace) =>
      Effect.gen(function* () {
        yield* ns.sink("s", { batches: true })
        yield* ns.subscribe("p", { batch })
        yield* play(t, ns)
      })

  scenario(
    "goes at once unless it may wait",
    started({ maxEvents: 10 })((t, ns) =>
      Effect.gen(function* () {
        yield* ns.publish(["a"])
        yield* t.simulation.advance("1 millis")
        yield* ns.publish(["b", "c"])
        yield* t.simulation.advance("1 millis")
        expect(t.sinks.batches).toEqual([["a"], ["b", "c"]])
      }),
    ),
  )

  scenario(
    "goes when its first event has waited as long as it may, with what has come by then",
    started({ maxEvents: 10, maxWait: duration("1s") })((t, ns) =>
      Effect.gen(function* () {
        const start = t.simulation.now
        yield* ns.publish(["a"])
        yield* t.simulation.advance("600 millis")
        yield* ns.publish(["b", "c"])
        yield* t.simulation.advance("399 millis")
        expect(t.sinks.batches).toEqual([])
        yield* t.simulation.advance("1 millis")
        expect(t.sinks.batches).toEqual([["a", "b", "c"]])
        yield* ns.publish(["d"])
        yield* t.simulation.advance("5 seconds")
        expect(t.sinks.batches[1]).toEqual(["d"])
        expect(times(t, start)).toEqual([1000, 1000, 1000, 2000])
      }),
    ),
  )

  scenario(
    "goes as soon as it has its events, and the rest waits on",
    started({ maxEvents: 3, maxWait: duration("1s") })((t, ns) =>
      Effect.gen(function* () {
        const start = t.simulation.now
        yield* ns.publish(ids("a", 8))
        yield* t.simulation.advance("999 millis")
        expect(t.sinks.batches.map(({ length }) => length)).toEqual([3, 3])
        yield* t.simulation.advance("1 millis")
        expect(t.sinks.batches.map(({ length }) => length)).toEqual([3, 3, 2])
        expect(times(t, start).at(-1)).toBe(1000)
      }),
    ),
  )

  scenario(
    "goes as soon as it has its bytes, never with more",
    started({ maxBytes: ByteSize.make(200), maxWait: duration("1s") })((t, ns) =>
      Effect.gen(function* () {
        yield* ns.publish(["a"])
        yield* ns.publish(["b"])
        yield* t.simulation.advance("1 millis")
        expect(t.sinks.batches).toEqual([])
        yield* ns.publish(["c", "x".repeat(500)])
        yield* t.simulation.advance("1 millis")
        expect(t.sinks.batches).toEqual([["a", "b", "c"], ["x".repeat(500)]])
      }),
    ),
  )

  scenario("does not wait for a sink that takes one at a time", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.subscribe("p", { batch: { maxWait: duration("1m") } })
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 millis")
      expect(ns.taken()).toEqual(["a"])
    }),
  )

  scenario("has one event of a key, and does not wait while others stand behind it", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.sink("s", { batches: true })
      yield* ns.subscribe("p", { ordering: "key", batch: { maxWait: duration("10s") } })
      yield* ns.publish(["a1", "a2", "a3"], { key: "a" })
      yield* ns.publish(["b1"], { key: "b" })
      yield* t.simulation.advance("1 second")
      expect(t.sinks.batches).toEqual([["a1"], ["a2"]])
      yield* t.simulation.advance("10 seconds")
      expect(t.sinks.batches[2]?.toSorted()).toEqual(["a3", "b1"])
      expect(ns.taken().filter((id) => id.startsWith("a"))).toEqual(["a1", "a2", "a3"])
    }),
  )

  scenario("that fails counts once at the breaker, and convicts none of its events", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.sink("s", { batches: true })
      yield* ns.subscribe("p")
      const busy: Answer = () => Effect.succeed(Outcome.retry("busy"))
      ns.answer(busy)
      yield* ns.publish(ids("a", 50))
      yield* t.simulation.advance("1 millis")
      expect(t.sinks.batches.length).toBe(1)
      expect((yield* t.mesh.health).parkedSinks).toEqual([])
      ns.answer(() => Effect.succeed(Outcome.misconfigured("401")))
      yield* t.simulation.advance("1 second")
      ns.answer(delivered)
      yield* t.simulation.advance("10 minutes")
      expect([...ns.taken()].toSorted()).toEqual(ids("a", 50).toSorted())
      expect(ns.dead).toEqual([])
    }),
  )

  scenario("is refused where it could never fill", (_, ns) =>
    Effect.gen(function* () {
      const batch = { maxWait: duration("1s") }
      expect(yield* Effect.flip(ns.subscribe("p", { ordering: "strict", batch }))).toMatchObject({
        _tag: "InvalidSetting",
        field: "batch.maxWait",
      })
    }),
  )
})

describe("A sink with a rate", () => {
  scenario("is sent so many requests, over all its subscriptions", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.sink("s", { rate: "2/s" })
      yield* ns.subscribe("p")
      yield* ns.subscribe("q")
      const start = t.simulation.now
      yield* ns.publish(ids("a", 3))
      yield* t.simulation.advance("10 seconds")
      expect(times(t, start)).toEqual([0, 0, 500, 1000, 1500, 2000])
      expect([ns.taken("p").length, ns.taken("q").length]).toEqual([3, 3])
    }),
  )

  scenario("counts a batch as the one request it is", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.sink("s", { rate: "1/s", batches: true })
      yield* ns.subscribe("p", { batch: { maxEvents: 5 } })
      yield* ns.publish(ids("a", 10))
      yield* t.simulation.advance("1 second")
      expect(t.sinks.batches.map(({ length }) => length)).toEqual([5, 5])
    }),
  )
})

describe("The concurrent deliveries of a namespace", () => {
  scenario("are bounded over all its sinks, and those of others are not", (t, ns) =>
    Effect.gen(function* () {
      yield* t.simulation.finish(
        t.mesh.namespaces.put(ns.name, { overrides: { maxConcurrentDeliveries: 3 } }),
      )
      const other = new TestNamespace(t, "b.example")
      yield* other.create
      yield* other.subscribe()
      other.answer(() => Effect.as(Effect.sleep("1 second"), Outcome.delivered()))
      yield* ns.sink("two")
      yield* ns.subscribe("p")
      yield* ns.subscribe("q", {}, "two")
      const slow: Answer = () => Effect.as(Effect.sleep("1 second"), Outcome.delivered())
      ns.answer(slow)
      ns.answer(slow, "two")
      yield* ns.publish(ids("a", 6))
      yield* other.publish(ids("b", 10))
      yield* t.simulation.advance("500 millis")
      const flying = (of: TestNamespace) =>
        t.sinks.attempts.filter((one) => one.namespace === of.name && one.outcome === undefined)
      expect(flying(ns).length).toBe(3)
      expect(flying(other).length).toBe(10)
      const { usage } = yield* t.simulation.finish(t.mesh.namespaces.get(ns.name))
      expect(usage.concurrentDeliveries).toBe(3)
      yield* t.simulation.advance("4 seconds")
      expect([ns.taken("p").length, ns.taken("q").length]).toEqual([6, 6])
    }),
  )

  scenario("can be changed while deliveries run", (t, ns) =>
    Effect.gen(function* () {
      const put = (maxConcurrentDeliveries: number | null) =>
        t.simulation.finish(
          t.mesh.namespaces.put(ns.name, { overrides: { maxConcurrentDeliveries } }),
        )
      yield* put(1)
      yield* ns.subscribe()
      ns.answer(() => Effect.as(Effect.sleep("1 second"), Outcome.delivered()))
      yield* ns.publish(ids("a", 20))
      yield* t.simulation.advance("3 seconds")
      expect(ns.taken().length).toBeLessThanOrEqual(3)
      yield* put(null)
      yield* t.simulation.advance("5 seconds")
      expect([...ns.taken()].toSorted()).toEqual(ids("a", 20).toSorted())
    }),
  )
})
