// Laws of replays: created for a subscription that is there, moved while they run, ended once, listed
// in order, and gone with their subscription; none of it touches the live progress.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import { type ReplayChange, type ReplayKey, Replays } from "../../src/actors/index.js"
import { origin, type Replay, Sequence, SubscriptionName } from "../../src/domain/index.js"
import { change as liveChange, withSubscriptions } from "./LawProgress.js"
import * as Records from "./LawRecords.js"
import { type LawIt, type LawRuns, lawSuite, type StoreHarness } from "./StoreHarness.js"

export const replaysLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: replays`, harness, (it, runs) => {
    recordLaws(it, runs)
    progressLaws(it, runs)
    lifeLaws(it)
  })

const keyOf = ({ namespace, subscription, id }: Replay): ReplayKey => ({
  namespace,
  subscription,
  id,
})

const change = (replay: Replay, position: number, more: Partial<ReplayChange> = {}) => ({
  ...keyOf(replay),
  position: Sequence.make(position),
  acknowledged: String(position),
  counts: { delivered: position, failed: 2, dead: 1, skipped: 3 },
  deferred: [],
  settled: [],
  dead: [],
  attempts: [],
  ...more,
})

const recordLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "replays come back whole, by subscription and ascending",
    { records: Records.named(Records.replayId, Records.replay) },
    ({ records }) =>
      Effect.gen(function* () {
        const replays = yield* Replays
        const { namespace } = yield* withSubscriptions("a", "b")
        const stored: Array<Replay> = []
        for (const [index, [id, record]] of records.entries()) {
          const subscription = SubscriptionName.make(index % 2 === 0 ? "a" : "b")
          const replay = { ...record, ...Records.replayKey(namespace, subscription, id) }
          expect(yield* replays.create(replay, 100)).toBe(true)
          stored.push(replay)
        }
        for (const name of ["a", "b"]) {
          const subscription = SubscriptionName.make(name)
          const own = stored.filter((replay) => replay.subscription === name)
          const listed = yield* replays.list(namespace, subscription)
          expect(listed).toEqual([...own].sort((one, other) => (one.id < other.id ? -1 : 1)))
        }
        for (const replay of stored) {
          expect(yield* replays.get(keyOf(replay))).toEqual(Option.some(replay))
          expect(yield* replays.acknowledged(keyOf(replay))).toEqual(
            Option.some(String(replay.position)),
          )
        }
        const running = yield* replays.running(namespace)
        expect(running.map(({ id }) => id).sort()).toEqual(
          stored
            .filter(({ status }) => status === "running")
            .map(({ id }) => id)
            .sort(),
        )
      }),
    runs,
  )
}

const step = fc.record({
  position: fc.nat(1_000),
  deferred: fc.uniqueArray(
    fc.integer({ min: 1, max: 20 }).chain((sequence) => Records.deferral(sequence)),
    { selector: ({ sequence }) => sequence, maxLength: 6 },
  ),
  settled: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 6 }),
})

const progressLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "the last change holds, repeated or not, and is of one replay only",
    { steps: fc.array(step, { minLength: 1, maxLength: 5 }) },
    ({ steps }) =>
      Effect.gen(function* () {
        const replays = yield* Replays
        const { namespace, log } = yield* withSubscriptions("a", "b")
        const replay = Records.plainReplay(namespace, "a", "rp_1")
        const others = [
          Records.plainReplay(namespace, "a", "rp_2"),
          Records.plainReplay(namespace, "b", "rp_1"),
        ]
        for (const one of [replay, ...others]) yield* replays.create(one, 9)
        const live = yield* log.progress(namespace)
        const slowest = yield* log.slowestPosition(namespace)
        const kept = new Map<number, unknown>()
        for (const { position, deferred, settled } of steps) {
          const over = settled.filter((at) => deferred.every(({ sequence }) => sequence !== at))
          const told = change(replay, position, {
            acknowledged: `${position}:2-5,8`,
            deferred,
            settled: over.map((at) => Sequence.make(at)),
          })
          yield* replays.commit([told])
          yield* replays.commit([told])
          for (const deferral of deferred) kept.set(deferral.sequence, deferral)
          for (const at of over) kept.delete(at)
          expect(yield* replays.get(keyOf(replay))).toEqual(
            Option.some({ ...replay, ...told.counts, position }),
          )
          expect(yield* replays.acknowledged(keyOf(replay))).toEqual(Option.some(told.acknowledged))
        }
        const all = [...kept].sort(([one], [other]) => one - other).map(([, row]) => row)
        expect(yield* replays.deferrals(keyOf(replay), origin, 100)).toEqual(all)
        expect(yield* replays.deferrals(keyOf(replay), Sequence.make(5), 3)).toEqual(
          [...kept]
            .sort(([one], [other]) => one - other)
            .filter(([at]) => at > 5)
            .slice(0, 3)
            .map(([, row]) => row),
        )
        for (const other of others) {
          expect(yield* replays.get(keyOf(other))).toEqual(Option.some(other))
          expect(yield* replays.deferrals(keyOf(other), origin, 100)).toEqual([])
        }
        expect(yield* log.progress(namespace)).toEqual(live)
        expect(yield* log.slowestPosition(namespace)).toBe(slowest)
      }),
    runs,
  )
}

const lifeLaws = (it: LawIt): void => {
  it.effect("is not created for a subscription that is gone", () =>
    Effect.gen(function* () {
      const replays = yield* Replays
      const { namespace } = yield* withSubscriptions("a")
      const replay = Records.plainReplay(namespace, "b", "rp_1")
      expect(yield* replays.create(replay, 9)).toBe(false)
      expect(yield* replays.get(keyOf(replay))).toEqual(Option.none())
      expect(yield* replays.list(namespace, replay.subscription)).toEqual([])
    }),
  )

  it.effect(
    "ends once: late changes are skipped, its dead letters are those of the subscription",
    () =>
      Effect.gen(function* () {
        const replays = yield* Replays
        const { namespace, log } = yield* withSubscriptions("a")
        const replay = Records.plainReplay(namespace, "a", "rp_1")
        yield* replays.create(replay, 9)
        const deferred = [Records.plainDeferral(7)]
        const { id: mark } = replay
        const dead = [{ ...Records.plainDeadLetter("dead"), replay: mark }]
        const attempts = [{ ...Records.plainAttempt(7), replay: mark }]
        yield* replays.commit([change(replay, 5, { deferred, dead, attempts })])
        yield* log.commit([liveChange(namespace, "a", 0, { attempts: [Records.plainAttempt(7)] })])
        const ended = yield* replays.end(keyOf(replay), "cancelled", 77)
        expect(ended).toMatchObject(
          Option.some({ status: "cancelled", endedAt: 77, position: 5, delivered: 5, skipped: 3 }),
        )
        expect(yield* replays.end(keyOf(replay), "completed", 99)).toEqual(ended)
        const late = change(replay, 9, {
          deferred,
          dead: [Records.plainDeadLetter("late")],
          attempts: [Records.plainAttempt(8)],
        })
        yield* replays.commit([late])
        // Kept apart from those of the live flow, which they are otherwise the same as.
        const recordsOf = (sequence: number) =>
          log.recordsOf(namespace, Sequence.make(sequence), [replay.subscription])
        const kept = (yield* recordsOf(7)).attempts.map(({ replay }) => replay)
        expect(new Set(kept)).toEqual(new Set([mark, undefined]))
        expect(kept.length).toBe(2)
        expect((yield* recordsOf(8)).attempts).toEqual([])
        const [letter] = (yield* recordsOf(dead[0]?.sequence ?? 0)).deadLetters
        expect(letter).toMatchObject({ id: "dead", replay: mark })
        expect(yield* replays.get(keyOf(replay))).toEqual(ended)
        expect(yield* replays.deferrals(keyOf(replay), origin, 9)).toEqual([])
        expect(yield* replays.running(namespace)).toEqual([])
        const letters = yield* log.deadLetters({ namespace, limit: 10 })
        expect(letters.map(({ id, subscription }) => [id, subscription])).toEqual([["dead", "a"]])
        const never = { ...keyOf(replay), id: Records.replayKey(namespace, "a", "rp_9").id }
        expect(yield* replays.end(never, "completed", 1)).toEqual(Option.none())
      }),
  )

  it.effect("of those that have ended the latest are kept, and all that run", () =>
    Effect.gen(function* () {
      const replays = yield* Replays
      const { namespace } = yield* withSubscriptions("a", "b")
      const of = (name: string, id: string) => Records.plainReplay(namespace, name, id)
      for (const replay of [of("a", "rp_1"), of("a", "rp_2"), of("a", "rp_3"), of("b", "rp_1")])
        yield* replays.create(replay, 1)
      for (const replay of [of("a", "rp_2"), of("a", "rp_3"), of("b", "rp_1")])
        yield* replays.end(keyOf(replay), "completed", 5)
      yield* replays.create(of("a", "rp_4"), 1)
      const listed = (name: string) =>
        Effect.map(replays.list(namespace, SubscriptionName.make(name)), (all) =>
          all.map(({ id }) => id),
        )
      expect(yield* listed("a")).toEqual(["rp_1", "rp_3", "rp_4"])
      expect(yield* listed("b")).toEqual(["rp_1"])
    }),
  )

  it.effect("goes with its subscription, and one of the same name begins without", () =>
    Effect.gen(function* () {
      const replays = yield* Replays
      const { registry, namespace } = yield* withSubscriptions("a", "b")
      const gone = Records.plainReplay(namespace, "a", "rp_1")
      const stays = Records.plainReplay(namespace, "b", "rp_1")
      for (const one of [gone, stays]) {
        yield* replays.create(one, 9)
        yield* replays.commit([change(one, 1, { deferred: [Records.plainDeferral(2)] })])
      }
      yield* registry.deleteSubscription(namespace, gone.subscription)
      yield* replays.commit([change(gone, 3, { deferred: [Records.plainDeferral(4)] })])
      yield* registry.createSubscription(Records.plainSubscription(namespace, "a"), origin)
      expect(yield* replays.list(namespace, gone.subscription)).toEqual([])
      expect(yield* replays.deferrals(keyOf(gone), origin, 9)).toEqual([])
      expect((yield* replays.deferrals(keyOf(stays), origin, 9)).length).toBe(1)
    }),
  )
}
