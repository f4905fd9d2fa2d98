// A feed in the situations that were once got wrong.

import { describe, expect, it } from "vitest"
import { defaultBreakerPolicy, Outcome, Sequence } from "../../../src/domain/index.js"
import { plainDeferral } from "../../laws/LawRecords.js"
import { FeedRig } from "./FeedRig.js"

describe("SubscriptionFeed", () => {
  it("does not admit again what it read before it was offered", () => {
    const rig = new FeedRig({ ordering: "none" })
    rig.commit("wanted")
    rig.readerBegins()
    rig.readerEnds()
    rig.announce()
    expect(rig.settleAll()).toBe(true)
    expect(rig.delivered).toEqual([1])
  })

  it("does not read again what it admitted before it was offered", () => {
    const rig = new FeedRig({ ordering: "none" })
    rig.commit("wanted")
    rig.readerBegins()
    rig.readerEnds()
    rig.hub.advance(rig.head)
    expect(rig.settleAll()).toBe(true)
    expect(rig.delivered).toEqual([1])
  })

  it("does not skip what is published while it reads an empty page", () => {
    const rig = new FeedRig({ ordering: "none" })
    rig.readerBegins()
    rig.publish("wanted")
    rig.readerEnds()
    expect(rig.settleAll()).toBe(true)
    expect(rig.delivered).toEqual([1])
  })

  it("remembers over two restarts what it settled out of order", () => {
    const rig = new FeedRig({ ordering: "none" })
    rig.readerBegins()
    rig.readerEnds()
    for (let count = 0; count < 3; count++) rig.publish("wanted")
    while (rig.workerBegins());
    rig.workerEnds(2, () => Outcome.delivered())
    rig.writeBegins()
    rig.writeEnds("done")
    expect(rig.store.acknowledged).toBe("0:3")
    rig.crash()
    rig.readerBegins()
    rig.readerEnds()
    expect(rig.feed.isLive).toBe(true)
    rig.writeBegins()
    rig.writeEnds("done")
    expect(rig.store.acknowledged).toBe("0:3")
  })

  it("lets a suspect that is being tried again decide for itself", () => {
    const rig = new FeedRig({ ordering: "none" })
    rig.readerBegins()
    rig.readerEnds()
    rig.publish("wanted")
    rig.workerBegins()
    rig.workerEnds(0, () => Outcome.misconfigured("401"))
    rig.advance(1_000)
    rig.readerBegins()
    rig.readerEnds()
    rig.workerBegins()
    rig.publish("wanted")
    rig.workerBegins()
    rig.workerEnds(1, () => Outcome.delivered())
    expect(rig.settleAll()).toBe(true)
    expect(rig.delivered).toEqual([2, 1])
    expect(rig.store.dead.size).toBe(0)
  })

  it("goes on with what waited behind a suspect that another subscription proved guilty", () => {
    const rig = new FeedRig({ ordering: "strict" })
    rig.readerBegins()
    rig.readerEnds()
    rig.publish("wanted")
    rig.publish("wanted")
    rig.workerBegins()
    rig.workerEnds(0, () => Outcome.misconfigured("401"))
    const other = { yields: false, pump: () => undefined, rejectSuspect: () => undefined }
    rig.gate.report(other, 2, Outcome.delivered())
    expect(rig.settleAll()).toBe(true)
    expect(rig.over).toEqual(
      new Map([
        [1, "dead"],
        [2, "delivered"],
      ]),
    )
  })

  it("goes on with what waited behind an event that retention took", () => {
    const rig = new FeedRig({ ordering: "strict" })
    rig.readerBegins()
    rig.readerEnds()
    rig.publish("wanted")
    rig.publish("wanted")
    rig.workerBegins()
    rig.workerEnds(0, () => Outcome.retry("busy"))
    rig.advance(1_000)
    const [due] = rig.feed.takeDue(1)
    if (due === undefined) throw new Error("nothing is due")
    rig.over.set(1, "dead")
    rig.feed.admitDue(due, undefined)
    expect(rig.settleAll()).toBe(true)
    expect(rig.delivered).toEqual([2])
    expect(rig.feed.counts.dropped).toBe(1)
  })

  it("drops ephemeral events of a key that waits for a retry, and goes on with the key", () => {
    const rig = new FeedRig({ ordering: "key" })
    rig.readerBegins()
    rig.readerEnds()
    rig.publish("wanted", "k")
    rig.ephemeral("k")
    rig.ephemeral("k")
    rig.publish("wanted", "k")
    rig.workerBegins()
    rig.workerEnds(0, () => Outcome.retry("busy"))
    expect(rig.settleAll()).toBe(true)
    expect(rig.delivered).toEqual([1, 2])
    expect(rig.feed.counts.dropped).toBe(2)
    expect(rig.feed.isIdle).toBe(true)
  })

  it("keeps the order of a key that a dead letter rejoins, over a crash", () => {
    const rig = new FeedRig({ ordering: "key" })
    rig.readerBegins()
    rig.readerEnds()
    const write = () => {
      rig.writeBegins()
      rig.writeEnds("done")
    }
    rig.publish("wanted", "k")
    rig.workerBegins()
    rig.workerEnds(0, () => Outcome.reject("no"))
    write()
    rig.publish("wanted", "k")
    rig.redeliver(0)
    write()
    rig.publish("wanted", "k")
    write()
    rig.crash()
    expect(rig.settleAll()).toBe(true)
    expect(rig.delivered).toEqual([1, 2, 3])
  })

  it("tries a dead letter again after what goes on under its key, before what waits", () => {
    const rig = new FeedRig({ ordering: "key" })
    rig.readerBegins()
    rig.readerEnds()
    rig.publish("wanted", "k")
    rig.workerBegins()
    rig.workerEnds(0, () => Outcome.reject("no"))
    rig.writeBegins()
    rig.writeEnds("done")
    rig.publish("wanted", "k")
    rig.publish("wanted", "k")
    rig.workerBegins()
    rig.redeliver(0)
    rig.writeBegins()
    rig.writeEnds("done")
    expect(rig.feed.deferredCount).toBe(1)
    expect(rig.settleAll()).toBe(true)
    expect(rig.delivered).toEqual([2, 1, 3])
  })

  it("holds a failed batch against the sink as one attempt", () => {
    const rig = new FeedRig({ ordering: "none", windowEvents: 30, maxDeferred: 100 })
    const batch = 6
    rig.readerBegins()
    rig.readerEnds()
    for (let failures = 1; failures <= defaultBreakerPolicy.failures; failures++) {
      expect(rig.gate.parked).toBeUndefined()
      for (let count = 0; count < batch; count++) rig.publish("wanted")
      rig.workerBegins(batch)
      expect(rig.attempts.map(({ length }) => length)).toEqual([batch])
      rig.workerEnds(0, () => Outcome.retry("busy"))
    }
    expect(rig.gate.parked?.cause).toBe("outage")
  })

  it("tries again what a transport gave no outcome for", () => {
    const rig = new FeedRig({ ordering: "none" })
    rig.readerBegins()
    rig.readerEnds()
    rig.publish("wanted")
    rig.publish("wanted")
    rig.workerBegins(2)
    const items = rig.attempts.splice(0).flat()
    expect(items.length).toBe(2)
    rig.over.set(1, "delivered")
    rig.feed.settleAll(items, [Outcome.delivered()])
    expect(rig.feed.inFlight).toBe(0)
    expect(rig.feed.deferredCount).toBe(1)
  })
})

describe("SubscriptionFeed, bounded", () => {
  it("loads no more of what is due than fits its window, and goes on as it is delivered", () => {
    const rig = new FeedRig({ ordering: "none", windowEvents: 6, concurrency: 6, maxDeferred: 40 })
    for (let count = 0; count < 20; count++) {
      const sequence = Sequence.make(rig.publish("wanted"))
      rig.store.deferrals.set(sequence, plainDeferral(sequence))
    }
    rig.store.position = 20
    rig.store.acknowledged = "20"
    rig.crash()
    let loaded = 0
    for (let turn = 0; turn < 20; turn++) {
      for (const deferral of rig.feed.takeDue(64)) {
        rig.feed.admitDue(deferral, rig.journal[deferral.sequence - 1])
        loaded++
      }
    }
    expect(loaded).toBeLessThanOrEqual(6)
    expect(rig.settleAll()).toBe(true)
    expect(rig.missing).toEqual([])
  })

  it("takes what was set aside for due when the clock is set back before that", () => {
    const rig = new FeedRig({ ordering: "none" })
    rig.readerBegins()
    rig.readerEnds()
    rig.publish("wanted")
    rig.workerBegins()
    rig.workerEnds(0, () => Outcome.retry("later", rig.now + 3_600_000))
    expect(rig.feed.takeDue(1)).toEqual([])
    rig.now -= 100_000
    expect(rig.feed.nextDue()).toBe(rig.now)
    expect(rig.feed.takeDue(1).length).toBe(1)
  })
})
