// The one writer of the journal: publishes are atomic, answered in order after their commit, and a
// failed write fails its publishes only; what it committed after all is delivered.

import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, TestClock } from "effect"
import { Journal } from "../../../src/actors/index.js"
import { type CommitExit, GroupCommit } from "../../../src/actors/journal/GroupCommit.js"
import { defaultMeshConfig, type MeshConfigShape } from "../../../src/actors/mesh/MeshConfig.js"
import { NamespaceHub, type Route } from "../../../src/actors/namespace/NamespaceHub.js"
import { NamespaceName, parseTypePattern, Sequence } from "../../../src/domain/index.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { numberedFrom } from "../../laws/LawEvents.js"
import { faulty } from "../../support/FaultyStore.js"
import { Fault, StoreFaults } from "../../support/StoreFaults.js"

class Listener implements Route {
  readonly offered: Array<number> = []
  behind: number | undefined
  readonly offer = ({ sequence }: { readonly sequence: number }) => void this.offered.push(sequence)
  readonly offerEphemeral = () => true
  readonly drop = () => undefined
  readonly fallBehind = (cursor: number) => {
    this.behind ??= cursor
  }
  readonly pump = () => undefined
}

const everything = parseTypePattern("*")

const hubOf = (name: string) => {
  const hub = new NamespaceHub(NamespaceName.make(name), "i", "enabled", Sequence.make(0), 0)
  const listener = new Listener()
  hub.route(listener, everything._tag === "Right" ? [everything.right] : [])
  return { hub, listener }
}

const setUp = (config: Partial<MeshConfigShape> = {}) =>
  Effect.gen(function* () {
    const commits = new GroupCommit(
      yield* Journal,
      { ...defaultMeshConfig, ...config },
      yield* Effect.clock,
    )
    const exits: Array<CommitExit> = []
    const { hub, listener } = hubOf("a.example")
    const submit = (from: number, to: number) =>
      commits.submit(hub, numberedFrom(hub.name, from, to), (exit) => void exits.push(exit))
    const publish = (from: number, to: number, hub_: NamespaceHub = hub) =>
      Effect.async<
        ReadonlyArray<{ readonly sequence: number; readonly duplicate: boolean }>,
        unknown
      >((resume) => commits.submit(hub_, numberedFrom(hub_.name, from, to), resume))
    return { commits, exits, hub, listener, submit, publish, faults: yield* StoreFaults }
  })

const sequences = (receipts: ReadonlyArray<{ readonly sequence: number }>) =>
  receipts.map(({ sequence }) => sequence)

const scoped = <A, E>(name: string, test: Effect.Effect<A, E, Journal | StoreFaults>) =>
  it.scoped(name, () => test.pipe(Effect.provide(faulty(MemoryStore.layer))))

describe("GroupCommit", () => {
  scoped(
    "commits what waits in one write, and answers each publish with its receipts",
    Effect.gen(function* () {
      const { commits, publish, faults, listener } = yield* setUp()
      const fibers = yield* Effect.forEach([1, 4, 7], (from) =>
        Effect.fork(publish(from, from + 2)),
      )
      yield* Effect.yieldNow()
      const writer = yield* Effect.fork(commits.run)
      const receipts = yield* Effect.forEach(fibers, Fiber.join)
      expect(receipts.map(sequences)).toEqual([
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ])
      expect(yield* faults.calls("Journal.append")).toBe(1)
      expect(listener.offered).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
      yield* Fiber.interrupt(writer)
    }),
  )

  scoped(
    "writes no more at once than it may, and never splits a publish",
    Effect.gen(function* () {
      const { commits, publish, faults } = yield* setUp({ commitEvents: 4 })
      const fibers = yield* Effect.forEach([1, 4, 7], (from) =>
        Effect.fork(publish(from, from + 2)),
      )
      yield* Effect.yieldNow()
      const writer = yield* Effect.fork(commits.run)
      yield* Effect.forEach(fibers, Fiber.join)
      expect(yield* faults.calls("Journal.append")).toBe(3)
      expect(sequences(yield* publish(10, 19))).toHaveLength(10)
      yield* Fiber.interrupt(writer)
    }),
  )

  scoped(
    "answers a second publish with the first sequence, and offers nothing",
    Effect.gen(function* () {
      const { commits, publish, listener } = yield* setUp()
      const writer = yield* Effect.fork(commits.run)
      yield* publish(1, 2)
      expect(yield* publish(2, 3)).toMatchObject([
        { sequence: 2, duplicate: true },
        { sequence: 3, duplicate: false },
      ])
      expect(listener.offered).toEqual([1, 2, 3])
      expect([commits.published, commits.duplicates]).toEqual([3, 1])
      yield* Fiber.interrupt(writer)
    }),
  )

  scoped(
    "fails the publishes of a failed write and no others",
    Effect.gen(function* () {
      const { commits, publish, faults, hub } = yield* setUp()
      yield* faults.next("Journal.append", Fault.FailBefore())
      const writer = yield* Effect.fork(commits.run)
      expect((yield* Effect.exit(publish(1, 2)))._tag).toBe("Failure")
      expect(sequences(yield* publish(1, 2))).toEqual([1, 2])
      expect(hub.publishing).toBe(0)
      yield* Fiber.interrupt(writer)
    }),
  )

  scoped(
    "has what a failed write committed after all read from the journal, at the next write",
    Effect.gen(function* () {
      const { commits, publish, faults, listener } = yield* setUp()
      yield* faults.next("Journal.append", Fault.FailAfter())
      const writer = yield* Effect.fork(commits.run)
      yield* Effect.exit(publish(1, 2))
      expect(sequences(yield* publish(3, 3))).toEqual([3])
      expect(listener.behind).toBe(0)
      yield* Fiber.interrupt(writer)
    }),
  )

  scoped(
    "likewise when the next write is of another namespace, or of duplicates only",
    Effect.gen(function* () {
      const { commits, publish, faults, listener, hub } = yield* setUp()
      const other = hubOf("b.example")
      const writer = yield* Effect.fork(commits.run)
      yield* publish(1, 1)
      yield* faults.next("Journal.append", Fault.FailAfter())
      yield* Effect.exit(publish(2, 2))
      expect(hub.head).toBe(1)
      yield* publish(1, 1)
      expect(hub.head).toBe(2)
      expect(listener.behind).toBe(1)
      yield* faults.next("Journal.append", Fault.FailAfter())
      yield* Effect.exit(publish(3, 3))
      yield* publish(1, 1, other.hub)
      expect(hub.head).toBe(3)
      yield* Fiber.interrupt(writer)
    }),
  )

  scoped(
    "likewise when nothing is published any more",
    Effect.gen(function* () {
      const { commits, publish, faults, hub } = yield* setUp()
      const writer = yield* Effect.fork(commits.run)
      yield* faults.next("Journal.append", Fault.FailAfter())
      yield* Effect.exit(publish(1, 2))
      yield* faults.next("Journal.bounds", Fault.FailBefore())
      yield* commits.settleUnsure
      expect(hub.head).toBe(0)
      yield* commits.settleUnsure
      expect(hub.head).toBe(2)
      yield* Fiber.interrupt(writer)
    }),
  )

  scoped(
    "refuses more than may wait, and takes it again later",
    Effect.gen(function* () {
      const { commits, publish, submit, exits, hub } = yield* setUp({ publishQueueEvents: 5 })
      submit(1, 3)
      submit(4, 6)
      submit(7, 7)
      expect(exits).toMatchObject([{ cause: { error: { _tag: "MeshOverloaded" } } }])
      expect(commits.waiting).toBe(6)
      const writer = yield* Effect.fork(commits.run)
      yield* Effect.yieldNow()
      yield* TestClock.adjust("1 milli")
      expect(exits.slice(1).map(Exit.isSuccess)).toEqual([true, true])
      expect(sequences(yield* publish(8, 8))).toEqual([7])
      yield* Fiber.interrupt(writer)
      expect(hub.publishing).toBe(0)
    }),
  )

  scoped(
    "writes what waits when it is interrupted",
    Effect.gen(function* () {
      const { commits, publish, faults } = yield* setUp()
      yield* faults.next("Journal.append", Fault.Delay({ duration: "1 second" }))
      const writer = yield* Effect.fork(commits.run)
      const first = yield* Effect.fork(publish(1, 1))
      yield* Effect.yieldNow()
      yield* TestClock.adjust("10 millis")
      const second = yield* Effect.fork(publish(2, 2))
      yield* Effect.yieldNow()
      const stopped = yield* Effect.fork(Fiber.interrupt(writer))
      yield* TestClock.adjust("1 second")
      expect(sequences(yield* Fiber.join(first))).toEqual([1])
      expect(sequences(yield* Fiber.join(second))).toEqual([2])
      yield* Fiber.join(stopped)
    }),
  )
})
