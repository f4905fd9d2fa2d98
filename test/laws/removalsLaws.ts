// Laws of removals: begun once, recorded, resumed; purges are bounded and whole and touch no other
// namespace; a released name starts empty.

import { expect } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as fc from "fast-check"
import {
  DeliveryLog,
  Journal,
  type PurgeKind,
  Registry,
  Removals,
  Replays,
} from "../../src/actors/index.js"
import {
  beginRemoval,
  type NamespaceName,
  origin,
  recordStep,
  RemovalId,
  type RemovalStep,
  removalSteps,
} from "../../src/domain/index.js"
import { awkwardText } from "./LawEvents.js"
import * as Records from "./LawRecords.js"
import {
  type Contents,
  fill,
  firstAgain,
  lateChange,
  lateReplayChange,
  snapshot,
} from "./LawSnapshot.js"
import {
  freshNamespace,
  freshNamespaces,
  type LawIt,
  type LawRuns,
  lawSuite,
  type StoreHarness,
} from "./StoreHarness.js"

export const removalsLaws = (name: string, harness: StoreHarness): void =>
  lawSuite(`${name}: removals`, harness, (it, runs) => {
    reportLaws(it, runs)
    purgeLaws(it, runs)
  })

const pendingOf = (namespaces: ReadonlyArray<NamespaceName>) =>
  Effect.gen(function* () {
    const removals = yield* Removals
    const pending = yield* removals.pending
    return pending.map(({ namespace }) => namespace).filter((name) => namespaces.includes(name))
  })

const reportLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect("the removal of an unknown namespace does not begin", () =>
    Effect.gen(function* () {
      const removals = yield* Removals
      const namespace = yield* freshNamespace
      expect(yield* removals.begin(beginRemoval(namespace, 1, RemovalId.make("r1")))).toEqual(
        Option.none(),
      )
      yield* removals.record(beginRemoval(namespace, 1, RemovalId.make("r1")))
      expect(yield* removals.get(namespace)).toEqual(Option.none())
      expect(yield* pendingOf([namespace])).toEqual([])
    }),
  )

  it.effect("a removal begins once, marks the namespace and is pending until its release", () =>
    Effect.gen(function* () {
      const removals = yield* Removals
      const registry = yield* Registry
      const { name } = yield* freshNamespaces
      const [namespace, other, idle] = [name("a"), name("a-b"), name("c")]
      for (const each of [namespace, other, idle])
        yield* registry.putNamespace(Records.plainNamespace(each))
      const first = beginRemoval(namespace, 5, RemovalId.make("r5"))
      expect(yield* removals.begin(first)).toEqual(Option.some(first))
      expect(yield* removals.begin(beginRemoval(namespace, 9, RemovalId.make("r9")))).toEqual(
        Option.some(first),
      )
      yield* removals.begin(beginRemoval(other, 6, RemovalId.make("r6")))
      expect(yield* removals.get(namespace)).toEqual(Option.some(first))
      expect(yield* removals.get(idle)).toEqual(Option.none())
      const statuses = yield* Effect.forEach([namespace, other, idle], (each) =>
        Effect.map(
          registry.getNamespace(each),
          Option.map(({ status }) => status),
        ),
      )
      expect(statuses.map(Option.getOrUndefined)).toEqual(["removing", "removing", "enabled"])
      expect(new Set(yield* pendingOf([namespace, other, idle]))).toEqual(
        new Set([namespace, other]),
      )

      expect(yield* removals.record(first)).toBe(true)
      yield* removals.release(first)
      yield* removals.release(first)
      expect(yield* pendingOf([namespace, other, idle])).toEqual([other])
      expect(yield* removals.get(namespace)).toEqual(Option.none())
      expect(yield* removals.record(first)).toBe(false)
      expect(yield* removals.get(namespace)).toEqual(Option.none())
    }),
  )

  it.effect("a removal that has ended does nothing to who has the name after it", () =>
    Effect.gen(function* () {
      const removals = yield* Removals
      const registry = yield* Registry
      const namespace = yield* freshNamespace
      const ended = beginRemoval(namespace, 1, RemovalId.make("r1"))
      yield* registry.putNamespace(Records.plainNamespace(namespace))
      yield* removals.begin(ended)
      yield* removals.release(ended)

      const again = { ...Records.plainNamespace(namespace), incarnation: "second" }
      yield* registry.putNamespace(again)
      yield* removals.release(ended)
      expect(yield* registry.getNamespace(namespace)).toEqual(Option.some(again))

      const present = beginRemoval(namespace, 1, RemovalId.make("r2"))
      expect(yield* removals.begin(present)).toEqual(Option.some(present))
      expect(yield* removals.record(ended)).toBe(false)
      yield* removals.release(ended)
      expect(yield* removals.get(namespace)).toEqual(Option.some(present))
      yield* removals.release(present)
      expect(yield* registry.getNamespace(namespace)).toEqual(Option.none())
    }),
  )

  it.effect.prop(
    "the last report recorded comes back whole",
    {
      steps: fc.array(
        fc.record(
          {
            step: fc.constantFrom<RemovalStep>(...removalSteps),
            outcome: fc.constantFrom("done" as const, "failing" as const),
            rows: fc.nat(),
            durationMs: fc.nat(),
            retried: fc.nat(100),
            reason: awkwardText.map((text) => text.replaceAll(/[\0\p{Cs}]/gu, "")),
          },
          { requiredKeys: ["step", "outcome", "rows", "durationMs", "retried"] },
        ),
        { maxLength: 6 },
      ),
      inFlight: fc.record({ completed: fc.nat(), abandoned: fc.nat() }),
    },
    ({ steps, inFlight }) =>
      Effect.gen(function* () {
        const removals = yield* Removals
        const registry = yield* Registry
        const namespace = yield* freshNamespace
        yield* registry.putNamespace(Records.plainNamespace(namespace))
        let report = { ...beginRemoval(namespace, 1, RemovalId.make("r1")), inFlight }
        yield* removals.begin(report)
        for (const step of steps) {
          report = { ...report, ...recordStep(report, step) }
          yield* removals.record(report)
        }
        expect(yield* removals.get(namespace)).toEqual(Option.some(report))
        const pending = yield* removals.pending
        expect(pending.filter((one) => one.namespace === namespace)).toEqual([report])
      }),
    runs,
  )
}

const contents: fc.Arbitrary<Contents> = fc.record({
  events: fc.nat(9),
  sinks: fc.nat(4),
  subscriptions: fc.nat(4),
  deferrals: fc.nat(4),
  deadLetters: fc.nat(4),
  attempts: fc.nat(4),
  eventTypes: fc.nat(4),
  keys: fc.nat(4),
  signingKeys: fc.nat(3),
  audit: fc.nat(4),
})

const kinds: ReadonlyArray<PurgeKind> = [
  "deliveries",
  "events",
  "subscriptions",
  "sinks",
  "event-types",
  "keys",
  "audit",
]

/** Purges a kind in batches until none is left; answers how many rows went. */
const purgeAll = (namespace: NamespaceName, kind: PurgeKind, limit: number) =>
  Effect.gen(function* () {
    const removals = yield* Removals
    let rows = 0
    let batch = yield* removals.purge(namespace, kind, limit)
    for (; batch > 0; batch = yield* removals.purge(namespace, kind, limit)) {
      expect(batch).toBeLessThanOrEqual(limit)
      rows += batch
    }
    return rows
  })

const purgeLaws = (it: LawIt, runs: LawRuns): void => {
  it.effect.prop(
    "purges in bounded batches take every row of the namespace and none of another",
    { contents, limit: fc.integer({ min: 1, max: 7 }) },
    ({ contents, limit }) =>
      Effect.gen(function* () {
        const removals = yield* Removals
        const log = yield* DeliveryLog
        const replays = yield* Replays
        const { name } = yield* freshNamespaces
        const [namespace, other] = [name("a"), name("a-b")]
        yield* fill(namespace, contents)
        yield* fill(other, {
          events: 2,
          sinks: 1,
          subscriptions: 1,
          deferrals: 1,
          deadLetters: 1,
          attempts: 1,
          eventTypes: 1,
          keys: 1,
          signingKeys: 1,
          audit: 1,
        })
        const before = yield* snapshot(other)
        yield* removals.begin(beginRemoval(namespace, 1, RemovalId.make("r1")))

        const { events, sinks, subscriptions, deferrals, deadLetters, attempts, audit } = contents
        const deliveries = subscriptions * (2 + 2 * deferrals + deadLetters + attempts)
        expect(yield* purgeAll(namespace, "deliveries", limit)).toBe(deliveries)
        yield* log.commit([lateChange(namespace)])
        yield* replays.commit([lateReplayChange(namespace)])
        expect(yield* purgeAll(namespace, "events", limit)).toBe(events)
        expect(yield* purgeAll(namespace, "subscriptions", limit)).toBe(subscriptions)
        expect(yield* purgeAll(namespace, "sinks", limit)).toBe(sinks)
        expect(yield* purgeAll(namespace, "event-types", limit)).toBe(contents.eventTypes)
        expect(yield* purgeAll(namespace, "keys", limit)).toBe(contents.keys + contents.signingKeys)
        expect(yield* purgeAll(namespace, "audit", limit)).toBe(audit)
        expect(yield* snapshot(namespace)).toMatchObject({
          namespace: { status: "removing" },
          sinks: [],
          subscriptions: [],
          events: [],
          progress: [],
          replays: [],
          deadLetters: [],
          attempts: [],
          eventTypes: [],
          keys: [],
          signingKeys: [],
          audit: [],
          slowest: undefined,
        })
        yield* removals.release({ namespace, id: RemovalId.make("r1") })
        expect(yield* snapshot(other)).toEqual(before)
      }),
    runs,
  )

  it.effect.prop(
    "after its release a namespace of the same name starts empty",
    { contents, limit: fc.integer({ min: 1, max: 100 }) },
    ({ contents, limit }) =>
      Effect.gen(function* () {
        const removals = yield* Removals
        const journal = yield* Journal
        const log = yield* DeliveryLog
        const replays = yield* Replays
        const namespace = yield* freshNamespace
        const { subscriptions } = contents
        yield* fill(namespace, contents)
        yield* removals.begin(beginRemoval(namespace, 1, RemovalId.make("r1")))
        for (const kind of kinds) yield* purgeAll(namespace, kind, limit)
        yield* removals.release({ namespace, id: RemovalId.make("r1") })
        yield* log.commit([lateChange(namespace)])
        yield* replays.commit([lateReplayChange(namespace)])
        const nothing = {
          events: 0,
          sinks: 0,
          subscriptions: 0,
          deferrals: 0,
          deadLetters: 0,
          attempts: 0,
          eventTypes: 0,
          keys: 0,
          signingKeys: 0,
          audit: 0,
        }
        yield* fill(namespace, nothing)
        expect(yield* snapshot(namespace)).toEqual({
          namespace: Records.plainNamespace(namespace),
          sinks: [],
          subscriptions: [],
          bounds: { head: 0, oldest: 1, bytes: 0 },
          events: [],
          progress: [],
          deferrals: [],
          replays: [],
          replayDeferrals: [],
          deadLetters: [],
          attempts: [],
          eventTypes: [],
          keys: [],
          signingKeys: [],
          audit: [],
          slowest: undefined,
          removal: undefined,
        })
        expect(yield* journal.append([firstAgain(namespace)], 1)).toEqual([
          { sequence: 1, duplicate: false },
        ])
        yield* fill(namespace, { ...nothing, subscriptions })
        const progress = yield* log.progress(namespace)
        expect(progress.map(({ position }) => position)).toEqual(progress.map(() => origin))
        expect(progress.length).toBe(subscriptions)
      }),
    runs,
  )

  it.effect("a purge of an unknown namespace takes nothing", () =>
    Effect.gen(function* () {
      const removals = yield* Removals
      const namespace = yield* freshNamespace
      for (const kind of kinds) expect(yield* removals.purge(namespace, kind, 10)).toBe(0)
      yield* removals.release({ namespace, id: RemovalId.make("r1") })
    }),
  )
}
