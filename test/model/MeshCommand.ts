// What can happen to a mesh, as data: what its users ask, how its sinks and its store behave, and
// how its process ends.

import * as fc from "fast-check"
import type { StoreOperation } from "../support/StoreFaults.js"

export type SinkMood =
  | "takes"
  | "slow"
  | "busy"
  | "rejects"
  | "misconfigured"
  | "gone"
  | "hangs"
  | "dies"

export interface EventSeed {
  readonly id: number
  readonly type: "t.one" | "t.two"
  readonly key: "a" | "b" | undefined
}

export type MeshCommand =
  | { readonly _tag: "AddDomain"; readonly domain: number }
  | { readonly _tag: "SetEnabled"; readonly domain: number; readonly enabled: boolean }
  | { readonly _tag: "RemoveDomain"; readonly domain: number; readonly wait: boolean }
  | { readonly _tag: "PutSink"; readonly domain: number; readonly sink: number }
  | { readonly _tag: "DeleteSink"; readonly domain: number; readonly sink: number }
  | {
      readonly _tag: "PutSubscription"
      readonly domain: number
      readonly subscription: number
      readonly sink: number
      readonly pattern: number
      readonly startAt: "now" | "earliest"
    }
  | { readonly _tag: "DeleteSubscription"; readonly domain: number; readonly subscription: number }
  | { readonly _tag: "Pause"; readonly domain: number; readonly subscription: number }
  | { readonly _tag: "Resume"; readonly domain: number; readonly subscription: number }
  | {
      readonly _tag: "Replay"
      readonly domain: number
      readonly subscription: number
      /** The most that it delivers in a second; absent, as fast as it can. */
      readonly perSecond: number | undefined
    }
  /** Of the one that was started last. */
  | { readonly _tag: "CancelReplay"; readonly domain: number; readonly subscription: number }
  | {
      readonly _tag: "Publish"
      readonly domain: number
      readonly events: ReadonlyArray<EventSeed>
      readonly ephemeral: boolean
      /** Whether nothing else happens before it is answered. */
      readonly wait: boolean
    }
  | {
      readonly _tag: "Mood"
      readonly domain: number
      readonly sink: number
      readonly mood: SinkMood
    }
  | { readonly _tag: "OpeningDies"; readonly domain: number; readonly sink: number }
  | { readonly _tag: "Advance"; readonly seconds: number }
  | { readonly _tag: "Step" }
  | {
      readonly _tag: "Fault"
      readonly operation: StoreOperation
      readonly times: number
      readonly done: boolean
    }
  | {
      readonly _tag: "Slow"
      readonly operation: StoreOperation
      readonly millis: number
      readonly answer: boolean
    }
  | { readonly _tag: "Outage"; readonly seconds: number }
  | { readonly _tag: "Restart" }
  | { readonly _tag: "Kill" }

export const domains = ["a.example", "b.example"] as const
export const sinkNames = ["s0", "s1"] as const
export const subscriptionNames = ["none", "key", "strict"] as const
export const patterns = ["*", "t.one"] as const

const domain = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constant(1))
const sink = fc.nat(sinkNames.length - 1)
const subscription = fc.nat(subscriptionNames.length - 1)
const tag = <Tag extends MeshCommand["_tag"]>(name: Tag) => fc.constant(name)

const eventSeed: fc.Arbitrary<EventSeed> = fc.record({
  id: fc.nat(40),
  type: fc.constantFrom("t.one" as const, "t.one" as const, "t.two" as const),
  key: fc.constantFrom("a" as const, "b" as const, undefined),
})

const operations: ReadonlyArray<StoreOperation> = [
  "Journal.append",
  "Journal.read",
  "Journal.get",
  "Journal.bounds",
  "DeliveryLog.commit",
  "DeliveryLog.progressOf",
  "DeliveryLog.deferrals",
  "Registry.getNamespace",
  "Registry.listSubscriptions",
  "Registry.putSink",
  "Registry.createSubscription",
  "Registry.updateSubscription",
  "Replays.create",
  "Replays.running",
  "Replays.acknowledged",
  "Replays.commit",
  "Replays.end",
  "Removals.begin",
  "Removals.record",
  "Removals.purge",
  "Removals.release",
  "Invalidation.broadcast",
]

const weighted: ReadonlyArray<readonly [number, fc.Arbitrary<MeshCommand>]> = [
  [2, fc.record({ _tag: tag("AddDomain"), domain })],
  [1, fc.record({ _tag: tag("SetEnabled"), domain, enabled: fc.boolean() })],
  [1, fc.record({ _tag: tag("RemoveDomain"), domain, wait: fc.boolean() })],
  [2, fc.record({ _tag: tag("PutSink"), domain, sink })],
  [1, fc.record({ _tag: tag("DeleteSink"), domain, sink })],
  [
    4,
    fc.record({
      _tag: tag("PutSubscription"),
      domain,
      subscription,
      sink,
      pattern: fc.nat(patterns.length - 1),
      startAt: fc.constantFrom("now" as const, "earliest" as const),
    }),
  ],
  [1, fc.record({ _tag: tag("DeleteSubscription"), domain, subscription })],
  [1, fc.record({ _tag: tag("Pause"), domain, subscription })],
  [1, fc.record({ _tag: tag("Resume"), domain, subscription })],
  [
    2,
    fc.record({
      _tag: tag("Replay"),
      domain,
      subscription,
      perSecond: fc.constantFrom(undefined, 1, 10),
    }),
  ],
  [1, fc.record({ _tag: tag("CancelReplay"), domain, subscription })],
  [
    12,
    fc.record({
      _tag: tag("Publish"),
      domain,
      events: fc.array(eventSeed, { minLength: 1, maxLength: 6 }),
      ephemeral: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
      wait: fc.boolean(),
    }),
  ],
  [
    6,
    fc.record({
      _tag: tag("Mood"),
      domain,
      sink,
      mood: fc.constantFrom<SinkMood>(
        "takes",
        "takes",
        "slow",
        "slow",
        "busy",
        "busy",
        "rejects",
        "misconfigured",
        "gone",
        "hangs",
        "dies",
      ),
    }),
  ],
  [1, fc.record({ _tag: tag("OpeningDies"), domain, sink })],
  [6, fc.record({ _tag: tag("Advance"), seconds: fc.constantFrom(0.01, 0.1, 1, 5, 60, 600) })],
  [3, fc.record({ _tag: tag("Step") })],
  [
    3,
    fc.record({
      _tag: tag("Fault"),
      operation: fc.constantFrom(...operations),
      times: fc.constantFrom(1, 1, 2, 8),
      done: fc.boolean(),
    }),
  ],
  [
    4,
    fc.record({
      _tag: tag("Slow"),
      operation: fc.constantFrom(...operations),
      millis: fc.constantFrom(1, 15, 200),
      answer: fc.boolean(),
    }),
  ],
  [1, fc.record({ _tag: tag("Outage"), seconds: fc.constantFrom(1, 10, 60) })],
  [1, fc.record({ _tag: tag("Restart") })],
  [1, fc.record({ _tag: tag("Kill") })],
]

const any = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })))

/** A domain with a sink and a subscription of each ordering: a beginning from which much can happen. */
export const running: ReadonlyArray<MeshCommand> = [
  { _tag: "AddDomain", domain: 0 },
  { _tag: "PutSink", domain: 0, sink: 0 },
  ...[0, 1, 2].map(
    (subscription): MeshCommand => ({
      _tag: "PutSubscription",
      domain: 0,
      subscription,
      sink: 0,
      pattern: 0,
      startAt: "now",
    }),
  ),
]

export const meshCommands = (maxLength: number): fc.Arbitrary<ReadonlyArray<MeshCommand>> =>
  fc.array(any, { maxLength, size: "max" })
