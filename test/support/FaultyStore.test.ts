import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { Journal, type StoreUnavailable } from "../../src/actors/index.js"
import { NamespaceName } from "../../src/domain/index.js"
import { MemoryState } from "../../src/layers/stores/memory/MemoryState.js"
import * as MemoryStore from "../../src/layers/stores/memory/MemoryStore.js"
import { numberedFrom } from "../laws/LawEvents.js"
import { faulty, faultyFrom } from "./FaultyStore.js"
import { Fault, StoreFaults } from "./StoreFaults.js"

const namespace = NamespaceName.make("acme.example")

const append = (from: number, to: number) =>
  Effect.flatMap(Journal, (journal) => journal.append(numberedFrom(namespace, from, to), 1))
const head = Effect.flatMap(Journal, (journal) =>
  Effect.map(journal.bounds(namespace), ({ head }) => Number(head)),
)
const failureOf = <A>(effect: Effect.Effect<A, StoreUnavailable, Journal>) => Effect.flip(effect)

describe("FaultyStore", () => {
  it.effect("fails before or after the work is done, one call each, then goes well", () =>
    Effect.gen(function* () {
      const faults = yield* StoreFaults
      yield* faults.next("Journal.append", Fault.FailBefore(), Fault.FailAfter(), Fault.Pass())
      expect(yield* failureOf(append(1, 2))).toMatchObject({ operation: "Journal.append" })
      expect(yield* head).toBe(0)
      expect(yield* failureOf(append(1, 2))).toMatchObject({ operation: "Journal.append" })
      expect(yield* head).toBe(2)
      expect(yield* append(1, 2)).toMatchObject([{ duplicate: true }, { duplicate: true }])
      expect(yield* append(3, 3)).toMatchObject([{ sequence: 3 }])
      expect(yield* faults.calls("Journal.append")).toBe(4)
    }).pipe(Effect.provide(faulty(MemoryStore.layer))),
  )

  it.effect("is out altogether until healed", () =>
    Effect.gen(function* () {
      const faults = yield* StoreFaults
      yield* faults.always("everything", Fault.FailBefore())
      yield* failureOf(append(1, 1))
      yield* failureOf(head)
      yield* faults.heal
      expect(yield* head).toBe(0)
    }).pipe(Effect.provide(faulty(MemoryStore.layer))),
  )

  it.effect("delays on the clock", () =>
    Effect.gen(function* () {
      const faults = yield* StoreFaults
      yield* faults.next("Journal.append", Fault.Delay({ duration: Duration.seconds(3) }))
      const fiber = yield* Effect.fork(append(1, 1))
      yield* TestClock.adjust(Duration.seconds(2))
      expect(yield* head).toBe(0)
      yield* TestClock.adjust(Duration.seconds(1))
      yield* Fiber.join(fiber)
      expect(yield* head).toBe(1)
    }).pipe(Effect.provide(faulty(MemoryStore.layer))),
  )

  it.effect("holds a call before and after its work", () =>
    Effect.gen(function* () {
      const faults = yield* StoreFaults
      const before = yield* faults.hold("Journal.append", "before")
      const after = yield* faults.hold("Journal.append", "after")
      const first = yield* Effect.fork(append(1, 1))
      yield* before.reached
      expect(yield* head).toBe(0)
      const second = yield* Effect.fork(append(2, 2))
      yield* after.reached
      expect(yield* head).toBe(1)
      expect(second.unsafePoll()).toBe(null)
      yield* after.release
      yield* before.release
      expect(yield* Fiber.join(second)).toMatchObject([{ sequence: 1 }])
      expect(yield* Fiber.join(first)).toMatchObject([{ sequence: 2 }])
    }).pipe(Effect.provide(faulty(MemoryStore.layer))),
  )

  it.effect("is cut off from a state that another store then opens", () =>
    Effect.gen(function* () {
      const state = yield* MemoryState.make
      const faults = yield* StoreFaults.make
      yield* Effect.gen(function* () {
        yield* append(1, 2)
        yield* faults.always("everything", Fault.FailBefore())
        yield* failureOf(append(3, 4))
      }).pipe(Effect.provide(faultyFrom(faults, MemoryStore.layerFrom(state))))
      const found = head.pipe(Effect.provide(MemoryStore.layerFrom(state)))
      expect(yield* found).toBe(2)
    }),
  )
})
