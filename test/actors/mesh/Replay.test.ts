// Replays beside the live flow, end to end in simulated time.

import { DateTime, type Duration, Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import type { MeshConfigShape, ReplayView } from "../../../src/actors/index.js"
import {
  defaultRetryPolicy,
  Outcome,
  parseRate,
  type Replay,
  type ReplaySpec,
  Sequence,
  SubscriptionName,
  TypePattern,
} from "../../../src/domain/index.js"
import { type Answer, delivered } from "../../support/ScriptedTransport.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

interface World {
  readonly t: TestMesh
  readonly ns: TestNamespace
  readonly advance: (duration: Duration.DurationInput) => Effect.Effect<void>
  readonly replay: (spec?: Partial<ReplaySpec>) => Effect.Effect<ReplayView, unknown>
  readonly get: (replay: Replay) => Effect.Effect<ReplayView, unknown>
  readonly cancel: (replay: Replay) => Effect.Effect<ReplayView, unknown>
  /** Ids of what a replay delivered, in that order. */
  readonly replayed: (replay: Replay) => ReadonlyArray<string>
  /** Ids of what was delivered live, in that order. */
  readonly live: () => ReadonlyArray<string>
}

const name = SubscriptionName.make("p")

const scenario = (
  title: string,
  play: (world: World) => Effect.Effect<void, unknown>,
  config: Partial<MeshConfigShape> = {},
) =>
  it(title, () =>
    TestMesh.run((t, simulation) => {
      const ns = new TestNamespace(t)
      const taken = (replay: string | undefined) =>
        t.sinks.attempts
          .filter((one) => one.replay === replay && one.outcome?._tag === "Delivered")
          .map(({ event }) => event)
      const world: World = {
        t,
        ns,
        advance: (duration) => simulation.advance(duration),
        replay: (spec = {}) =>
          simulation.finish(t.mesh.replays.start(ns.name, name, { from: "earliest", ...spec })),
        get: (replay) => simulation.finish(t.mesh.replays.get(replay)),
        cancel: (replay) => simulation.finish(t.mesh.replays.cancel(replay)),
        replayed: (replay) => taken(replay.id),
        live: () => taken(undefined),
      }
      return Effect.zipRight(ns.create, play(world))
    }, config),
  )

const ids = (count: number, prefix = "e") =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)
const at = (sequence: number) => ({ sequence: Sequence.make(sequence) })
const busy: Answer = () => Effect.succeed(Outcome.retry("busy"))
const slowly =
  (duration: Duration.DurationInput): Answer =>
  () =>
    Effect.delay(Effect.succeed(Outcome.delivered()), duration)

describe("A replay", () => {
  scenario("delivers its part once more, marked, under ids of its own, and ends", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(10))
      yield* advance("1 second")
      const replay = yield* w.replay({ from: at(3), to: at(6) })
      expect(replay).toMatchObject({ state: "running", from: 3, to: 6, position: 2, progress: 0 })
      yield* advance("1 second")
      expect(w.live()).toEqual(ids(10))
      expect(w.replayed(replay)).toEqual(["e2", "e3", "e4", "e5"])
      expect(new Set(t.sinks.attempts.map(({ delivery }) => delivery)).size).toBe(14)
      expect(yield* w.get(replay)).toMatchObject({
        state: "completed",
        position: 6,
        delivered: 4,
        failed: 0,
        skipped: 0,
        progress: 1,
      })
      expect((yield* ns.view()).position).toBe(10)
      const tree = JSON.stringify(yield* t.mesh.actors)
      expect(tree).not.toContain("/replays/")
    }),
  )

  scenario("ends where the head was when it was asked for, and delivers what matches", (w) =>
    Effect.gen(function* () {
      const { ns, advance } = w
      yield* ns.subscribe("p", { types: [TypePattern.make("wanted")] })
      yield* ns.publish(["a", "b"], { type: "wanted" })
      yield* ns.publish(["c"], { type: "other" })
      yield* advance("1 second")
      ns.answer(slowly("1 minute"))
      const replay = yield* w.replay()
      yield* ns.publish(["d"], { type: "wanted" })
      yield* advance("5 minutes")
      expect(w.replayed(replay)).toEqual(["a", "b"])
      expect(w.live()).toEqual(["a", "b", "d"])
      expect((yield* w.get(replay)).to).toBe(3)
    }),
  )

  scenario("of nothing completes at once", (w) =>
    Effect.gen(function* () {
      yield* w.ns.subscribe()
      const replay = yield* w.replay()
      yield* w.advance("1 second")
      expect(yield* w.get(replay)).toMatchObject({ state: "completed", delivered: 0, progress: 1 })
    }),
  )

  scenario("begins at a time and ends before another", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      const times: Array<Date> = []
      for (const id of ids(4)) {
        times.push(new Date(t.simulation.now))
        yield* ns.publish([id])
        yield* advance("1 minute")
      }
      const time = (index: number) => ({ time: DateTime.unsafeMake(times[index] ?? 0) })
      const replay = yield* w.replay({ from: time(1), to: time(3) })
      yield* advance("1 second")
      expect(w.replayed(replay)).toEqual(["e1", "e2"])
    }),
  )

  scenario("holds back nothing that is live", (w) =>
    Effect.gen(function* () {
      const { ns, advance } = w
      yield* ns.sink("s", { concurrency: 2 })
      yield* ns.subscribe("p", { ordering: "strict" })
      yield* ns.publish(ids(40))
      yield* advance("1 second")
      ns.answer(slowly("1 second"))
      const replay = yield* w.replay()
      for (const id of ids(10, "live")) {
        yield* ns.publish([id])
        yield* advance("2 seconds")
        expect(w.live().at(-1)).toBe(id)
      }
      yield* advance("1 minute")
      // Strict: its events in order, one after the other, beside the live ones.
      expect(w.replayed(replay)).toEqual(ids(40))
      expect((yield* w.get(replay)).state).toBe("completed")
    }),
  )

  scenario("goes at its pace, to the millisecond", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(20))
      yield* advance("1 second")
      const rate = Either.getOrThrow(parseRate("4/s burst 1"))
      const replay = yield* w.replay({ pace: { rate } })
      yield* advance("10 seconds")
      expect(w.replayed(replay)).toEqual(ids(20))
      const times = t.sinks.attempts.filter((one) => one.replay === replay.id).map((one) => one.at)
      expect(times.map((time) => time - (times[0] ?? 0))).toEqual(
        ids(20).map((_, index) => index * 250),
      )
    }),
  )

  scenario("goes on after a kill, where it was, with its retries", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(30))
      yield* advance("1 second")
      const rate = Either.getOrThrow(parseRate("10/s burst 1"))
      const later = t.simulation.now + 600_000
      ns.answer((delivery) =>
        delivery.event.event.id === "e1"
          ? Effect.succeed(Outcome.retry("later", later))
          : delivered(delivery),
      )
      const replay = yield* w.replay({ pace: { rate } })
      yield* advance("1 second")
      yield* t.kill
      expect(w.replayed(replay).length).toBeGreaterThan(5)
      const before = w.replayed(replay).length
      ns.answer(delivered)
      yield* t.start
      yield* advance("5 seconds")
      expect(yield* w.get(replay)).toMatchObject({ state: "running", failed: 1 })
      yield* advance("10 minutes")
      const all = w.replayed(replay)
      expect(new Set(all)).toEqual(new Set(ids(30)))
      expect(all.length - 30).toBeLessThanOrEqual(before)
      expect(all.at(-1)).toBe("e1")
      expect(all.length).toBeLessThan(40)
      expect(yield* w.get(replay)).toMatchObject({ state: "completed", position: 30 })
    }),
  )

  scenario("waits while its sink is parked, and is not to be lost", (w) =>
    Effect.gen(function* () {
      const { ns, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(20))
      yield* advance("1 second")
      ns.answer(busy)
      const replay = yield* w.replay()
      yield* advance("1 hour")
      expect(yield* w.get(replay)).toMatchObject({ state: "parked", delivered: 0, dead: 0 })
      ns.answer(delivered)
      yield* advance("10 minutes")
      expect([...w.replayed(replay)].sort()).toEqual([...ids(20)].sort())
      expect((yield* w.get(replay)).state).toBe("completed")
      expect(ns.dead).toEqual([])
    }),
  )

  scenario("leaves what it gives up on as a marked dead letter of the subscription", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(3))
      yield* advance("1 second")
      ns.answer((delivery) =>
        delivery.event.event.id === "e1"
          ? Effect.succeed(Outcome.reject("no"))
          : delivered(delivery),
      )
      const replay = yield* w.replay()
      yield* advance("1 second")
      expect(ns.dead).toEqual([[2, "Rejected"]])
      const [letter] = t.state.holdings.get(ns.name)?.deadLetters.all() ?? []
      expect(JSON.parse(letter?.json ?? "null")).toMatchObject({ id: "e1", replay: replay.id })
      expect(letter?.subscription).toBe("p")
      expect(yield* w.get(replay)).toMatchObject({ state: "completed", delivered: 2, dead: 1 })
    }),
  )

  scenario("is paused with its subscription, and goes on with it, also after a restart", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(50))
      yield* advance("1 second")
      const rate = Either.getOrThrow(parseRate("1/s burst 1"))
      const replay = yield* w.replay({ pace: { rate } })
      yield* advance("10 seconds")
      yield* t.simulation.finish(t.mesh.subscriptions.pause(ns.name, name))
      const sofar = w.replayed(replay).length
      expect((yield* w.get(replay)).state).toBe("paused")
      yield* advance("10 minutes")
      yield* t.restart
      yield* advance("10 minutes")
      expect(w.replayed(replay).length).toBe(sofar)
      yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, name))
      yield* advance("10 minutes")
      expect(w.replayed(replay)).toEqual(ids(50))
    }),
  )

  scenario("keeps its namespace awake, and is in the tree while it runs", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(20))
      const rate = Either.getOrThrow(parseRate("1/m burst 1"))
      const replay = yield* w.replay({ pace: { rate } })
      yield* advance("10 minutes")
      const path = `a.example/subscriptions/p/replays/${replay.id}`
      expect(JSON.stringify(yield* t.mesh.actors)).toContain(path)
      yield* advance("20 minutes")
      expect(w.replayed(replay)).toEqual(ids(20))
    }),
  )

  scenario("is disabled with its subscription when the destination asks for no more", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(5))
      yield* advance("1 second")
      ns.answer(() => Effect.succeed(Outcome.gone("410")))
      const replay = yield* w.replay()
      yield* advance("1 minute")
      expect((yield* ns.view()).state).toBe("disabled")
      expect((yield* w.get(replay)).state).toBe("paused")
      ns.answer(delivered)
      yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, name))
      yield* advance("1 minute")
      expect([...w.replayed(replay)].sort()).toEqual(ids(5))
    }),
  )

  scenario("says what was no longer retained", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(10))
      yield* advance("1 second")
      t.state.holdings.get(ns.name)?.log.trim(Sequence.make(4), 100)
      const replay = yield* w.replay({ from: at(2) })
      yield* advance("1 second")
      expect(w.replayed(replay)).toEqual(ids(10).slice(4))
      expect(yield* w.get(replay)).toMatchObject({ state: "completed", skipped: 3, delivered: 6 })
    }),
  )
})

describe("What a replay leaves behind", () => {
  scenario("is apart from the live flow: attempts, dead letters, and these tried again", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe("p", {
        audit: "all",
        retry: { ...defaultRetryPolicy, attempts: 2 },
        transform: { type: "event.type + '.seen'" },
      })
      yield* ns.publish(ids(3))
      yield* advance("1 second")
      const rejecting: Answer = ({ event }) =>
        Effect.succeed(event.event.id === "e1" ? Outcome.reject("no") : Outcome.delivered())
      ns.answer(rejecting)
      const replay = yield* w.replay()
      yield* advance("5 seconds")
      expect(yield* w.get(replay)).toMatchObject({ state: "completed", delivered: 2, dead: 1 })

      const explained = (sequence: number) =>
        Effect.map(
          t.simulation.finish(t.mesh.explain(ns.name, Sequence.make(sequence), { limit: 10 })),
          ({ deliveries: [delivery] }) => ({
            standing: delivery?.standing._tag,
            attempts: delivery?.attempts.map(({ outcome, replay }) => [outcome, replay]),
          }),
        )
      expect(yield* explained(1)).toEqual({
        standing: "Delivered",
        attempts: [
          ["Delivered", undefined],
          ["Delivered", replay.id],
        ],
      })
      // What became of it in the replay takes nothing from its having been delivered.
      expect(yield* explained(2)).toEqual({
        standing: "Delivered",
        attempts: [
          ["Delivered", undefined],
          ["Reject", replay.id],
        ],
      })

      const dead = Effect.suspend(() =>
        Effect.map(
          t.simulation.finish(t.mesh.deadLetters.list(ns.name, { limit: 10 })),
          ({ deadLetters }) => deadLetters,
        ),
      )
      const redeliver = Effect.flatMap(dead, (letters) =>
        Effect.forEach(letters, ({ id }) =>
          t.simulation.finish(t.mesh.deadLetters.redeliver(ns.name, id)),
        ),
      )
      expect(yield* dead).toMatchObject([{ sequence: 2, replay: replay.id }])
      // Again and again, also over a restart: it stays what it was.
      ns.answer(busy)
      yield* redeliver
      yield* advance("100 millis")
      yield* Effect.zipRight(t.kill, t.start)
      ns.answer(rejecting)
      yield* advance("1 minute")
      expect(yield* dead).toMatchObject([{ sequence: 2, replay: replay.id }])
      ns.answer(delivered)
      yield* redeliver
      yield* advance("1 minute")
      expect(yield* dead).toEqual([])
      const tries = t.sinks.attempts.filter((one) => one.event === "e1" && one.replay !== undefined)
      expect(tries.length).toBeGreaterThanOrEqual(4)
      expect(new Set(tries.map((one) => one.replay))).toEqual(new Set([replay.id]))
      expect(new Set(tries.map((one) => one.delivery)).size).toBe(1)
      expect(tries.at(-1)?.outcome?._tag).toBe("Delivered")
      expect((yield* explained(2)).standing).toBe("Delivered")
    }),
  )
})

describe("The rate limit of a subscription", () => {
  const rate = (text: string) => Either.getOrThrow(parseRate(text))

  scenario("holds for its live flow and its replays together; while both wait, both go on", (w) =>
    Effect.gen(function* () {
      const { ns, advance } = w
      yield* ns.subscribe("p", { rateLimit: rate("10/s burst 1") })
      yield* ns.publish(ids(10))
      yield* advance("2 seconds")
      expect(w.live()).toEqual(ids(10))
      const replays = [yield* w.replay(), yield* w.replay()]
      yield* ns.publish(ids(400, "l"))
      const taken = () => w.live().length - 10
      const replayed = () => replays.reduce((sum, one) => sum + w.replayed(one).length, 0)
      for (let seconds = 1; seconds <= 8; seconds++) {
        yield* advance("1 second")
        expect(taken() + replayed()).toBeLessThanOrEqual(10 * seconds + 1)
        expect(taken() + replayed()).toBeGreaterThanOrEqual(10 * seconds - 2)
        expect(replayed()).toBeGreaterThanOrEqual(Math.floor((10 * seconds) / 8) - 1)
        expect(replayed()).toBeLessThanOrEqual(Math.ceil((10 * seconds) / 8) + 1)
      }
    }),
  )

  scenario("is a replay's alone while nothing is live", (w) =>
    Effect.gen(function* () {
      const { ns, advance } = w
      yield* ns.subscribe("p", { rateLimit: rate("10/s burst 1") })
      yield* ns.publish(ids(100))
      yield* advance("11 seconds")
      const replay = yield* w.replay()
      yield* advance("5 seconds")
      expect(w.replayed(replay).length).toBeGreaterThanOrEqual(49)
      expect(w.replayed(replay).length).toBeLessThanOrEqual(51)
    }),
  )
})

describe("Replays", () => {
  scenario("are cancelled: nothing more is delivered, and another may run", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(50))
      yield* advance("1 second")
      const pace = { rate: Either.getOrThrow(parseRate("1/s burst 1")) }
      const replays = [yield* w.replay({ pace })]
      for (let count = 0; count < 3; count++) replays.push(yield* w.replay({ pace }))
      const refused = yield* Effect.flip(w.replay({ pace }))
      expect(refused).toMatchObject({ _tag: "TooManyReplays", limit: 4 })
      yield* advance("3 seconds")
      const [first = yield* Effect.die("none")] = replays
      const cancelled = yield* w.cancel(first)
      expect(cancelled.state).toBe("cancelled")
      const sofar = w.replayed(first)
      expect(cancelled.delivered).toBe(sofar.length)
      yield* advance("1 minute")
      expect(w.replayed(first)).toEqual(sofar)
      expect(yield* w.cancel(first)).toMatchObject({ state: "cancelled", position: sofar.length })
      yield* w.replay({ pace })
      const listed = yield* t.simulation.finish(t.mesh.replays.list(ns.name, name))
      expect(listed.map(({ state }) => state)).toEqual([
        "cancelled",
        ...Array.from({ length: 3 }, () => "completed"),
        "running",
      ])
    }),
  )

  scenario("leave nothing when their subscription or namespace goes", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(50))
      yield* advance("1 second")
      ns.answer((delivery) =>
        delivery.event.event.id === "e1" ? busy(delivery) : delivered(delivery),
      )
      const pace = { rate: Either.getOrThrow(parseRate("5/s burst 1")) }
      const first = yield* w.replay({ pace })
      yield* advance("3 seconds")
      yield* t.simulation.finish(t.mesh.subscriptions.remove(ns.name, name))
      const sofar = w.replayed(first).length
      expect(t.state.holdings.get(ns.name)?.replays.size).toBe(0)
      yield* ns.subscribe()
      yield* advance("1 minute")
      expect(w.replayed(first).length).toBe(sofar)

      const second = yield* w.replay({ pace })
      yield* advance("3 seconds")
      const report = yield* t.simulation.finish(
        t.mesh.namespaces.remove(ns.name, { wait: "1 minute" }),
      )
      expect(report.steps.every(({ outcome }) => outcome === "done")).toBe(true)
      const then = w.replayed(second).length
      yield* advance("1 minute")
      expect(w.replayed(second).length).toBe(then)
      expect(t.state.holdings.has(ns.name)).toBe(false)
    }),
  )

  scenario("are refused where they make no sense", (w) =>
    Effect.gen(function* () {
      const { ns, t, advance } = w
      yield* ns.subscribe()
      yield* ns.publish(ids(5))
      yield* advance("1 second")
      const refusal = (spec: Partial<ReplaySpec>) => Effect.flip(w.replay(spec))
      expect(yield* refusal({ from: at(7) })).toMatchObject({ field: "from.sequence" })
      expect(yield* refusal({ from: at(0) })).toMatchObject({ field: "from.sequence" })
      expect(yield* refusal({ to: at(6) })).toMatchObject({ field: "to.sequence" })
      expect(yield* refusal({ from: at(4), to: at(2) })).toMatchObject({ field: "to" })
      const other = t.mesh.replays.start(ns.name, SubscriptionName.make("q"), { from: "earliest" })
      expect(yield* Effect.flip(t.simulation.finish(other))).toMatchObject({
        _tag: "SubscriptionNotFound",
      })
    }),
  )
})
