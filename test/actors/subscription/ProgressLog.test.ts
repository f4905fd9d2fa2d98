import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { DeliveryLog } from "../../../src/actors/index.js"
import { subscriptionChange } from "../../../src/actors/subscription/ProgressChanges.js"
import { ProgressLog } from "../../../src/actors/subscription/ProgressLog.js"
import { NamespaceName, Outcome } from "../../../src/domain/index.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { faulty } from "../../support/FaultyStore.js"
import { Fault, StoreFaults } from "../../support/StoreFaults.js"
import { FeedRig } from "./FeedRig.js"

const namespace = NamespaceName.make("acme.example")

const setUp = Effect.gen(function* () {
  const log = new ProgressLog((yield* DeliveryLog).commit, Duration.millis(20))
  const rig = new FeedRig({ ordering: "none" })
  const deliver = () => {
    rig.readerBegins()
    rig.readerEnds()
    rig.publish("wanted")
    rig.workerBegins()
    rig.workerEnds(0, () => Outcome.delivered())
    log.touch(rig.feed, subscriptionChange(namespace, rig.feed))
  }
  const writer = yield* Effect.fork(log.run)
  yield* Effect.yieldNow()
  return { log, rig, deliver, writer, faults: yield* StoreFaults }
})

const scoped = (name: string, test: Effect.Effect<void, unknown, DeliveryLog | StoreFaults>) =>
  it.scoped(name, () => test.pipe(Effect.provide(faulty(MemoryStore.layer))))

describe("ProgressLog", () => {
  scoped(
    "writes what is touched within an interval at once",
    Effect.gen(function* () {
      const { rig, deliver, faults } = yield* setUp
      deliver()
      deliver()
      expect(rig.feed.hasUnwritten).toBe(true)
      yield* TestClock.adjust("20 millis")
      expect(rig.feed.hasUnwritten).toBe(false)
      expect(yield* faults.calls("DeliveryLog.commit")).toBe(1)
      yield* TestClock.adjust("10 seconds")
      expect(yield* faults.calls("DeliveryLog.commit")).toBe(1)
    }),
  )

  scoped(
    "tries a failed write again, ever more rarely, with what has come since",
    Effect.gen(function* () {
      const { log, rig, deliver, faults } = yield* setUp
      yield* faults.always("DeliveryLog.commit", Fault.FailBefore())
      deliver()
      yield* TestClock.adjust("60 seconds")
      expect(log.failures).toBeGreaterThan(5)
      expect(log.failures).toBeLessThan(30)
      deliver()
      yield* faults.heal
      yield* TestClock.adjust("5 seconds")
      expect([log.failures, rig.feed.hasUnwritten]).toEqual([0, false])
    }),
  )

  scoped(
    "flushes without waiting for the interval, and answers when it is stored",
    Effect.gen(function* () {
      const { log, rig, deliver, faults } = yield* setUp
      deliver()
      yield* faults.next("DeliveryLog.commit", Fault.FailBefore())
      const flush = yield* Effect.fork(log.flush(rig.feed, subscriptionChange(namespace, rig.feed)))
      yield* TestClock.adjust("1 milli")
      expect(flush.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(flush)
      expect(rig.feed.hasUnwritten).toBe(false)
    }),
  )

  scoped(
    "writes what is left when it is interrupted",
    Effect.gen(function* () {
      const { rig, deliver, writer } = yield* setUp
      deliver()
      yield* Fiber.interrupt(writer)
      expect(rig.feed.hasUnwritten).toBe(false)
    }),
  )

  scoped(
    "forgets a feed for good, and rests",
    Effect.gen(function* () {
      const { log, rig, deliver, faults } = yield* setUp
      yield* faults.always("DeliveryLog.commit", Fault.FailBefore())
      deliver()
      yield* TestClock.adjust("1 second")
      log.forget(rig.feed)
      expect(log.failures).toBe(0)
      yield* faults.heal
      const calls = yield* faults.calls("DeliveryLog.commit")
      deliver()
      yield* TestClock.adjust("1 minute")
      expect(yield* faults.calls("DeliveryLog.commit")).toBe(calls)
    }),
  )
})
