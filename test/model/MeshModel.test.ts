// The whole mesh against a simple model: whatever users, sinks, the store and crashes do to a domain
// that runs, in whatever order, its promises hold. EVENTLOOM_MODEL_RUNS says how many lives are played.

import { describe, it } from "vitest"
import { live, liveMany, lives, patience } from "./Lives.js"
import { type MeshCommand, running } from "./MeshCommand.js"

const publish: MeshCommand = {
  _tag: "Publish",
  domain: 0,
  events: [
    { id: 0, type: "t.one", key: "a" },
    { id: 1, type: "t.one", key: "a" },
    { id: 2, type: "t.one", key: "a" },
  ],
  ephemeral: false,
  wait: true,
}
const remove: MeshCommand = { _tag: "RemoveDomain", domain: 0, wait: false }
const mood = (mood: Extract<MeshCommand, { readonly _tag: "Mood" }>["mood"]): MeshCommand => ({
  _tag: "Mood",
  domain: 0,
  sink: 0,
  mood,
})

/** Lives in which a promise was broken once, or in which the model was wrong about one. */
const remembered: Readonly<Record<string, ReadonlyArray<MeshCommand>>> = {
  "a domain is removed while a backlog wakes it": [publish, { _tag: "Kill" }, remove],
  "a domain is added again while it is being removed": [
    publish,
    remove,
    { _tag: "Advance", seconds: 0.01 },
    { _tag: "AddDomain", domain: 0 },
    publish,
  ],
  "a sink is put while progress is not written": [
    { _tag: "Fault", operation: "DeliveryLog.commit", times: 8, done: false },
    publish,
    { _tag: "PutSink", domain: 0, sink: 0 },
  ],
  "a mesh is stopped while progress is not written": [
    { _tag: "Fault", operation: "DeliveryLog.commit", times: 8, done: false },
    { ...publish, wait: false },
    { _tag: "Restart" },
  ],
  "what was rejected is delivered after a kill": [mood("rejects"), publish, { _tag: "Kill" }],
  "a request finds a domain that is waking and being removed": [
    { _tag: "Slow", operation: "Registry.getNamespace", millis: 1, answer: true },
    { _tag: "Advance", seconds: 600 },
    { ...publish, wait: false },
    { _tag: "Step" },
    remove,
    { _tag: "Pause", domain: 0, subscription: 0 },
  ],
  "a sink is put while a subscription is disabled and its progress waits for the store": [
    { _tag: "Outage", seconds: 1 },
    mood("gone"),
    { ...publish, wait: false },
    { _tag: "PutSink", domain: 0, sink: 0 },
  ],
  "a domain is added and published to while it is being removed": [
    { ...publish, wait: false },
    remove,
    { _tag: "Advance", seconds: 0.01 },
    { ...publish, wait: false },
    { _tag: "AddDomain", domain: 0 },
  ],
  "a domain is added again, and removed, before it is known that its name was free": [
    { _tag: "RemoveDomain", domain: 0, wait: false },
    { _tag: "Fault", operation: "Removals.release", times: 1, done: true },
    { _tag: "Advance", seconds: 0.01 },
    { _tag: "AddDomain", domain: 0 },
    { _tag: "RemoveDomain", domain: 0, wait: true },
  ],
  "a domain is added again before it is known that its name was free": [
    { _tag: "RemoveDomain", domain: 0, wait: false },
    { _tag: "Fault", operation: "Removals.release", times: 1, done: true },
    { _tag: "Advance", seconds: 0.01 },
    { _tag: "AddDomain", domain: 0 },
    { ...publish, wait: true },
    { _tag: "Advance", seconds: 60 },
  ],
  "a subscription is removed while its events are rejected, and made again": [
    mood("rejects"),
    { ...publish, wait: false },
    { _tag: "DeleteSubscription", domain: 0, subscription: 2 },
    mood("takes"),
    {
      _tag: "PutSubscription",
      domain: 0,
      subscription: 2,
      sink: 0,
      pattern: 0,
      startAt: "earliest",
    },
  ],
  "a replay is cancelled while another goes on, over a kill": [
    publish,
    { _tag: "Replay", domain: 0, subscription: 1, perSecond: 1 },
    { _tag: "Replay", domain: 0, subscription: 1, perSecond: 1 },
    { _tag: "Advance", seconds: 1 },
    { _tag: "CancelReplay", domain: 0, subscription: 1 },
    { _tag: "Kill" },
  ],
  "a replay is asked for within a millisecond": [
    { _tag: "AddDomain", domain: 1 },
    { _tag: "Slow", operation: "Removals.purge", millis: 1, answer: false },
    { _tag: "RemoveDomain", domain: 1, wait: true },
    { _tag: "Replay", domain: 0, subscription: 0, perSecond: undefined },
  ],
  "a subscription changes its pattern": [
    {
      _tag: "PutSubscription",
      domain: 0,
      subscription: 0,
      sink: 0,
      pattern: 1,
      startAt: "now",
    },
    publish,
  ],
}

describe("Mesh, against a model", () => {
  it.each(Object.entries(remembered))("keeps its promises when %s", (_, commands) =>
    live([...running, ...commands]),
  )

  it(
    "keeps its promises over many lives of a domain",
    () => liveMany(running, Math.ceil(lives / 2)),
    patience,
  )
})
