// A reader that follows a namespace, told by a hub and given pages by hand.

import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { Follower } from "../../../src/actors/mesh/Follower.js"
import { NamespaceHub } from "../../../src/actors/namespace/NamespaceHub.js"
import {
  JournaledEvent,
  NamespaceName,
  origin,
  parseTypePattern,
  Sequence,
} from "../../../src/domain/index.js"
import { cloudEvent } from "../../laws/LawEvents.js"

const everything = {
  patterns: [Either.getOrThrow(parseTypePattern("*"))],
  passes: undefined,
}
const event = (sequence: number) =>
  JournaledEvent.of(
    Sequence.make(sequence),
    cloudEvent({ id: `e${sequence}`, source: "/s", type: "t" }),
    0,
  )
const events = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index))
const hubAt = (head: number, incarnation = "one") =>
  new NamespaceHub(NamespaceName.make("a.example"), incarnation, "enabled", Sequence.make(head), 0)

const following = (hub: NamespaceHub, after: number, maxEvents = 4) => {
  const limits = { maxEvents, maxBytes: 1_000_000 }
  const follower = new Follower("one", Sequence.make(after), everything, limits)
  follower.attach(hub)
  return follower
}
const taken = (follower: Follower) => follower.take().events.map(({ sequence }) => sequence)

describe("A follower", () => {
  it("that read ahead of what the hub was told is not given that again", () => {
    const hub = hubAt(3)
    const follower = following(hub, 0, 8)
    // The journal has the fourth already; its commit is announced later.
    follower.admitPage(events(1, 4))
    expect(follower.isLive).toBe(true)
    hub.committed(events(4, 5))
    expect(taken(follower)).toEqual([1, 2, 3, 4, 5])
  })

  it("reads what was committed while it read", () => {
    const hub = hubAt(2)
    const follower = following(hub, 1)
    expect(follower.nextRead()).toEqual({ after: 1, limit: 4 })
    hub.committed([event(3)])
    follower.admitPage([event(2)])
    expect(follower.isLive).toBe(false)
    expect(follower.nextRead()).toMatchObject({ after: 2 })
  })

  it("does not pass over what was committed while there was nothing to read", () => {
    const hub = hubAt(2)
    const follower = following(hub, 1)
    follower.nextRead()
    hub.committed([event(3)])
    follower.admitPage([])
    expect(follower.nextRead()).toMatchObject({ after: 2 })
  })

  it("whose queue is full takes no more until it reads", () => {
    const hub = hubAt(0)
    const follower = following(hub, 0, 2)
    hub.committed(events(1, 10))
    expect(follower.isLive).toBe(false)
    expect(follower.take()).toMatchObject({ events: [event(1), event(2)], position: 2 })
    expect(follower.nextRead()).toEqual({ after: 2, limit: 2 })
  })

  it("loses ephemeral events that it has no room for, and counts them", () => {
    const hub = hubAt(0)
    const follower = following(hub, 0, 2)
    for (const refused of [1, 2, 3, 4].flatMap(() => hub.ephemeral(event(0)))) refused.drop()
    expect(follower.take()).toMatchObject({
      dropped: 2,
      events: [{ sequence: 0 }, { sequence: 0 }],
    })
    expect(follower.take()).toMatchObject({ dropped: 0, events: [] })
  })

  it("says how much retention took before it was read", () => {
    const follower = following(hubAt(9), 2)
    follower.admitPage(events(7, 9))
    expect(follower.take()).toMatchObject({ expired: 4, position: 9 })
  })

  it("goes on where it was when its namespace begins anew", () => {
    const hub = hubAt(0)
    const follower = following(hub, 0)
    hub.committed(events(1, 2))
    hub.fallAsleep()
    expect([follower.isAttached, follower.isEnded]).toEqual([false, false])
    follower.attach(hub)
    expect(follower.isAttached).toBe(false)
    const next = hubAt(3)
    follower.attach(next)
    expect(taken(follower)).toEqual([1, 2])
    expect(follower.nextRead()).toMatchObject({ after: 2 })
    follower.admitPage([event(3)])
    next.committed([event(4)])
    expect(taken(follower)).toEqual([3, 4])
  })

  it("ends with its namespace, not with one of the same name", () => {
    const hub = hubAt(0)
    const follower = following(hub, 0)
    hub.fallAsleep()
    follower.attach(hubAt(0, "two"))
    expect(follower.take()).toMatchObject({ end: "removed" })
  })

  it("that is closed leaves nothing behind, and its position at what was taken", () => {
    const hub = hubAt(0)
    const follower = following(hub, 0)
    hub.committed([event(1)])
    follower.take()
    hub.committed([event(2)])
    follower.finish("closed")
    expect(hub.routeCount).toBe(0)
    expect(follower.take()).toEqual({
      events: [],
      position: 1,
      dropped: 0,
      expired: 0,
      end: "closed",
    })
  })

  it("wakes who waits for it when there is something to do, and only then", async () => {
    const hub = hubAt(0)
    const follower = following(hub, origin)
    follower.take()
    const waits = Effect.runPromise(Effect.timeoutOption(follower.ready, 5))
    expect((await waits)._tag).toBe("None")
    hub.committed([event(1)])
    await Effect.runPromise(follower.ready)
  })
})
