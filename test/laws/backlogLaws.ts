// Laws of what is still to be done: the slowest position of a namespace, and who has a backlog.

import { expect } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { DeliveryLog, Journal, Registry, Removals, Replays } from "../../src/actors/index.js"
import { beginRemoval, RemovalId, Sequence } from "../../src/domain/index.js"
import { change } from "./LawProgress.js"
import { numberedFrom } from "./LawEvents.js"
import * as Records from "./LawRecords.js"
import { freshNamespace, freshNamespaces, type LawIt, type LawRuns } from "./StoreHarness.js"

const events = 5

/** A subscription somewhere in a journal of five events, with deferrals or without. */
const subscription = fc.record({
  status: fc.constantFrom("active" as const, "paused" as const, "disabled" as const),
  position: fc.nat(events),
  deferred: fc.uniqueArray(fc.integer({ min: 1, max: events }), { maxLength: 2 }),
  replay: fc.option(fc.constantFrom("running" as const, "completed" as const)),
})

const namespaceState = fc.record({
  status: fc.constantFrom("enabled" as const, "disabled" as const, "removing" as const),
  hasEvents: fc.boolean(),
  subscriptions: fc.array(subscription, { maxLength: 3 }),
})

export const backlogLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "the slowest position is before all that any subscription still needs",
    { subscriptions: fc.array(subscription, { maxLength: 4 }) },
    ({ subscriptions }) =>
      Effect.gen(function* () {
        const registry = yield* Registry
        const log = yield* DeliveryLog
        const namespace = yield* freshNamespace
        for (const [index, { status, position, deferred }] of subscriptions.entries()) {
          const name = `s${index}`
          const record = Records.plainSubscription(namespace, name, status)
          yield* registry.createSubscription(record, Sequence.make(position))
          const rows = deferred.map((sequence) => Records.plainDeferral(sequence))
          yield* log.commit([change(namespace, name, position, { deferred: rows })])
        }
        const needs = subscriptions.flatMap(({ position, deferred }) => [
          position,
          ...deferred.map((sequence) => sequence - 1),
        ])
        expect(yield* log.slowestPosition(namespace)).toBe(
          needs.length === 0 ? undefined : Math.min(...needs),
        )
      }),
    runs,
  )

  it.effect.prop(
    "the backlog names, in order, the enabled namespaces where an active subscription has work",
    {
      namespaces: Records.named(Records.namespaceSuffix, namespaceState),
      limit: fc.integer({ min: 1, max: 4 }),
    },
    ({ namespaces, limit }) =>
      Effect.gen(function* () {
        const registry = yield* Registry
        const journal = yield* Journal
        const log = yield* DeliveryLog
        const removals = yield* Removals
        const replays = yield* Replays
        const { before, name } = yield* freshNamespaces
        for (const [suffix, { status, hasEvents, subscriptions }] of namespaces) {
          const namespace = name(suffix)
          yield* registry.putNamespace({
            ...Records.plainNamespace(namespace),
            status: status === "removing" ? "enabled" : status,
          })
          if (hasEvents) yield* journal.append(numberedFrom(namespace, 1, events), 1)
          for (const [index, one] of subscriptions.entries()) {
            const { status, position, deferred, replay } = one
            const record = Records.plainSubscription(namespace, `s${index}`, status)
            yield* registry.createSubscription(record, Sequence.make(position))
            const played = Records.plainReplay(namespace, `s${index}`, "rp_1")
            if (replay !== null) yield* replays.create({ ...played, status: replay }, 1)
            const rows = deferred.map((sequence) => Records.plainDeferral(sequence))
            yield* log.commit([change(namespace, `s${index}`, position, { deferred: rows })])
          }
          if (status === "removing")
            yield* removals.begin(beginRemoval(namespace, 1, RemovalId.make("r1")))
        }
        const behind = Records.byName(
          namespaces
            .filter(
              ([, { status, hasEvents, subscriptions }]) =>
                status === "enabled" &&
                subscriptions.some(
                  (one) =>
                    one.status === "active" &&
                    (one.deferred.length > 0 ||
                      one.replay === "running" ||
                      (hasEvents && one.position < events)),
                ),
            )
            .map(([suffix]) => ({ name: name(suffix) })),
        ).map(({ name }) => name)
        expect(yield* log.backlog(before, 100)).toEqual(behind)
        const first = yield* log.backlog(before, limit)
        expect(first).toEqual(behind.slice(0, limit))
        expect(yield* log.backlog(first.at(-1) ?? before, 100)).toEqual(behind.slice(first.length))
      }),
    runs,
  )

  it.effect("the backlog starts at the first namespace when no name is given", () =>
    Effect.gen(function* () {
      const registry = yield* Registry
      const journal = yield* Journal
      const log = yield* DeliveryLog
      const namespace = yield* freshNamespace
      yield* registry.putNamespace(Records.plainNamespace(namespace))
      yield* registry.createSubscription(
        Records.plainSubscription(namespace, "s"),
        Sequence.make(0),
      )
      yield* journal.append(numberedFrom(namespace, 1, 1), 1)
      expect(yield* log.backlog(undefined, 1_000_000)).toContain(namespace)
      yield* log.commit([change(namespace, "s", 1)])
      expect(yield* log.backlog(undefined, 1_000_000)).not.toContain(namespace)
    }),
  )
}
