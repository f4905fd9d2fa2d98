// Laws of what a registry keeps inside a namespace: sinks, and subscriptions with their positions.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import { DeliveryLog, Registry } from "../../src/actors/index.js"
import { origin, Sequence, SinkName, SubscriptionName } from "../../src/domain/index.js"
import * as Records from "./LawRecords.js"
import { freshNamespaces, type LawIt, type LawRuns } from "./StoreHarness.js"

/** Two namespaces that are registered, the second with one like-named thing of each kind. */
const twoNamespaces = Effect.gen(function* () {
  const registry = yield* Registry
  const { name } = yield* freshNamespaces
  const [namespace, other] = [name("a"), name("a-b")]
  yield* registry.putNamespace(Records.plainNamespace(namespace))
  yield* registry.putNamespace(Records.plainNamespace(other))
  yield* registry.putSink(Records.plainSink(other, "a"))
  yield* registry.createSubscription(Records.plainSubscription(other, "a"), origin)
  return { registry, namespace, other }
})

export const resourceLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "sinks come back whole, replaced, listed in order, deleted once, apart from other namespaces",
    { records: Records.named(Records.resourceName, fc.tuple(Records.sink, Records.sink)) },
    ({ records }) =>
      Effect.gen(function* () {
        const { registry, namespace, other } = yield* twoNamespaces
        const versions = records.map(([name, pair]) =>
          pair.map((record) => ({ ...record, namespace, name: SinkName.make(name) })),
        )
        for (const pair of versions) for (const version of pair) yield* registry.putSink(version)
        const latest = Records.byName(versions.flatMap((pair) => pair.slice(-1)))
        expect(yield* registry.listSinks(namespace)).toEqual(latest)
        for (const sink of latest) {
          expect(yield* registry.getSink(namespace, sink.name)).toEqual(Option.some(sink))
          expect(yield* registry.deleteSink(namespace, sink.name)).toBe(true)
          expect(yield* registry.deleteSink(namespace, sink.name)).toBe(false)
          expect(yield* registry.getSink(namespace, sink.name)).toEqual(Option.none())
        }
        expect(yield* registry.listSinks(namespace)).toEqual([])
        expect(yield* registry.listSinks(other)).toEqual([Records.plainSink(other, "a")])
      }),
    runs,
  )

  it.effect("what was rotated out is erased when its time has come, and nothing else", () =>
    Effect.gen(function* () {
      const { registry, namespace, other } = yield* twoNamespaces
      const sink = (name: string, until?: number) => ({
        ...Records.plainSink(namespace, name),
        sealed: "present",
        ...(until === undefined ? {} : { retiring: { sealed: "former", until } }),
      })
      const [due, later, none] = [sink("due", 1_000), sink("later", 1_001), sink("none")]
      for (const each of [due, later, none]) yield* registry.putSink(each)
      yield* registry.eraseRetired(999)
      expect(yield* registry.listSinks(namespace)).toEqual([due, later, none])
      expect(yield* registry.eraseRetired(1_000)).toBeGreaterThanOrEqual(1)
      expect(yield* registry.listSinks(namespace)).toEqual([sink("due"), later, none])
      expect(yield* registry.eraseRetired(1_000)).toBe(0)
      expect(yield* registry.listSinks(other)).toEqual([Records.plainSink(other, "a")])
    }),
  )

  it.effect.prop(
    "subscriptions come back whole, updated where they exist, listed in order, deleted once",
    {
      records: Records.named(
        Records.resourceName,
        fc.tuple(Records.subscription, Records.subscription),
      ),
    },
    ({ records }) =>
      Effect.gen(function* () {
        const { registry, namespace, other } = yield* twoNamespaces
        const versions = records.map(([name, [first, second]]) => ({
          first: { ...first, namespace, name: SubscriptionName.make(name) },
          second: { ...second, namespace, name: SubscriptionName.make(name) },
        }))
        for (const { first, second } of versions) {
          expect(yield* registry.updateSubscription(second)).toBe(false)
          yield* registry.createSubscription(first, origin)
        }
        const firsts = Records.byName(versions.map(({ first }) => first))
        expect(yield* registry.listSubscriptions(namespace)).toEqual(firsts)
        for (const { second } of versions)
          expect(yield* registry.updateSubscription(second)).toBe(true)
        for (const { second } of versions) {
          const { name } = second
          expect(yield* registry.getSubscription(namespace, name)).toEqual(Option.some(second))
          expect(yield* registry.deleteSubscription(namespace, name)).toBe(true)
          expect(yield* registry.deleteSubscription(namespace, name)).toBe(false)
          expect(yield* registry.getSubscription(namespace, name)).toEqual(Option.none())
          expect(yield* registry.updateSubscription(second)).toBe(false)
        }
        expect(yield* registry.listSubscriptions(namespace)).toEqual([])
        expect(yield* registry.listSubscriptions(other)).toEqual([
          Records.plainSubscription(other, "a"),
        ])
      }),
    runs,
  )

  it.effect(
    "a subscription has its first position from its creation and keeps it when updated",
    () =>
      Effect.gen(function* () {
        const { registry, namespace } = yield* twoNamespaces
        const log = yield* DeliveryLog
        const subscription = Records.plainSubscription(namespace, "sub")
        const at = (position: number) => [
          {
            subscription: subscription.name,
            position: Sequence.make(position),
            acknowledged: expect.any(String),
            startedAfter: 7,
          },
        ]
        yield* registry.createSubscription(subscription, Sequence.make(7))
        expect(yield* log.progress(namespace)).toEqual(at(7))
        yield* registry.updateSubscription({ ...subscription, status: "paused" })
        expect(yield* log.progress(namespace)).toEqual(at(7))
        yield* registry.createSubscription(subscription, Sequence.make(9))
        expect(yield* log.progress(namespace)).toEqual(at(7))
        expect(yield* registry.getSubscription(namespace, subscription.name)).toEqual(
          Option.some(subscription),
        )
      }),
  )

  it.effect("a deleted subscription leaves no position and no deferral, but its dead letters", () =>
    Effect.gen(function* () {
      const { registry, namespace } = yield* twoNamespaces
      const log = yield* DeliveryLog
      const subscription = Records.plainSubscription(namespace, "sub")
      const { name } = subscription
      yield* registry.createSubscription(subscription, origin)
      const change = {
        namespace,
        subscription: name,
        position: Sequence.make(3),
        acknowledged: "3",
        deferred: [Records.plainDeferral(2)],
        settled: [],
        dead: [Records.plainDeadLetter("d1")],
        redelivered: [],
        attempts: [],
      }
      yield* log.commit([change])
      yield* registry.deleteSubscription(namespace, name)
      const letters = [{ ...Records.plainDeadLetter("d1"), namespace, subscription: name }]
      expect(yield* log.progress(namespace)).toEqual([])
      expect(yield* log.deferrals(namespace, name, origin, 10)).toEqual([])
      expect(yield* log.deadLetters({ namespace, limit: 10 })).toEqual(letters)

      yield* registry.createSubscription(subscription, Sequence.make(5))
      expect(yield* log.progress(namespace)).toMatchObject([{ subscription: name, position: 5 }])
      expect(yield* log.deferrals(namespace, name, origin, 10)).toEqual([])
      expect(yield* log.deadLetters({ namespace, limit: 10 })).toEqual(letters)
    }),
  )
}
