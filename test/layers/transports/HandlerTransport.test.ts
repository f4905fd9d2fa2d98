import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import * as fc from "fast-check"
import { type Handler, Handlers, RejectEvent } from "../../../src/actors/index.js"
import { NamespaceName, Outcome, SinkName } from "../../../src/domain/index.js"
import { HandlerSlots, HandlerTransport } from "../../../src/layers/transports/index.js"
import { delivery, namespace, sink } from "./support/Deliveries.js"

const opened = Effect.flatMap(HandlerTransport.make, ({ open }) =>
  open({ namespace, sink, options: {}, secrets: {} }),
)
const attach = (handler: Handler) =>
  Effect.flatMap(Handlers, ({ attach }) => attach(namespace, sink, handler))
/** What a delivery to this handler comes to. */
const outcomeOf = (handler: Handler) =>
  attach(handler).pipe(
    Effect.zipRight(opened),
    Effect.flatMap(({ deliver }) => deliver(delivery())),
    Effect.scoped,
    Effect.provide(HandlerSlots.layer),
  )

describe("a handler", () => {
  it.scoped("that returns nothing has the event, and the answer is there at once", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      yield* attach((event, { attempt, id }) => {
        seen.push(`${event.id} ${id} ${attempt}`)
      })
      const { deliver } = yield* opened
      const first = deliver(delivery(1))
      expect(Exit.isExit(first)).toBe(true)
      expect(first).toBe(deliver(delivery(2)))
      expect(yield* first).toMatchObject({ _tag: "Delivered" })
      expect(seen).toEqual(["event-1 dlv_1 1", "event-2 dlv_2 1"])
    }).pipe(Effect.provide(HandlerSlots.layer)),
  )

  it.effect.each([
    ["an Effect", () => Effect.void],
    ["a promise", () => Promise.resolve()],
    ["an outcome", () => Outcome.delivered()],
  ] as const)("that returns %s has the event", ([, handler]: readonly [string, Handler]) =>
    Effect.map(outcomeOf(handler), (outcome) => expect(outcome._tag).toBe("Delivered")),
  )

  it.effect("can say more with an outcome, in each form", () =>
    Effect.gen(function* () {
      const outcome = Outcome.retry("later", 7)
      expect(yield* outcomeOf(() => outcome)).toEqual(outcome)
      expect(yield* outcomeOf(() => Promise.resolve(outcome))).toEqual(outcome)
      expect(yield* outcomeOf(() => Effect.succeed(outcome))).toEqual(outcome)
      expect((yield* outcomeOf(() => Outcome.gone("bye")))._tag).toBe("Gone")
      expect((yield* outcomeOf(() => Outcome.misconfigured("no")))._tag).toBe("Misconfigured")
    }),
  )

  const failing = (cause: unknown): ReadonlyArray<Handler> => [
    () => {
      throw cause
    },
    () => Promise.reject(cause),
    () => Effect.fail(cause),
    () => Effect.die(cause),
    () => Effect.failCause(Cause.parallel(Cause.fail(cause), Cause.die("other"))),
  ]

  it.effect("that fails in any way, with anything, is tried again", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.anything({ withNullPrototype: true }), async (cause) => {
          for (const handler of failing(cause)) {
            const outcome = await Effect.runPromise(outcomeOf(handler))
            expect(outcome._tag).toBe("Retry")
            expect(outcome).toHaveProperty("reason", expect.stringMatching(/^the handler failed: /))
          }
        }),
      ),
    ),
  )

  it.effect("that fails with an error says so, in bounds", () =>
    Effect.gen(function* () {
      for (const handler of failing(new Error("no\r\ndisk ".repeat(1_000)))) {
        const outcome = yield* outcomeOf(handler)
        expect(outcome).toHaveProperty(
          "reason",
          expect.stringMatching(/^the handler failed: no disk/),
        )
        expect(outcome).toHaveProperty("reason.length", 500)
      }
    }),
  )

  it.effect("rejects the event with RejectEvent", () =>
    Effect.gen(function* () {
      const error = new RejectEvent({ reason: "unknown order" })
      for (const handler of failing(error)) {
        expect(yield* outcomeOf(handler)).toEqual(Outcome.reject("unknown order"))
      }
    }),
  )

  it.effect("that interrupts itself is tried again", () =>
    Effect.map(
      outcomeOf(() => Effect.interrupt),
      (outcome) => expect(outcome._tag).toBe("Retry"),
    ),
  )

  it.effect("that is an Effect is interrupted with its delivery", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const stopped = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        outcomeOf(() =>
          Deferred.succeed(started, undefined).pipe(
            Effect.zipRight(Effect.never),
            Effect.onInterrupt(() => Deferred.succeed(stopped, undefined)),
          ),
        ),
      )
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(stopped)
    }),
  )
})

describe("a sink without a handler", () => {
  it.scoped("keeps deliveries waiting until there is one", () =>
    Effect.gen(function* () {
      const { deliver } = yield* opened
      const waiting = yield* Effect.fork(deliver(delivery(1)))
      const leaving = yield* Effect.fork(deliver(delivery(2)))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(leaving)
      const seen: Array<string> = []
      yield* attach(({ id }) => {
        seen.push(id)
      })
      expect(yield* Fiber.join(waiting)).toMatchObject({ _tag: "Delivered" })
      expect(seen).toEqual(["event-1"])
    }).pipe(Effect.provide(HandlerSlots.layer)),
  )

  it.scoped("is what it is again when the handler is detached", () =>
    Effect.gen(function* () {
      const { deliver } = yield* opened
      const scope = yield* Scope.make()
      yield* Scope.extend(
        attach(() => undefined),
        scope,
      )
      expect(Exit.isExit(deliver(delivery(1)))).toBe(true)
      yield* Scope.close(scope, Exit.void)
      expect(Exit.isExit(deliver(delivery(2)))).toBe(false)
      yield* attach(() => Outcome.gone("second"))
      expect(yield* deliver(delivery(2))).toEqual(Outcome.gone("second"))
    }).pipe(Effect.provide(HandlerSlots.layer)),
  )

  it.scoped("has none of an earlier namespace of its name, whose handler no longer matters", () =>
    Effect.gen(function* () {
      const { attach: attachTo, detachAll } = yield* Handlers
      const other = NamespaceName.make(`${namespace}.example`)
      yield* attachTo(other, sink, () => Outcome.gone("other"))
      const scope = yield* Scope.make()
      yield* Scope.extend(
        attach(() => Outcome.gone("earlier")),
        scope,
      )
      yield* detachAll(namespace)
      const { deliver } = yield* opened
      expect(Exit.isExit(deliver(delivery(1)))).toBe(false)
      yield* attach(() => undefined)
      yield* Scope.close(scope, Exit.void)
      expect(yield* deliver(delivery(1))).toMatchObject({ _tag: "Delivered" })
      const error = yield* Effect.flip(Effect.scoped(attachTo(other, sink, () => undefined)))
      expect(error._tag).toBe("HandlerAttached")
    }).pipe(Effect.provide(HandlerSlots.layer)),
  )

  it.scoped("takes one handler at a time, and none of another sink", () =>
    Effect.gen(function* () {
      const { attach: attachTo } = yield* Handlers
      yield* attachTo(namespace, SinkName.make("other"), () => Outcome.gone("wrong"))
      yield* attach(() => undefined)
      const error = yield* Effect.flip(Effect.scoped(attach(() => Outcome.gone("late"))))
      expect(error).toMatchObject({ _tag: "HandlerAttached", namespace, sink })
      const { deliver } = yield* opened
      expect(yield* deliver(delivery())).toMatchObject({ _tag: "Delivered" })
    }).pipe(Effect.provide(HandlerSlots.layer)),
  )
})
