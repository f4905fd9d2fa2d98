// What every transport promises, whatever protocol it speaks.
//
// A harness opens a sink together with its destination, whose behaviour the laws choose. To add a
// transport, write its `TransportHarness` and give it an entry in
// test/layers/transports/transportLaws.test.ts.

import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Either, Exit, Fiber, Schema, Scope } from "effect"
import * as fc from "fast-check"
import type { Connection, Delivery } from "../../src/actors/index.js"
import { CloudEvent, OutcomeSchema } from "../../src/domain/index.js"
import { deliveries, delivery } from "../layers/transports/support/Deliveries.js"

/** What the destination does with what reaches it: take it, fail for the time being, or not answer. */
export type Behaviour = "take" | "fail" | "hang"

export interface Fixture {
  readonly connection: Connection
  /** The ids of the events taken so far, in order. */
  readonly taken: () => ReadonlyArray<string>
  readonly behave: (behaviour: Behaviour) => void
  /** Waits until something hangs at the destination. */
  readonly hanging: Effect.Effect<void>
  /** Waits until nothing of the sink is left at the destination: no socket, no running handler. */
  readonly deserted: Effect.Effect<void>
}

export interface TransportHarness {
  readonly kind: string
  /** What of the transport this is: its kind, and the options that matter. */
  readonly name: string
  readonly capabilities: {
    /** Several deliveries can go in one. */
    readonly batching: boolean
    /** The destination is elsewhere, so that what is in flight ends with the sink. */
    readonly network: boolean
    /** Deliveries can be started without a fiber. */
    readonly starting: boolean
  }
  /** Runs of the property; fewer where a delivery costs a connection. Default 100. */
  readonly runs?: number
  /** A sink and its destination; the destination outlives the sink's scope. */
  readonly open: (sinkScope: Scope.Scope) => Effect.Effect<Fixture, never, Scope.Scope>
}

const isOutcome = Schema.is(OutcomeSchema)
const idsOf = (sent: ReadonlyArray<Delivery>) => sent.map(({ event }) => event.event.id)

const strangeEvents = fc
  .record(
    {
      id: fc.fullUnicodeString({ minLength: 1 }),
      subject: fc.fullUnicodeString({ minLength: 1 }),
      source: fc.webUrl(),
      type: fc.fullUnicodeString({ minLength: 1 }),
      extra: fc.oneof(fc.fullUnicodeString(), fc.boolean(), fc.integer()),
      data: fc.jsonValue(),
      datacontenttype: fc.constantFrom("application/json", "text/plain", "image/x"),
    },
    { requiredKeys: ["id", "source", "type"] },
  )
  .filter((input) => Either.isRight(CloudEvent.make(input)))

export const transportLaws = (harness: TransportHarness): void => {
  /** The sink is closed at the end of the law, or earlier by the law itself. */
  const opened = Effect.gen(function* () {
    const sinkScope = yield* Effect.acquireRelease(Scope.make(), (scope) =>
      Scope.close(scope, Exit.void),
    )
    const fixture = yield* harness.open(sinkScope)
    return { ...fixture, close: Scope.close(sinkScope, Exit.void) }
  })

  describe(`the transport ${harness.name}`, () => {
    it.scopedLive("delivers what it says it delivers, once and in order", () =>
      Effect.gen(function* () {
        const { connection, taken } = yield* opened
        const sent = deliveries(20)
        const outcomes = yield* Effect.forEach(sent, (each) => connection.deliver(each))
        expect(outcomes.map(({ _tag }) => _tag)).toEqual(sent.map(() => "Delivered"))
        expect(taken()).toEqual(idsOf(sent))
      }),
    )

    it.scopedLive("delivers many at once, each once", () =>
      Effect.gen(function* () {
        const { connection, taken } = yield* opened
        const sent = deliveries(100)
        yield* Effect.forEach(sent, (each) => connection.deliver(each), { concurrency: 16 })
        expect([...taken()].sort()).toEqual(idsOf(sent).sort())
      }),
    )

    it.scopedLive("says that a failure is to be tried again, and then delivers", () =>
      Effect.gen(function* () {
        const { behave, connection, taken } = yield* opened
        behave("fail")
        expect(yield* connection.deliver(delivery(1))).toMatchObject({ _tag: "Retry" })
        behave("take")
        const second = { ...delivery(1), attempt: 2 }
        expect(yield* connection.deliver(second)).toMatchObject({ _tag: "Delivered" })
        expect(taken()).toEqual(["event-1"])
      }),
    )

    it.scopedLive("has an outcome for every event", () =>
      Effect.gen(function* () {
        const { connection } = yield* opened
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(strangeEvents, async (input) => {
              const outcome = await Effect.runPromise(connection.deliver(delivery(1, input)))
              expect(isOutcome(outcome)).toBe(true)
              expect(outcome._tag).toBe("Delivered")
            }),
            { numRuns: harness.runs ?? 100 },
          ),
        )
      }),
    )

    it.scopedLive("leaves nothing behind when it is interrupted, and goes on", () =>
      Effect.gen(function* () {
        const { behave, connection, deserted, hanging, taken } = yield* opened
        behave("hang")
        const fiber = yield* Effect.fork(connection.deliver(delivery(1)))
        yield* hanging
        const exit = yield* Fiber.interrupt(fiber)
        expect(Exit.isInterrupted(exit)).toBe(true)
        behave("take")
        yield* deserted
        expect(yield* connection.deliver(delivery(2))).toMatchObject({ _tag: "Delivered" })
        expect(taken()).toContain("event-2")
      }),
    )

    if (harness.capabilities.starting) {
      it.scopedLive("tells without a fiber what it tells with one, once, or lets go", () =>
        Effect.gen(function* () {
          const { behave, connection, deserted, hanging, taken } = yield* opened
          const { start } = connection
          if (start === undefined) return expect.fail("starting was promised")
          const told: Array<string> = []
          const startedAs = (each: Delivery) =>
            Effect.async<void>((resume) => {
              start(each, ({ _tag }) => {
                told.push(_tag)
                resume(Effect.void)
              })
            })
          yield* startedAs(delivery(1))
          behave("fail")
          yield* startedAs(delivery(2))
          behave("hang")
          const letGo = start(delivery(3), ({ _tag }) => told.push(_tag))
          yield* hanging
          letGo()
          letGo()
          behave("take")
          yield* deserted
          yield* startedAs(delivery(4))
          expect(told).toEqual(["Delivered", "Retry", "Delivered"])
          expect(taken()).toEqual(["event-1", "event-4"])
        }),
      )
    }

    it.scopedLive("lets go of everything when the sink is closed", () =>
      Effect.gen(function* () {
        const { close, connection, deserted } = yield* opened
        yield* connection.deliver(delivery(1))
        yield* close
        yield* deserted
      }),
    )

    if (harness.capabilities.network) {
      it.scopedLive("ends what is in flight when the sink is closed", () =>
        Effect.gen(function* () {
          const { behave, close, connection, deserted, hanging } = yield* opened
          behave("hang")
          const ended = yield* Deferred.make<void>()
          yield* connection
            .deliver(delivery(1))
            .pipe(Effect.ensuring(Deferred.succeed(ended, undefined)), Effect.fork)
          yield* hanging
          yield* close
          yield* Deferred.await(ended)
          yield* deserted
        }),
      )
    }

    if (harness.capabilities.batching) {
      it.scopedLive("delivers a batch with one outcome for each, in order", () =>
        Effect.gen(function* () {
          const { behave, connection, taken } = yield* opened
          const { deliverBatch } = connection
          if (deliverBatch === undefined) return expect.fail("batches were promised")
          expect(yield* deliverBatch([])).toEqual([])
          const sent = deliveries(12)
          expect((yield* deliverBatch(sent)).map(({ _tag }) => _tag)).toEqual(
            sent.map(() => "Delivered"),
          )
          expect(taken()).toEqual(idsOf(sent))
          behave("fail")
          const outcomes = yield* deliverBatch(sent)
          expect(outcomes.map(({ _tag }) => _tag)).toEqual(sent.map(() => "Retry"))
          expect(taken()).toHaveLength(12)
        }),
      )
    } else {
      it.scopedLive("does not pretend to deliver batches", () =>
        Effect.map(opened, ({ connection }) => {
          expect(connection.deliverBatch).toBeUndefined()
        }),
      )
    }
  })
}
