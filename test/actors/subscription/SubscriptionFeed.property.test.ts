// Whatever a feed is offered, however its sink answers, whenever it is written or killed: nothing is
// lost, nothing known to be settled is delivered again, order is kept, memory is bounded.

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Ordering, Outcome } from "../../../src/domain/index.js"
import { FeedRig, type RigOptions } from "./FeedRig.js"

type Step =
  | { readonly _tag: "Publish"; readonly wanted: boolean; readonly key: string | undefined }
  | { readonly _tag: "Commit"; readonly key: string | undefined }
  | { readonly _tag: "Announce" }
  | { readonly _tag: "Ephemeral"; readonly key: string | undefined }
  | { readonly _tag: "Read" }
  | { readonly _tag: "ReadEnds"; readonly fails: boolean }
  | { readonly _tag: "Work"; readonly batch: number }
  | { readonly _tag: "WorkEnds"; readonly index: number; readonly outcome: Answer }
  | { readonly _tag: "Write" }
  | { readonly _tag: "WriteEnds"; readonly result: "done" | "failed" | "unknown" }
  | { readonly _tag: "Advance"; readonly millis: number }
  | { readonly _tag: "Gap" }
  | { readonly _tag: "Redeliver"; readonly index: number }
  | { readonly _tag: "Crash" }

type Answer = "delivered" | "retry" | "reject" | "misconfigured" | "gone"

const outcomes: Readonly<Record<Answer, Outcome>> = {
  delivered: Outcome.delivered(),
  retry: Outcome.retry("busy"),
  reject: Outcome.reject("never"),
  misconfigured: Outcome.misconfigured("401"),
  gone: Outcome.gone("410"),
}

const key = fc.constantFrom("a", "b", undefined)
const answer = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Answer>("delivered") },
  { weight: 4, arbitrary: fc.constant<Answer>("retry") },
  { weight: 1, arbitrary: fc.constant<Answer>("reject") },
  { weight: 2, arbitrary: fc.constant<Answer>("misconfigured") },
  { weight: 1, arbitrary: fc.constant<Answer>("gone") },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constant("Publish" as const),
      wanted: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
      key,
    }),
  },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Commit" as const), key }) },
  { weight: 2, arbitrary: fc.constant<Step>({ _tag: "Announce" }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Ephemeral" as const), key }) },
  { weight: 6, arbitrary: fc.constant<Step>({ _tag: "Read" }) },
  {
    weight: 6,
    arbitrary: fc.record({
      _tag: fc.constant("ReadEnds" as const),
      fails: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constant("Work" as const),
      batch: fc.constantFrom(1, 1, 1, 3),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constant("WorkEnds" as const),
      index: fc.nat(3),
      outcome: answer,
    }),
  },
  { weight: 4, arbitrary: fc.constant<Step>({ _tag: "Write" }) },
  {
    weight: 4,
    arbitrary: fc.record({
      _tag: fc.constant("WriteEnds" as const),
      result: fc.constantFrom(
        "done" as const,
        "done" as const,
        "failed" as const,
        "unknown" as const,
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      _tag: fc.constant("Advance" as const),
      millis: fc.constantFrom(1, 600, 2_000, 60_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ _tag: "Gap" }) },
  {
    weight: 2,
    arbitrary: fc.record({ _tag: fc.constant("Redeliver" as const), index: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ _tag: "Crash" }) },
)

const play = (rig: FeedRig, { ...step }: Step): void => {
  const position = rig.feed.position
  switch (step._tag) {
    case "Publish":
      rig.publish(step.wanted ? "wanted" : "other", step.key)
      break
    case "Commit":
      rig.commit("wanted", step.key)
      break
    case "Announce":
      rig.announce()
      break
    case "Ephemeral":
      rig.ephemeral(step.key)
      break
    case "Read":
      rig.readerBegins()
      break
    case "ReadEnds":
      rig.readerEnds(step.fails)
      break
    case "Work":
      rig.workerBegins(step.batch)
      break
    case "WorkEnds":
      rig.workerEnds(step.index, () => outcomes[step.outcome])
      if (rig.gone > 0) rig.enableAgain()
      break
    case "Write":
      rig.writeBegins()
      break
    case "WriteEnds":
      rig.writeEnds(step.result)
      break
    case "Advance":
      rig.advance(step.millis)
      break
    case "Gap":
      // The journal has more than was offered: an append whose answer was lost.
      rig.commit("wanted", "a")
      rig.unannounced = []
      rig.hub.advance(rig.head)
      break
    case "Redeliver":
      rig.redeliver(step.index)
      break
    case "Crash":
      return rig.crash()
  }
  if (step._tag !== "WorkEnds") expect(rig.feed.position).toBeGreaterThanOrEqual(position)
}

/** What may hold back deliveries that are ready. */
const paces = {
  unpaced: {},
  paced: {
    rate: { amount: 3, perMillis: 1_000, burst: 4 },
    batch: { maxEvents: 3, maxBytes: 1_000, maxWaitMillis: 700 },
  },
} satisfies Readonly<Record<string, Pick<RigOptions, "rate" | "batch">>>

const isLossless = (ordering: Ordering, pace: keyof typeof paces, steps: ReadonlyArray<Step>) => {
  const rig = new FeedRig({ ordering, retry: { attempts: 3 }, ...paces[pace] })
  for (const step of steps) play(rig, step)
  expect(rig.settleAll()).toBe(true)
  expect(rig.missing).toEqual([])
  expect(rig.feed.isLive).toBe(true)
  expect(rig.feed.isIdle).toBe(true)
  expect(rig.feed.inFlight).toBe(0)
  // What nobody wants moves the position, but is not worth a write of its own.
  expect(rig.feed.position).toBe(rig.journal.length)
  const unwanted = rig.journal.slice(rig.store.position)
  expect(unwanted.every(({ type }) => type !== "wanted")).toBe(true)
  expect(rig.store.deferrals.size).toBe(0)
  const dead = [...rig.over].filter(([, how]) => how === "dead").map(([sequence]) => sequence)
  const letters = new Set([...rig.store.dead.values()].map(({ sequence }) => Number(sequence)))
  for (const sequence of dead) expect(letters).toContain(sequence)
}

const runs = Number(process.env["EVENTLOOM_FEED_RUNS"] ?? 400)

describe("SubscriptionFeed, at any interleaving", () => {
  it.each<readonly [Ordering, keyof typeof paces]>([
    ["none", "unpaced"],
    ["key", "unpaced"],
    ["strict", "unpaced"],
    ["none", "paced"],
    ["key", "paced"],
  ])(
    "loses and repeats nothing: %s, %s",
    async (ordering, pace) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 120, size: "max" }), async (steps) =>
          isLossless(ordering, pace, steps),
        ),
        { numRuns: runs },
      )
    },
    Math.max(60_000, runs * 50),
  )
})
