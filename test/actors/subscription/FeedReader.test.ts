import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { DeliveryLog, Journal } from "../../../src/actors/index.js"
import { SharedPages } from "../../../src/actors/journal/SharedPages.js"
import { readFor } from "../../../src/actors/subscription/FeedReader.js"
import { NamespaceName, Outcome } from "../../../src/domain/index.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { Fault, StoreFaults } from "../../support/StoreFaults.js"
import { faulty } from "../../support/FaultyStore.js"
import { numberedFrom } from "../../laws/LawEvents.js"
import { FeedRig } from "./FeedRig.js"

const namespace = NamespaceName.make("acme.example")
const hub = { name: namespace, pages: new SharedPages() }

describe("FeedReader", () => {
  it.scoped("loads every due delivery, also those whose reading a failure of another cut off", () =>
    Effect.gen(function* () {
      const rig = new FeedRig({ ordering: "none", windowEvents: 40, concurrency: 40 })
      const journal = yield* Journal
      yield* journal.append(numberedFrom(namespace, 1, 20), 1)
      rig.readerBegins()
      rig.readerEnds()
      for (let count = 0; count < 20; count++) rig.publish("wanted")
      while (rig.workerBegins());
      rig.gate.trip("out")
      while (rig.attempts.length > 0) rig.workerEnds(0, () => Outcome.retry("busy"))
      expect(rig.feed.deferredCount).toBe(8)
      rig.now = 10_000_000
      const faults = yield* StoreFaults
      yield* faults.next("Journal.get", Fault.Delay({ duration: "1 second" }), Fault.FailBefore())
      const log = yield* DeliveryLog
      const wake = Effect.unsafeMakeLatch(false)
      yield* Effect.forkScoped(readFor(rig.feed, hub, journal, log, wake))
      yield* TestClock.adjust("5 seconds")
      expect(rig.feed.takeDue(100)).toEqual([])
      expect(rig.settleAll()).toBe(true)
      expect(rig.missing).toEqual([])
    }).pipe(Effect.provide(faulty(MemoryStore.layer))),
  )
})
