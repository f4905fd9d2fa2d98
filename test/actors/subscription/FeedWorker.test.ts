import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber } from "effect"
import type { Connection } from "../../../src/actors/index.js"
import { workFor } from "../../../src/actors/subscription/FeedWorker.js"
import {
  type CompiledTransform,
  JournaledEvent,
  NamespaceName,
  Outcome,
  reasonOf,
} from "../../../src/domain/index.js"
import { FeedRig } from "./FeedRig.js"

const rigWith = (events: number) => {
  const rig = new FeedRig({ ordering: "none" })
  rig.readerBegins()
  rig.readerEnds()
  for (let count = 0; count < events; count++) rig.publish("wanted")
  return rig
}

const work = (
  rig: FeedRig,
  connection: Connection,
  batchEvents = 100,
  transform?: CompiledTransform,
) =>
  workFor(rig.feed, {
    transform,
    namespace: NamespaceName.make("acme.example"),
    incarnation: "i",
    batchEvents,
    batchBytes: 1_000_000,
    connection: () => connection,
  })

describe("FeedWorker", () => {
  it.effect("holds a defect of the transport against its event and goes on", () =>
    Effect.gen(function* () {
      const rig = rigWith(3)
      yield* work(rig, {
        deliver: ({ event }) =>
          event.sequence === 2 ? Effect.die("boom") : Effect.succeed(Outcome.delivered()),
      })
      expect(rig.feed.counts).toMatchObject({ delivered: 2, failed: 1 })
      expect(rig.feed.inFlight).toBe(0)
      expect(rig.gate.active).toBe(0)
    }),
  )

  it.effect("holds a throw of the transport against its event and goes on", () =>
    Effect.gen(function* () {
      const rig = rigWith(3)
      yield* work(rig, {
        deliver: ({ event }) => {
          if (event.sequence === 1) throw new Error("boom")
          return Effect.succeed(Outcome.delivered())
        },
      })
      expect(rig.feed.counts).toMatchObject({ delivered: 2, failed: 1 })
    }),
  )

  it.effect("tries again what the transport itself interrupted", () =>
    Effect.gen(function* () {
      const rig = rigWith(2)
      yield* work(rig, {
        deliver: ({ event }) =>
          event.sequence === 1
            ? Effect.flatMap(Effect.fork(Effect.never), (fiber) =>
                Effect.zipRight(Fiber.interrupt(fiber), Fiber.join(fiber)),
              )
            : Effect.succeed(Outcome.delivered()),
      })
      expect(rig.feed.counts).toMatchObject({ delivered: 1, failed: 1 })
      expect(rig.feed.deferredCount).toBe(1)
    }),
  )

  it.effect.each([
    ["answer at once", (seen) => ({ deliver: ({ event }) => Effect.sync(() => seen(event)) })],
    [
      "need no fiber",
      (seen) => ({
        deliver: () => Effect.die("needs a fiber"),
        start: ({ event }, settled) => {
          settled(seen(event))
          return () => undefined
        },
      }),
    ],
    [
      "take batches",
      (seen) => ({
        deliver: () => Effect.die("not in batches"),
        deliverBatch: (all) => Effect.sync(() => all.map(({ event }) => seen(event))),
      }),
    ],
  ] satisfies ReadonlyArray<
    readonly [string, (seen: (event: JournaledEvent) => Outcome) => Connection]
  >)(
    "delivers what the transform makes, and buries what it refuses: transports that %s",
    ([, to]) =>
      Effect.gen(function* () {
        const rig = rigWith(6)
        const seen: Array<string> = []
        const connection = to(({ sequence, type }) => {
          seen.push(`${sequence} ${type}`)
          return Outcome.delivered()
        })
        const transform: CompiledTransform = ({ sequence, json, acceptedAt }) =>
          sequence === 1 || sequence > 4
            ? Either.left(reasonOf("it is none"))
            : Either.right(new JournaledEvent(sequence, "made", json, acceptedAt))
        yield* work(rig, connection, 3, transform)
        expect(seen).toEqual(["2 made", "3 made", "4 made"])
        expect(rig.feed.counts).toEqual({ delivered: 3, failed: 0, dead: 3, dropped: 0 })
        expect([rig.feed.inFlight, rig.gate.active]).toEqual([0, 0])
      }),
  )

  it.effect("delivers in batches of the size asked for, one outcome each", () =>
    Effect.gen(function* () {
      const rig = rigWith(5)
      const sizes: Array<number> = []
      yield* work(
        rig,
        {
          deliver: () => Effect.die("not in batches"),
          deliverBatch: (deliveries) => {
            sizes.push(deliveries.length)
            return Effect.succeed(
              deliveries.map(({ event }) =>
                event.sequence === 3 ? Outcome.reject("no") : Outcome.delivered(),
              ),
            )
          },
        },
        2,
      )
      expect(sizes).toEqual([2, 2, 1])
      expect(rig.feed.counts).toEqual({ delivered: 4, failed: 1, dead: 1, dropped: 0 })
    }),
  )

  it.effect("gives its place back when it is cut off", () =>
    Effect.gen(function* () {
      const rig = rigWith(1)
      const started = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        work(rig, {
          deliver: () => Effect.zipRight(Deferred.succeed(started, undefined), Effect.never),
        }),
      )
      yield* Deferred.await(started)
      expect(rig.gate.active).toBe(1)
      yield* Fiber.interrupt(fiber)
      expect(rig.gate.active).toBe(0)
      expect(rig.feed.inFlight).toBe(0)
      expect(rig.feed.position).toBe(0)
    }),
  )
})

describe("FeedWorker with a transport that needs no fiber", () => {
  const deliver = () => Effect.die("has a start")
  type Settled = (outcome: Outcome) => void

  it.effect("delivers everything, whether it is answered at once or later", () =>
    Effect.gen(function* () {
      const rig = rigWith(6)
      const waiting: Array<Settled> = []
      const fiber = yield* Effect.fork(
        work(rig, {
          deliver,
          start: ({ event }, settled) => {
            if (event.sequence % 2 === 0) settled(Outcome.delivered())
            else waiting.push(settled)
            return () => undefined
          },
        }),
      )
      for (let round = 0; round < 3; round++) {
        yield* Effect.yieldNow()
        for (const settled of waiting.splice(0)) settled(Outcome.delivered())
      }
      yield* Fiber.join(fiber)
      expect(rig.feed.counts).toMatchObject({ delivered: 6, failed: 0 })
      expect(rig.gate.active).toBe(0)
    }),
  )

  it.effect("sets aside what fails and goes on; a throw counts against its event", () =>
    Effect.gen(function* () {
      const rig = rigWith(5)
      yield* work(rig, {
        deliver,
        start: ({ event }, settled) => {
          if (event.sequence === 2) settled(Outcome.retry("later"))
          else if (event.sequence === 4) throw new Error("boom")
          else settled(Outcome.delivered())
          return () => undefined
        },
      })
      expect(rig.feed.counts).toMatchObject({ delivered: 3, failed: 2 })
      expect(rig.feed.inFlight).toBe(0)
      expect(rig.gate.active).toBe(0)
    }),
  )

  it.effect("lets go of the attempt when it is cut off", () =>
    Effect.gen(function* () {
      const rig = rigWith(1)
      const begun = yield* Deferred.make<void>()
      let letGo = 0
      const fiber = yield* Effect.fork(
        work(rig, {
          deliver,
          start: () => {
            Deferred.unsafeDone(begun, Effect.void)
            return () => {
              letGo++
            }
          },
        }),
      )
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      expect(letGo).toBe(1)
      expect(rig.feed.inFlight).toBe(0)
      expect(rig.gate.active).toBe(0)
    }),
  )
})
