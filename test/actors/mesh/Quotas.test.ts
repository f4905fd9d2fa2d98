// What a namespace may publish, store and have: end to end in simulated time.

import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import {
  ByteSize,
  type CloudEvent,
  HostTypeName,
  parseByteRate,
  parseRate,
  type Rate,
  type Settings,
  SinkName,
  SubscriptionName,
} from "../../../src/domain/index.js"
import { Either } from "effect"
import { cloudEvent } from "../../laws/LawEvents.js"
import { type Play, scenario } from "../../support/Scenario.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const rate = (text: string): Rate => Either.getOrThrow(parseRate(text))
const byteRate = (text: string): Rate => Either.getOrThrow(parseByteRate(text))
const bytes = (count: number) => ByteSize.make(count)

const withSettings = (name: string, overrides: Settings, play: Play) =>
  scenario(name, play, (t, ns) => put(t, ns, overrides))

const put = (t: TestMesh, ns: TestNamespace, overrides: Settings) =>
  t.simulation.finish(t.mesh.namespaces.put(ns.name, { overrides }))

const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

const detail = (t: TestMesh, ns: TestNamespace) =>
  t.simulation.finish(t.mesh.namespaces.get(ns.name))

/** An event of so many characters of text, whatever each costs in UTF-8. */
const eventOf = (id: string, text: string): CloudEvent =>
  cloudEvent({ id, source: "/test", type: "t", data: text })

describe("The publish rate", () => {
  for (const durability of ["journalled", "ephemeral"] as const) {
    withSettings(
      `lets the burst through, then so many a second, all of a publish or none (${durability})`,
      { publishRate: rate("2/s burst 5") },
      (t, ns) =>
        Effect.gen(function* () {
          const publish = (...some: ReadonlyArray<string>) => ns.publish(some, {}, durability)
          yield* publish("a", "b", "c", "d")
          expect(yield* Effect.flip(publish("e", "f"))).toMatchObject({
            _tag: "PublishRateExceeded",
            quota: "publishRate",
            limit: "2/s burst 5",
            retryAfterMillis: 500,
          })
          // What was refused was not counted.
          yield* publish("e")
          yield* t.simulation.advance("499 millis")
          expect(yield* Effect.flip(publish("f"))).toMatchObject({ retryAfterMillis: 1 })
          yield* t.simulation.advance("1 millis")
          yield* publish("f")
          const { publishRefusals } = yield* t.mesh.metrics
          expect(publishRefusals).toMatchObject({ publishRate: 2, maxJournalBytes: 0 })
        }),
    )
  }

  withSettings(
    "says at once that more than the burst can never pass",
    { publishRate: rate("2/s burst 5") },
    (_, ns) =>
      Effect.gen(function* () {
        const all = yield* Effect.flip(ns.publish(ids("x", 6)))
        expect(all).toMatchObject({ _tag: "PublishExceedsBurst", burst: 5, actual: 6 })
        expect(all.message).toContain("send at most 5")
        yield* ns.publish(ids("x", 5))
      }),
  )

  withSettings(
    "holds for bytes of JSON in UTF-8",
    { publishByteRate: byteRate("1kB/s") },
    (t, ns) =>
      Effect.gen(function* () {
        const publish = (event: CloudEvent) => t.simulation.finish(t.mesh.publish(ns.name, [event]))
        // 400 characters of three bytes each.
        expect(yield* Effect.flip(publish(eventOf("a", "€".repeat(400))))).toMatchObject({
          _tag: "PublishExceedsBurst",
          quota: "publishByteRate",
          burst: 1000,
        })
        yield* publish(eventOf("a", "x".repeat(400)))
        yield* publish(eventOf("b", "x".repeat(400)))
        expect(yield* Effect.flip(publish(eventOf("c", "x".repeat(400))))).toMatchObject({
          _tag: "PublishRateExceeded",
          limit: "1kB/s",
        })
        yield* t.simulation.advance("1 second")
        yield* publish(eventOf("c", "x".repeat(400)))
      }),
  )

  withSettings("costs other namespaces nothing", { publishRate: rate("1/s") }, (t, ns) =>
    Effect.gen(function* () {
      const other = new TestNamespace(t, "b.example")
      yield* other.create
      yield* other.subscribe()
      for (let turn = 0; turn < 50; turn++) {
        yield* Effect.exit(ns.publish([`a${turn}`]))
        yield* other.publish([`b${turn}`])
      }
      yield* t.simulation.advance("1 millis")
      expect(other.taken().length).toBe(50)
      expect((yield* detail(t, ns)).usage.journalEvents).toBe(1)
    }),
  )

  withSettings(
    "is not refilled by sleep, which waits for it",
    { publishRate: rate("4/h") },
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.publish(ids("a", 4))
        for (let minute = 0; minute < 14; minute++) yield* t.simulation.advance("1 minute")
        expect(Exit.isFailure(yield* Effect.exit(ns.publish(["b"])))).toBe(true)
        yield* t.simulation.advance("1 minute")
        yield* ns.publish(["b"])
        expect((yield* t.mesh.metrics).awakeNamespaces).toBe(1)
        for (let minute = 0; minute < 65; minute++) yield* t.simulation.advance("1 minute")
        expect((yield* t.mesh.metrics).awakeNamespaces).toBe(0)
      }),
  )

  it("is inherited, and what was published counts when it changes", () =>
    TestMesh.run((t, simulation) =>
      Effect.gen(function* () {
        const hostType = HostTypeName.make("small")
        const { mesh } = t
        yield* simulation.finish(mesh.hostTypes.put(hostType, { publishRate: rate("1/h burst 2") }))
        const ns = new TestNamespace(t)
        yield* simulation.finish(mesh.namespaces.put(ns.name, { hostType }))
        yield* ns.publish(["a", "b"])
        expect(Exit.isFailure(yield* Effect.exit(ns.publish(["c"])))).toBe(true)
        yield* simulation.finish(mesh.hostTypes.put(hostType, { publishRate: rate("1/h burst 3") }))
        yield* ns.publish(["c"])
        expect(Exit.isFailure(yield* Effect.exit(ns.publish(["d"])))).toBe(true)
        const overrides = { publishRate: null }
        yield* simulation.finish(mesh.namespaces.put(ns.name, { hostType, overrides }))
        yield* ns.publish(ids("d", 50))
        expect((yield* detail(t, ns)).limits.publishRate).toBeUndefined()
      }),
    ))

  it("refuses before anything is read, and knows nothing of a namespace asleep", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* put(t, ns, { publishRate: rate("1/m") })
        yield* ns.publish(["a"])
        expect(t.mesh.refusal(ns.name)).toMatchObject({ retryAfterMillis: 60_000 })
        yield* t.restart
        expect(t.mesh.refusal(ns.name)).toBeUndefined()
      }),
    ))
})

describe("The size of an event", () => {
  for (const durability of ["journalled", "ephemeral"] as const) {
    withSettings(`is in bytes of UTF-8 (${durability})`, { maxEventBytes: bytes(300) }, (t, ns) =>
      Effect.gen(function* () {
        const publish = (text: string) =>
          t.simulation.finish(t.mesh.publish(ns.name, [eventOf("a", text)], durability))
        expect(yield* Effect.flip(publish("é".repeat(150)))).toMatchObject({
          _tag: "EventTooLarge",
          limitBytes: 300,
        })
        yield* publish("e".repeat(150))
      }),
    )
  }
})

describe("A full journal", () => {
  const size = JSON.stringify(cloudEvent({ id: "a0", source: "/test", type: "t" })).length

  withSettings(
    "refuses what does not fit, and takes duplicates for what they are",
    { maxJournalBytes: bytes(3 * size) },
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.publish(["a0", "a1"])
        yield* ns.publish(["a1"])
        yield* ns.publish(["a2"])
        expect(yield* Effect.flip(ns.publish(["a3"]))).toMatchObject({
          _tag: "JournalFull",
          limitBytes: 3 * size,
          currentBytes: 3 * size,
        })
        yield* ns.publish(["ephemeral"], {}, "ephemeral")
        yield* t.restart
        expect(yield* Effect.flip(ns.publish(["a3"]))).toMatchObject({ _tag: "JournalFull" })
        expect((yield* detail(t, ns)).usage).toMatchObject({
          journalBytes: 3 * size,
          journalEvents: 3,
        })
        yield* put(t, ns, { maxJournalBytes: bytes(4 * size) })
        yield* ns.publish(["a3"])
      }),
  )

  withSettings(
    "is trimmed at once where retention may, and takes on",
    { maxJournalBytes: bytes(10 * size), retentionBytes: bytes(5 * size) },
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.publish(ids("a", 10))
        yield* ns.publish(["b0"])
        expect((yield* detail(t, ns)).usage.journalEvents).toBe(6)
        yield* ns.publish(ids("c", 4))
        // Not again within the second.
        expect(yield* Effect.flip(ns.publish(["d0"]))).toMatchObject({ retryAfterMillis: 1000 })
        yield* t.simulation.advance("1 second")
        yield* ns.publish(["d0"])
      }),
  )

  withSettings(
    "keeps what a subscription has not had, and takes on when it has",
    { maxJournalBytes: bytes(4 * size), retentionBytes: bytes(size) },
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.subscribe()
        yield* t.simulation.finish(t.mesh.subscriptions.pause(ns.name, SubscriptionName.make("p")))
        yield* ns.publish(ids("a", 4))
        expect(Exit.isFailure(yield* Effect.exit(ns.publish(["b0"])))).toBe(true)
        yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, SubscriptionName.make("p")))
        yield* t.simulation.advance("2 seconds")
        yield* ns.publish(["b0"])
        expect(ns.taken()).toEqual([...ids("a", 4), "b0"])
      }),
  )

  withSettings(
    "holds for publishes that are on their way",
    { maxJournalBytes: bytes(5 * size) },
    (t, ns) =>
      Effect.gen(function* () {
        const exits = yield* t.simulation.finish(
          Effect.forEach(
            ids("a", 10),
            (id) => Effect.exit(t.mesh.publish(ns.name, ns.events([id]))),
            { concurrency: "unbounded" },
          ),
        )
        expect(exits.filter(Exit.isSuccess).length).toBe(5)
      }),
  )
})

describe("Sinks and subscriptions", () => {
  withSettings(
    "are as many as the namespace may have",
    { maxSinks: 2, maxSubscriptions: 1 },
    (t, ns) =>
      Effect.gen(function* () {
        yield* ns.sink("two")
        expect(yield* Effect.flip(ns.sink("three"))).toMatchObject({
          _tag: "QuotaReached",
          quota: "maxSinks",
          limit: 2,
          current: 2,
        })
        yield* ns.sink("two", { concurrency: 3 })
        yield* ns.subscribe("one")
        expect(yield* Effect.flip(ns.subscribe("another"))).toMatchObject({
          quota: "maxSubscriptions",
        })
        const { limits, usage } = yield* detail(t, ns)
        expect(limits).toMatchObject({
          maxSinks: 2,
          maxSubscriptions: 1,
          maxEventBytes: 1024 * 1024,
        })
        expect(usage).toMatchObject({ sinks: 2, subscriptions: 1 })
        yield* t.simulation.finish(
          t.mesh.subscriptions.remove(ns.name, SubscriptionName.make("one")),
        )
        yield* t.simulation.finish(t.mesh.sinks.remove(ns.name, SinkName.make("two")))
        yield* ns.sink("three")
      }),
  )
})
