// Removing a namespace whole: whatever it is doing, wherever the process dies.

import { Effect, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import {
  type NamespaceName,
  Outcome,
  type RemovalReport,
  removalSteps,
} from "../../../src/domain/index.js"
import { Fault, type StoreOperation } from "../../support/StoreFaults.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const removeWaiting = (t: TestMesh, name: NamespaceName) =>
  t.simulation.finish(t.mesh.namespaces.remove(name, { wait: "10 minutes" }))

const stepsDone = ({ steps }: RemovalReport) =>
  steps.filter(({ outcome }) => outcome === "done").map(({ step }) => step)

const filled = (t: TestMesh, name?: string) =>
  Effect.gen(function* () {
    const ns = new TestNamespace(t, name)
    yield* ns.create
    yield* ns.subscribe("p", { ordering: "key" })
    yield* ns.subscribe("q")
    ns.answer(({ event }) =>
      Effect.succeed(
        event.event.id === "bad"
          ? Outcome.reject("no")
          : event.event.id === "later"
            ? Outcome.retry("later", t.simulation.now + 3_600_000)
            : Outcome.delivered(),
      ),
    )
    yield* ns.publish(["a", "bad", "later"], { key: "k" })
    yield* t.simulation.advance("1 second")
    return ns
  })

/** A function attached to the namespace for as long as the test lasts, and the ids of what it got. */
const handled = (t: TestMesh, name: NamespaceName) =>
  Effect.gen(function* () {
    const got: Array<string> = []
    yield* t.simulation.finish(
      t.mesh.handle(name, "h", {}, ({ id }) => {
        got.push(id)
      }),
    )
    return got
  })

const nothingOf = (t: TestMesh, name: NamespaceName) =>
  Effect.gen(function* () {
    expect(t.state.holdings.has(name)).toBe(false)
    expect(t.state.namespaces.has(name)).toBe(false)
    expect(t.state.removals.size).toBe(0)
    expect(JSON.stringify(yield* t.mesh.actors)).not.toContain(name)
    expect((yield* Effect.flip(t.mesh.namespaces.get(name)))._tag).toBe("NamespaceNotFound")
  })

describe("Removal", () => {
  it("detaches handlers, so that one of the same name starts without them", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        const [first, other] = [yield* handled(t, ns.name), new TestNamespace(t, "b.example")]
        yield* other.create
        const kept = yield* handled(t, other.name)
        yield* ns.publish(["a"])
        yield* removeWaiting(t, ns.name)
        const refused = yield* Effect.flip(
          t.simulation.finish(t.mesh.handle(ns.name, "h", {}, () => undefined)),
        )
        expect(refused._tag).toBe("NamespaceNotFound")
        yield* ns.create
        const second = yield* handled(t, ns.name)
        yield* ns.publish(["b"])
        yield* other.publish(["c"])
        yield* t.simulation.advance("1 second")
        expect([first, second, kept]).toEqual([["a"], ["b"], ["c"]])
      }).pipe(Effect.scoped),
    ))

  it("takes everything of the namespace and nothing of others, and gives an account", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = yield* filled(t)
        const other = yield* filled(t, "b.example")
        const before = structuredClone(t.state.holdings.get(other.name)?.progress.entries())
        const report = yield* removeWaiting(t, ns.name)
        expect(stepsDone(report)).toEqual(removalSteps)
        const rows = Object.fromEntries(report.steps.map(({ step, rows }) => [step, rows]))
        expect(rows).toMatchObject({
          "purge-events": 3,
          "purge-subscriptions": 2,
          "purge-sinks": 1,
        })
        // Two positions, two dead letters, two deferrals, and the attempt that led to each of those four.
        expect(rows["purge-deliveries"]).toBe(10)
        yield* nothingOf(t, ns.name)
        expect(t.state.holdings.get(other.name)?.progress.entries()).toEqual(before)
        yield* other.publish(["more"])
        yield* t.simulation.advance("1 second")
        expect(other.taken("q")).toContain("more")
      }),
    ))

  it("lets a namespace of the same name start empty", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = yield* filled(t)
        const ids = new Set(t.sinks.attempts.map(({ delivery }) => delivery))
        yield* removeWaiting(t, ns.name)
        const tried = t.sinks.attempts.length
        yield* ns.create
        yield* ns.subscribe("p", { startAt: "earliest" })
        const [receipt] = yield* ns.publish(["a"])
        expect(receipt).toMatchObject({ sequence: 1, duplicate: false })
        yield* t.simulation.advance("2 hours")
        expect(t.sinks.attempts.slice(tried).map(({ event }) => event)).toEqual(["a"])
        expect(ids).not.toContain(t.sinks.attempts[tried]?.delivery)
      }),
    ))

  it("answers at once without a wait, and tells how far it is", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = yield* filled(t)
        yield* t.faults.always("Removals.purge", Fault.FailBefore())
        const begun = yield* t.simulation.finish(t.mesh.namespaces.remove(ns.name))
        expect(begun.steps).toEqual([])
        yield* t.simulation.advance("1 minute")
        const progress = yield* t.mesh.namespaces.removal(ns.name)
        expect(progress).toMatchObject({
          _tag: "Some",
          value: {
            steps: expect.arrayContaining([expect.objectContaining({ outcome: "failing" })]),
          },
        })
        expect((yield* Effect.flip(ns.publish(["x"])))._tag).toBe("NamespaceRemoving")
        expect((yield* Effect.flip(ns.sink("z")))._tag).toBe("NamespaceRemoving")
        yield* t.faults.heal
        yield* t.simulation.advance("2 minutes")
        yield* nothingOf(t, ns.name)
      }),
    ))

  it("finishes what is in flight, cuts off what takes too long, and counts both", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = new TestNamespace(t)
        yield* ns.create
        yield* ns.subscribe()
        ns.answer(({ event }) =>
          event.event.id === "hangs"
            ? Effect.never
            : Effect.delay(Effect.succeed(Outcome.delivered()), "5 seconds"),
        )
        yield* ns.publish(["hangs", "ends"])
        yield* t.simulation.settle
        const before = t.simulation.now
        const report = yield* removeWaiting(t, ns.name)
        expect(report.inFlight).toEqual({ completed: 1, abandoned: 1 })
        expect(t.simulation.now - before).toBeLessThan(20_000)
        const tried = t.sinks.attempts.length
        yield* t.simulation.advance("1 hour")
        expect(t.sinks.attempts.length).toBe(tried)
        yield* nothingOf(t, ns.name)
      }),
    ))

  it("ends live streams and refuses what comes", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = yield* filled(t)
        yield* removeWaiting(t, ns.name)
        expect((yield* Effect.flip(ns.publish(["x"])))._tag).toBe("NamespaceNotFound")
        const again = yield* Effect.flip(
          t.simulation.finish(t.mesh.namespaces.remove(ns.name, { wait: "1 minute" })),
        )
        expect(again._tag).toBe("NamespaceNotFound")
      }),
    ))

  it("is one removal however often it is asked for", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = yield* filled(t)
        const reports = yield* t.simulation.finish(
          Effect.all(
            [1, 2, 3].map(() => t.mesh.namespaces.remove(ns.name, { wait: "10 minutes" })),
            { concurrency: "unbounded" },
          ),
        )
        expect(new Set(reports.map((report) => JSON.stringify(report))).size).toBe(1)
        yield* nothingOf(t, ns.name)
      }),
    ))

  it("works on a namespace that sleeps, is disabled, or is waking", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        for (const how of ["asleep", "disabled", "waking"]) {
          const ns = yield* filled(t)
          if (how === "disabled")
            yield* t.simulation.finish(t.mesh.namespaces.setStatus(ns.name, "disabled"))
          if (how !== "disabled") {
            yield* t.kill
            yield* t.start
          }
          if (how === "asleep") yield* t.simulation.settle
          expect(stepsDone(yield* removeWaiting(t, ns.name))).toEqual(removalSteps)
          yield* nothingOf(t, ns.name)
        }
      }),
    ))

  it("is confirmed while another publisher keeps publishing, with nothing left of it", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = yield* filled(t)
        yield* t.faults.next("Journal.append", Fault.Delay({ duration: "2 seconds" }))
        const late = yield* Effect.fork(t.mesh.publish(ns.name, ns.events(["late"])))
        yield* t.simulation.settle
        yield* removeWaiting(t, ns.name)
        yield* nothingOf(t, ns.name)
        expect(late.unsafePoll()).not.toBeNull()
      }),
    ))
})

// --- Crashes -------------------------------------------------------------------------------------

const dangerous: ReadonlyArray<StoreOperation> = [
  "Removals.begin",
  "Removals.record",
  "Removals.purge",
  "Removals.release",
  "Invalidation.broadcast",
]

describe("A removal, killed", () => {
  it.each(
    dangerous.flatMap((operation) =>
      [1, 2, 3, 4, 5, 8, 11].map((call) => [operation, call] as const),
    ),
  )("at %s, call %i, before and after its work, is resumed and ends", (operation, call) =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        for (const when of ["before", "after"] as const) {
          const ns = yield* filled(t)
          const passes = Array.from({ length: call - 1 }, () => Fault.Pass())
          yield* t.faults.next(operation, ...passes)
          const held = yield* t.faults.hold(operation, when)
          const asked = yield* Effect.fork(
            Effect.exit(t.mesh.namespaces.remove(ns.name, { wait: "1 minute" })),
          )
          yield* t.simulation.advance("5 seconds")
          const kill = yield* Effect.fork(t.dying)
          yield* t.simulation.settle
          yield* held.release
          yield* t.simulation.finish(Effect.zipRight(Fiber.join(kill), Fiber.join(asked)))
          yield* t.start
          yield* t.simulation.advance("1 minute")
          if (t.state.namespaces.has(ns.name)) {
            // It died before anything was promised.
            expect(operation).toBe("Removals.begin")
            expect(stepsDone(yield* removeWaiting(t, ns.name))).toEqual(removalSteps)
          }
          yield* nothingOf(t, ns.name)
        }
      }),
    ),
  )
})

/** The answer to the last step of a removal got lost, and the name is another's before that is known. */
const takenBeforeHeard = (t: TestMesh) =>
  Effect.gen(function* () {
    const ns = yield* filled(t)
    yield* t.faults.next("Removals.release", Fault.FailAfter())
    const first = yield* Effect.fork(t.mesh.namespaces.remove(ns.name, { wait: "1 hour" }))
    yield* t.simulation.advance("100 millis")
    expect(first.unsafePoll()).toBeNull()
    yield* ns.create
    return { first, ns }
  })

describe("A removal, while the store fails", () => {
  it.each(dangerous)("at %s: is tried again until it is done, and says so", (operation) =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const ns = yield* filled(t)
        const faults = [Fault.FailBefore(), Fault.FailAfter(), Fault.FailBefore()]
        yield* t.faults.next(operation, ...faults)
        if (operation === "Removals.begin") {
          for (const _ of faults)
            expect((yield* Effect.flip(removeWaiting(t, ns.name)))._tag).toBe("StoreUnavailable")
        }
        const report = yield* removeWaiting(t, ns.name)
        expect(stepsDone(report)).toEqual(removalSteps)
        const retried = report.steps.reduce((sum, { retried }) => sum + retried, 0)
        // A name that is free, though nobody was told, is not freed again.
        const seen: Partial<Record<StoreOperation, number>> = {
          "Removals.begin": 0,
          "Removals.release": 2,
        }
        expect(retried).toBe(seen[operation] ?? faults.length)
        yield* nothingOf(t, ns.name)
      }),
    ),
  )

  it("leaves who has the name next alone when the answer to its last step got lost", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const { first, ns } = yield* takenBeforeHeard(t)
        yield* ns.subscribe("next")
        yield* ns.publish(["b"])
        yield* t.simulation.advance("1 minute")
        expect(stepsDone(yield* t.simulation.finish(Fiber.join(first)))).toEqual(removalSteps)
        expect(ns.taken("next")).toEqual(["b"])
        expect((yield* t.mesh.namespaces.get(ns.name)).status).toBe("enabled")
      }),
    ))

  it("is another removal for who has the name next", () =>
    TestMesh.run((t) =>
      Effect.gen(function* () {
        const { first, ns } = yield* takenBeforeHeard(t)
        yield* ns.publish(["b"])
        const second = yield* removeWaiting(t, ns.name)
        const reports = [yield* t.simulation.finish(Fiber.join(first)), second]
        const events = reports.map(({ steps }) => steps.find(({ step }) => step === "purge-events"))
        expect(events).toMatchObject([{ rows: 3 }, { rows: 1 }])
        expect(reports.map(stepsDone)).toEqual([removalSteps, removalSteps])
        yield* nothingOf(t, ns.name)
      }),
    ))
})
