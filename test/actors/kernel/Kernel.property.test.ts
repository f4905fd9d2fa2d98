// Whatever happens to a tree of actors, in whatever order: nothing of it is left behind.
import {
  Cause,
  Chunk,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Option,
  Predicate,
  Scope,
  Supervisor as FiberTracker,
  TestClock,
  TestContext,
} from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type ActorRef,
  makeSupervisor,
  type RestartPolicy,
  type RestartStrategy,
} from "../../../src/actors/kernel/index.js"
import {
  type Answering,
  type Crashing,
  type Ending,
  Ledger,
  probe,
  ProbeMessage,
  type Releasing,
} from "./Probe.js"

const keys = fc.constantFrom("a", "b")
const millis = fc.constantFrom(0, 1, 10, 100, 1_000)
const intensity = { maxRestarts: 1, withinMillis: 500 }

const policies: fc.Arbitrary<RestartPolicy> = fc
  .constantFrom<RestartStrategy>("permanent", "transient", "temporary")
  .map((restart) => ({ restart, intensity, backoff: { base: 0, cap: "50 millis" } }))

const crash = fc
  .constantFrom<Crashing>("fail", "die", "step", "interrupt")
  .map((how) => ProbeMessage.Crash({ how }))

const innerMessages: fc.Arbitrary<ProbeMessage> = fc.oneof(
  fc.constant<ProbeMessage>(ProbeMessage.Note({ n: -1 })),
  { weight: 2, arbitrary: crash },
  fc.constantFrom<ProbeMessage>(
    ProbeMessage.Hang(),
    ProbeMessage.StopSelf(),
    ProbeMessage.Finish(),
  ),
  fc
    .constantFrom<Releasing>("well", "slowly", "dead")
    .map((releasing) => ProbeMessage.Acquire({ releasing })),
  fc
    .record({ key: keys, millis, ends: fc.constantFrom<Ending>("well", "ill", "dead") })
    .map((task) => ProbeMessage.RunTask(task)),
)

const messages: fc.Arbitrary<ProbeMessage> = fc.oneof(
  { weight: 4, arbitrary: innerMessages },
  { weight: 4, arbitrary: crash },
  fc
    .record({ key: keys, millis, next: innerMessages })
    .map((timer) => ProbeMessage.SetTimer(timer)),
  keys.map((key) => ProbeMessage.CancelTimer({ key })),
  keys.map((key) => ProbeMessage.StopTask({ key })),
  keys.map((key) => ProbeMessage.StopChild({ key })),
  fc.nat({ max: 20 }).map((times) => ProbeMessage.TellSelf({ times })),
  fc
    .record({ key: keys, policy: policies, next: fc.array(innerMessages, { maxLength: 3 }) })
    .map((child) => ProbeMessage.SpawnChild(child)),
)

type Step =
  | { readonly _tag: "Start"; readonly key: string; readonly policy: RestartPolicy }
  | { readonly _tag: "Tell"; readonly key: string; readonly message: ProbeMessage }
  | { readonly _tag: "Note"; readonly key: string; readonly times: number }
  | { readonly _tag: "Ask"; readonly key: string; readonly how: Answering }
  | { readonly _tag: "ForgetAsk" }
  | { readonly _tag: "Stop"; readonly key: string }
  | { readonly _tag: "StopAll" }
  | { readonly _tag: "Wait"; readonly millis: number }
  | { readonly _tag: "Yield"; readonly times: number }

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ _tag: fc.constant("Start"), key: keys, policy: policies }) },
  { weight: 8, arbitrary: fc.record({ _tag: fc.constant("Tell"), key: keys, message: messages }) },
  {
    weight: 3,
    arbitrary: fc.record({
      _tag: fc.constant("Note"),
      key: keys,
      times: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      _tag: fc.constant("Ask"),
      key: keys,
      how: fc.constantFrom<Answering>(
        "succeed",
        "fail",
        "never",
        "die",
        "by task",
        "after a crash",
      ),
    }),
  },
  fc.record({ _tag: fc.constant("ForgetAsk") }),
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Stop"), key: keys }) },
  fc.record({ _tag: fc.constant("StopAll") }),
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Wait"), millis }) },
  {
    weight: 4,
    arbitrary: fc.record({ _tag: fc.constant("Yield"), times: fc.integer({ min: 1, max: 5 }) }),
  },
) as fc.Arbitrary<Step>

/** Begins with an actor, so that what follows has somebody to happen to. */
const traces = fc
  .tuple(policies, fc.array(steps, { minLength: 10, maxLength: 60, size: "max" }))
  .map(([policy, rest]): ReadonlyArray<Step> => [{ _tag: "Start", key: "a", policy }, ...rest])

const quietly = Layer.merge(TestContext.TestContext, Logger.remove(Logger.defaultLogger))

const yields = (times: number) =>
  Effect.replicateEffect(Effect.yieldNow(), times, { discard: true })

/** What the traces brought about: a property that nothing puts to the test proves nothing. */
interface Seen {
  boots: number
  restarts: number
  escalations: number
  notes: number
  answers: number
  gone: number
}

/** Runs a trace and checks the promises on the way and at the end. */
const runTrace = (trace: ReadonlyArray<Step>, seen: Seen) =>
  Effect.gen(function* () {
    const tracker = yield* FiberTracker.track
    yield* Effect.supervised(playTrace(trace, seen), tracker)
    yield* yields(3)
    const left = (yield* tracker.value).filter((fiber) => fiber.unsafePoll() === null)
    expect(left.length, "fibers left").toBe(0)
  })

const playTrace = (trace: ReadonlyArray<Step>, seen: Seen) =>
  Effect.gen(function* () {
    const ledger = new Ledger()
    const refs = new Map<string, ActorRef<ProbeMessage>>()
    const asks: Array<Fiber.RuntimeFiber<string, unknown>> = []
    const escalated: Array<string> = []
    const scope = yield* Scope.make()
    const supervisor = yield* Scope.extend(
      makeSupervisor("root", (key) => Effect.sync(() => escalated.push(key))),
      scope,
    )
    let noted = 0
    let restarts = 0
    for (const step of trace) {
      const ref = "key" in step ? refs.get(step.key) : undefined
      switch (step._tag) {
        case "Start": {
          const spec = probe(ledger, step.policy, 8)
          const started = yield* Effect.either(supervisor.start(step.key, spec))
          if (started._tag === "Right") refs.set(step.key, started.right)
          break
        }
        case "Tell":
          if (ref !== undefined) yield* Effect.ignore(ref.tell(step.message))
          break
        case "Note":
          for (let n = 0; n < step.times; n++) {
            if (ref !== undefined) yield* Effect.ignore(ref.tell(ProbeMessage.Note({ n: noted++ })))
          }
          break
        case "Ask":
          if (ref !== undefined) {
            const { how } = step
            asks.push(
              yield* Effect.fork(
                ref.ask<string, string>((reply) => ProbeMessage.Ask({ how, reply })),
              ),
            )
          }
          break
        case "ForgetAsk": {
          const asker = asks.pop()
          if (asker !== undefined) yield* Fiber.interrupt(asker)
          break
        }
        case "Stop":
          if (Option.isSome(yield* supervisor.stop(step.key))) {
            expect(ledger.heldUnder(`root/${step.key}`), "held after stop").toBe(0)
            expect(yield* supervisor.has(step.key)).toBe(false)
          }
          break
        case "StopAll":
          yield* supervisor.stopAll
          expect(ledger.heldUnder("root"), "held after stopAll").toBe(0)
          expect(yield* supervisor.children).toEqual([])
          break
        case "Wait":
          yield* TestClock.adjust(step.millis)
          break
        case "Yield":
          yield* yields(step.times)
          break
      }
    }
    yield* Scope.close(scope, Exit.void)
    expect(ledger.heldUnder("root"), "held at the end").toBe(0)
    expect(yield* supervisor.tree).toEqual([])
    for (const ref of refs.values()) {
      yield* ref.awaitExit
      const snapshot = yield* ref.snapshot
      expect(snapshot.queueDepth).toBe(0)
      restarts += snapshot.restarts
      expect((yield* Effect.flip(ref.tell(ProbeMessage.Finish())))._tag).toBe("ActorGone")
    }
    yield* yields(3)
    for (const ask of asks) {
      const exit = ask.unsafePoll()
      expect(exit, "an ask without an end").not.toBe(null)
      if (exit !== null && Exit.isSuccess(exit)) seen.answers++
      if (
        exit !== null &&
        Exit.isFailure(exit) &&
        Cause.failures(exit.cause).pipe(Chunk.some(Predicate.isTagged("ActorGone")))
      )
        seen.gone++
    }
    checkOrder(ledger)
    checkRestarts(ledger, trace)
    seen.boots += ledger.boots.length
    seen.notes += ledger.notes.length
    seen.escalations += escalated.length
    seen.restarts += restarts
  })

const checkOrder = (ledger: Ledger) => {
  for (const key of ["a", "b"]) {
    const seen = ledger.notes.filter(([path, n]) => path === `root/${key}` && n >= 0)
    const numbers = seen.map(([, n]) => n)
    expect(numbers).toEqual([...numbers].sort((x, y) => x - y))
  }
}

/** A key that is started only once boots at most once more than its intensity in any window. */
const checkRestarts = (ledger: Ledger, trace: ReadonlyArray<Step>) => {
  for (const key of ["a", "b"]) {
    if (trace.filter((step) => step._tag === "Start" && step.key === key).length !== 1) continue
    const boots = ledger.boots.filter(([path]) => path === `root/${key}`).map(([, at]) => at)
    const restarts = boots.slice(1)
    for (const end of restarts) {
      const inWindow = restarts.filter((at) => at > end - intensity.withinMillis && at <= end)
      expect(inWindow.length).toBeLessThanOrEqual(intensity.maxRestarts)
    }
  }
}

describe("the kernel", () => {
  it("leaves nothing behind, answers or fails every ask, keeps order, restarts in bounds", async () => {
    const seen: Seen = { boots: 0, restarts: 0, escalations: 0, notes: 0, answers: 0, gone: 0 }
    await fc.assert(
      fc.asyncProperty(traces, (trace) =>
        Effect.runPromise(Effect.provide(runTrace(trace, seen), quietly)),
      ),
      { numRuns: 250 },
    )
    for (const [what, times] of Object.entries(seen)) {
      expect(times, `the traces say nothing about ${what}`).toBeGreaterThan(10)
    }
  }, 60_000)
})
