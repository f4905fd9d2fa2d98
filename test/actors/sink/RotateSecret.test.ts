// The rotation of a sink's secret: two hold for a while, deliveries notice nothing, and what was
// rotated out is gone for good.

import { Duration, Effect, Redacted } from "effect"
import { describe, expect, it } from "vitest"
import { RotationUnderWay, SinkName, SinkNotFound } from "../../../src/domain/index.js"
import { Fault } from "../../support/StoreFaults.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const scenario = (
  name: string,
  play: (t: TestMesh, ns: TestNamespace) => Effect.Effect<void, unknown>,
  idleAfter = Duration.minutes(1),
) =>
  it(name, () =>
    TestMesh.run(
      (t) =>
        Effect.gen(function* () {
          const ns = new TestNamespace(t)
          yield* ns.create
          yield* ns.sink("s", { token: "one" })
          yield* ns.subscribe()
          yield* play(t, ns)
        }),
      { idleAfter, erasureInterval: Duration.minutes(1) },
    ),
  )

const sink = SinkName.make("s")

const rotate = (t: TestMesh, ns: TestNamespace, secret: string, overlap = "1 hour") =>
  t.simulation.finish(
    t.mesh.sinks.rotateSecret(ns.name, sink, {
      secret: Redacted.make(secret),
      overlap: Duration.decode(overlap as Duration.DurationInput),
    }),
  )

/** The secrets that the open sink has: the present one, then the one rotated out. */
const held = (t: TestMesh): ReadonlyArray<string> => {
  const found = t.sinks.secrets.get("a.example/s")
  return [found?.secrets["token"], found?.retiring?.secrets["token"]].flatMap((secret) =>
    secret === undefined ? [] : [Redacted.value(secret)],
  )
}

const stored = (t: TestMesh, ns: TestNamespace) => t.state.holdings.get(ns.name)?.sinks.get(sink)

describe("A rotated secret", () => {
  scenario(
    "holds beside the one before it until the overlap ends; then that is erased",
    (t, ns) =>
      Effect.gen(function* () {
        const { value } = yield* rotate(t, ns, "two")
        const until = value.previousSecretUntil
        expect(until).toBe(t.simulation.now + 3_600_000)
        expect(held(t)).toEqual(["two", "one"])
        yield* t.simulation.advance("61 minutes")
        expect(stored(t, ns)).toMatchObject({ sealed: expect.any(String) })
        expect(stored(t, ns)).not.toHaveProperty("retiring")
        expect(held(t)).toEqual(["two"])
        const view = yield* t.simulation.finish(t.mesh.sinks.get(ns.name, sink))
        expect(view).not.toHaveProperty("previousSecretUntil")
        expect(view.hasSecret).toBe(true)
      }),
    Duration.days(1),
  )

  scenario("is erased also while its namespace sleeps, and while the process is down", (t, ns) =>
    Effect.gen(function* () {
      yield* rotate(t, ns, "two", "10 minutes")
      yield* t.simulation.advance("5 minutes")
      expect(t.sinks.opened.get("a.example/s")).toBe(2)
      expect(JSON.stringify(yield* t.mesh.actors)).not.toContain("a.example")
      expect(stored(t, ns)).toHaveProperty("retiring")
      yield* t.simulation.advance("6 minutes")
      expect(stored(t, ns)).not.toHaveProperty("retiring")
      yield* rotate(t, ns, "three", "10 minutes")
      yield* t.stop
      yield* t.simulation.advance("1 hour")
      yield* t.start
      yield* t.simulation.advance("1 second")
      expect(stored(t, ns)).not.toHaveProperty("retiring")
    }),
  )

  scenario("outlives a restart with what was rotated out", (t, ns) =>
    Effect.gen(function* () {
      yield* rotate(t, ns, "two")
      yield* t.restart
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 second")
      expect(held(t)).toEqual(["two", "one"])
    }),
  )

  scenario("neither reopens the sink nor cuts off what is under way", (t, ns) =>
    Effect.gen(function* () {
      const opened = t.sinks.opened.get("a.example/s")
      let answer = () => {}
      ns.answer(() =>
        Effect.async((resume) => {
          answer = () => resume(Effect.succeed({ _tag: "Delivered" }))
        }),
      )
      yield* ns.publish(["a"])
      yield* t.simulation.advance("1 second")
      yield* rotate(t, ns, "two")
      answer()
      yield* t.simulation.advance("1 second")
      expect(ns.taken()).toEqual(["a"])
      expect(ns.attemptsAt("a")).toHaveLength(1)
      expect(t.sinks.opened.get("a.example/s")).toBe(opened)
    }),
  )

  scenario("reaches a sink that is just being opened", (t, ns) =>
    Effect.gen(function* () {
      t.sinks.opening(ns.name, "s", Effect.sleep("10 seconds"))
      yield* ns.sink("s", { token: "one", note: "anew" })
      yield* rotate(t, ns, "two")
      expect(held(t)).toEqual(["one"])
      yield* t.simulation.advance("11 seconds")
      expect(held(t)).toEqual(["two", "one"])
    }),
  )
})

describe("A second rotation", () => {
  scenario("is refused during the overlap, unless it ends all others at once", (t, ns) =>
    Effect.gen(function* () {
      const { value } = yield* rotate(t, ns, "two")
      const refused = yield* Effect.flip(rotate(t, ns, "three"))
      expect(refused).toEqual(
        new RotationUnderWay({ namespace: ns.name, sink, until: value.previousSecretUntil ?? 0 }),
      )
      expect(held(t)).toEqual(["two", "one"])
      yield* rotate(t, ns, "four", "0 seconds")
      expect(held(t)).toEqual(["four"])
      expect(stored(t, ns)).not.toHaveProperty("retiring")
    }),
  )

  scenario("with the same secret is a repetition and changes nothing", (t, ns) =>
    Effect.gen(function* () {
      const first = yield* rotate(t, ns, "two")
      const record = stored(t, ns)
      yield* t.simulation.advance("1 minute")
      const again = yield* rotate(t, ns, "two")
      expect(again.value.previousSecretUntil).toBe(first.value.previousSecretUntil)
      expect(stored(t, ns)).toEqual(record)
    }),
  )

  scenario(
    "at the same time as the first has the second refused, not the first forgotten",
    (t, ns) =>
      Effect.gen(function* () {
        const both = yield* t.simulation.finish(
          Effect.all(
            ["two", "three"].map((secret) =>
              Effect.either(
                t.mesh.sinks.rotateSecret(ns.name, sink, { secret: Redacted.make(secret) }),
              ),
            ),
            { concurrency: "unbounded" },
          ),
        )
        expect(both.map(({ _tag }) => _tag).sort()).toEqual(["Left", "Right"])
        expect(held(t)).toHaveLength(2)
      }),
  )
})

describe("Putting a sink", () => {
  scenario("without a secret keeps it, and the one that is rotated out", (t, ns) =>
    Effect.gen(function* () {
      yield* ns.sink("s", { note: "changed" })
      expect(held(t)).toEqual(["one"])
      yield* rotate(t, ns, "two")
      yield* ns.sink("s", { note: "again" })
      yield* t.simulation.advance("1 second")
      expect(held(t)).toEqual(["two", "one"])
    }),
  )

  scenario("with a secret ends the overlap", (t, ns) =>
    Effect.gen(function* () {
      yield* rotate(t, ns, "two")
      yield* ns.sink("s", { token: "three" })
      yield* t.simulation.advance("1 second")
      expect(held(t)).toEqual(["three"])
      expect(stored(t, ns)).not.toHaveProperty("retiring")
    }),
  )
})

describe("What cannot be rotated", () => {
  scenario("is an unknown sink, and one without a secret", (t, ns) =>
    Effect.gen(function* () {
      const unknown = t.mesh.sinks.rotateSecret(ns.name, SinkName.make("none"))
      expect(yield* t.simulation.finish(Effect.flip(unknown))).toBeInstanceOf(SinkNotFound)
      yield* ns.sink("bare")
      const bare = t.mesh.sinks.rotateSecret(ns.name, SinkName.make("bare"))
      expect(yield* t.simulation.finish(Effect.flip(bare))).toMatchObject({ field: "secret" })
    }),
  )

  scenario("leaves all as it is when the store fails", (t, ns) =>
    Effect.gen(function* () {
      yield* t.faults.next("Registry.putSink", Fault.FailBefore())
      expect(yield* Effect.flip(rotate(t, ns, "two"))).toMatchObject({ _tag: "StoreUnavailable" })
      expect(held(t)).toEqual(["one"])
      yield* rotate(t, ns, "two")
      expect(held(t)).toEqual(["two", "one"])
    }),
  )
})
