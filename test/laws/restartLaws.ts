// Laws of opening a store: a new one is empty, a restart finds what was acknowledged, and one process
// at a time has it.

import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option } from "effect"
import { DeliveryLog, Journal, Registry, Removals, StoreLocked } from "../../src/actors/index.js"
import {
  beginRemoval,
  HostTypeName,
  NamespaceName,
  RemovalId,
  Sequence,
} from "../../src/domain/index.js"
import { numbered } from "./LawEvents.js"
import { fill, firstAgain, snapshot } from "./LawSnapshot.js"
import { freshNamespaces, freshStore, lawTimeout, type StoreHarness } from "./StoreHarness.js"

const contents = {
  events: 20,
  sinks: 2,
  subscriptions: 2,
  deferrals: 3,
  deadLetters: 2,
  attempts: 2,
  eventTypes: 2,
  keys: 2,
  signingKeys: 1,
  audit: 2,
}

export const restartLaws = (name: string, harness: StoreHarness): void => {
  describe(`${name}: new`, () => {
    it.live("has nothing", () => isEmpty.pipe(Effect.provide(freshStore(harness))), lawTimeout)
  })
  if (harness.durable) durabilityLaws(name, harness)
  if (harness.exclusive) exclusivityLaws(name, harness)
}

const isEmpty = Effect.gen(function* () {
  const registry = yield* Registry
  const removals = yield* Removals
  const log = yield* DeliveryLog
  const hostType = HostTypeName.make("h")
  expect(yield* registry.listHostTypes({ limit: 10 })).toEqual([])
  expect(yield* registry.listNamespaces({ limit: 10 })).toEqual([])
  expect(yield* registry.getHostType(hostType)).toEqual(Option.none())
  expect(yield* registry.getNamespace(NamespaceName.make("n"))).toEqual(Option.none())
  expect(yield* registry.deleteHostType(hostType)).toBe(false)
  expect(yield* registry.countNamespaces(hostType)).toBe(0)
  expect(yield* removals.pending).toEqual([])
  expect(yield* log.backlog(undefined, 10)).toEqual([])
})

const durabilityLaws = (name: string, harness: StoreHarness) =>
  describe(`${name}: restart`, () => {
    it.scopedLive(
      "finds everything as it was",
      () =>
        Effect.gen(function* () {
          const { open } = yield* harness.place
          const { name } = yield* freshNamespaces
          const [kept, trimmed, removing] = [name("a"), name("b"), name("c")]
          const all = Effect.forEach([kept, trimmed, removing], snapshot)

          const before = yield* Effect.gen(function* () {
            for (const namespace of [kept, trimmed, removing]) yield* fill(namespace, contents)
            const journal = yield* Journal
            yield* journal.trim(trimmed, Sequence.make(20), 100)
            const removals = yield* Removals
            yield* removals.begin(beginRemoval(removing, 5, RemovalId.make("r5")))
            yield* removals.purge(removing, "deliveries", 3)
            return yield* all
          }).pipe(Effect.provide(open), Effect.scoped)

          yield* Effect.gen(function* () {
            expect(yield* all).toEqual(before)
            const journal = yield* Journal
            expect(
              yield* journal.append(
                [firstAgain(kept), firstAgain(trimmed), numbered(kept, 99), numbered(trimmed, 20)],
                2,
              ),
            ).toEqual([
              { sequence: 1, duplicate: true },
              { sequence: 21, duplicate: false },
              { sequence: 21, duplicate: false },
              { sequence: 20, duplicate: true },
            ])
            const registry = yield* Registry
            expect(yield* registry.setNamespaceStatus(removing, "enabled", 9)).toBe(false)
            const removals = yield* Removals
            expect(yield* removals.pending).toEqual([
              beginRemoval(removing, 5, RemovalId.make("r5")),
            ])
          }).pipe(Effect.provide(open), Effect.scoped)
        }),
      lawTimeout,
    )
  })

const exclusivityLaws = (name: string, harness: StoreHarness) =>
  describe(`${name}: lock`, () => {
    it.scopedLive(
      "refuses a second process until the first is gone",
      () =>
        Effect.gen(function* () {
          const { open } = yield* harness.place
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* Layer.build(open)
              const second = yield* Effect.exit(Effect.scoped(Layer.build(open)))
              const failure = Exit.isFailure(second)
                ? Cause.failureOption(second.cause)
                : Option.none()
              expect(Option.getOrUndefined(failure)).toBeInstanceOf(StoreLocked)
            }),
          )
          yield* Effect.scoped(Layer.build(open))
        }),
      lawTimeout,
    )
  })
