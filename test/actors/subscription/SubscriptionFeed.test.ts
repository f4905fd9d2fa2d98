// A feed in the situations that were once got wrong.

import { describe, expect, it } from "vitest"
import { Outcome } from "../../../src/domain/index.js"
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
})
