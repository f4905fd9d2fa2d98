// Everything a store says of a namespace, to compare before and after.

import { Effect, Option } from "effect"
import {
  AuditLog,
  DeliveryLog,
  EventTypes,
  Journal,
  Keys,
  Registry,
  Removals,
  type ReplayChange,
  Replays,
  SigningKeys,
} from "../../src/actors/index.js"
import {
  type NamespaceName,
  namespaceCatalogue,
  origin,
  Sequence,
  SubscriptionName,
} from "../../src/domain/index.js"
import { cloudEvent, entry, numberedFrom, seen } from "./LawEvents.js"
import { freshKeyId } from "./LawKeys.js"
import { change } from "./LawProgress.js"
import * as Records from "./LawRecords.js"

const all = { limit: 10_000 }

export const snapshot = (namespace: NamespaceName) =>
  Effect.gen(function* () {
    const registry = yield* Registry
    const journal = yield* Journal
    const log = yield* DeliveryLog
    const removals = yield* Removals
    const keys = yield* Keys
    const eventTypes = yield* EventTypes
    const signingKeys = yield* SigningKeys
    const audit = yield* AuditLog
    const replays = yield* Replays
    const running = yield* replays.running(namespace)
    const progress = yield* log.progress(namespace)
    const deferrals = yield* Effect.forEach(progress, ({ subscription }) =>
      Effect.map(log.deferrals(namespace, subscription, origin, 10_000), (rows) => ({
        subscription,
        rows,
      })),
    )
    const known = progress.map(({ subscription }) => subscription)
    const names = [...new Set([...known, SubscriptionName.make("sub1")])]
    const page = { namespace, after: origin, maxBytes: 1e9, ...all }
    return {
      namespace: Option.getOrUndefined(yield* registry.getNamespace(namespace)),
      sinks: yield* registry.listSinks(namespace),
      subscriptions: yield* registry.listSubscriptions(namespace),
      bounds: yield* journal.bounds(namespace),
      events: (yield* journal.read(page)).map(seen),
      progress: [...progress].sort((a, b) => (a.subscription < b.subscription ? -1 : 1)),
      deferrals: [...deferrals].sort((a, b) => (a.subscription < b.subscription ? -1 : 1)),
      replays: running,
      replayDeferrals: yield* Effect.forEach(running, (replay) =>
        replays.deferrals(replay, origin, 10_000),
      ),
      deadLetters: yield* log.deadLetters({ namespace, ...all }),
      attempts: (yield* log.recordsOf(namespace, Sequence.make(2), names)).attempts,
      slowest: yield* log.slowestPosition(namespace),
      eventTypes: yield* eventTypes.list(namespaceCatalogue(namespace), all),
      keys: yield* keys.list(namespace, all),
      signingKeys: yield* signingKeys.list(namespace),
      audit: yield* audit.list(namespace, all),
      removal: Option.getOrUndefined(yield* removals.get(namespace)),
    }
  })

/**
 * How many rows of each kind a namespace gets. Dead letters and deferrals are of each subscription,
 * which also has a replay with as many deferrals.
 */
export interface Contents {
  readonly events: number
  readonly sinks: number
  readonly subscriptions: number
  readonly deferrals: number
  readonly deadLetters: number
  readonly attempts: number
  readonly eventTypes: number
  readonly keys: number
  readonly signingKeys: number
  readonly audit: number
}

/** A registered namespace with these contents. */
export const fill = (namespace: NamespaceName, contents: Contents) =>
  Effect.gen(function* () {
    const registry = yield* Registry
    const journal = yield* Journal
    const log = yield* DeliveryLog
    const replays = yield* Replays
    yield* registry.putNamespace(Records.plainNamespace(namespace))
    yield* journal.append(numberedFrom(namespace, 1, contents.events), 1)
    for (let index = 1; index <= contents.sinks; index++)
      yield* registry.putSink(Records.plainSink(namespace, `sink${index}`))
    for (let index = 1; index <= contents.subscriptions; index++) {
      const name = `sub${index}`
      yield* registry.createSubscription(Records.plainSubscription(namespace, name), origin)
      const numbers = (count: number) => Array.from({ length: count }, (_, offset) => offset + 1)
      yield* log.commit([
        change(namespace, name, contents.deferrals, {
          deferred: numbers(contents.deferrals).map((at) => Records.plainDeferral(at)),
          dead: numbers(contents.deadLetters).map((at) => Records.plainDeadLetter(`${name}-${at}`)),
          attempts: numbers(contents.attempts).map((at) => Records.plainAttempt(at)),
        }),
      ])
      const replay = Records.plainReplay(namespace, name, "rp_1")
      yield* replays.create(replay, 1)
      yield* replays.commit([
        {
          ...lateReplayChange(namespace, name),
          deferred: numbers(contents.deferrals).map((at) => Records.plainDeferral(at)),
          dead: [],
          attempts: [],
        },
      ])
    }
    const eventTypes = yield* EventTypes
    for (let index = 1; index <= contents.eventTypes; index++)
      yield* eventTypes.put(namespaceCatalogue(namespace), Records.plainEventType(`t${index}`))
    const keys = yield* Keys
    for (let index = 1; index <= contents.keys; index++)
      yield* keys.add(Records.plainKey(namespace, yield* freshKeyId))
    const signing = yield* SigningKeys
    for (let index = 1; index <= contents.signingKeys; index++)
      yield* signing.add(Records.plainSigningKey(namespace, `k${index}`), 1_000)
    const audit = yield* AuditLog
    for (let index = 1; index <= contents.audit; index++)
      yield* audit.record(namespace, Records.plainEntry(`e${index}`, index))
  })

/** A late write of a subscription that was filled in: what a removal must not let back. */
export const lateChange = (namespace: NamespaceName) =>
  change(namespace, "sub1", 3, {
    deferred: [Records.plainDeferral(2)],
    dead: [Records.plainDeadLetter("late")],
    attempts: [Records.plainAttempt(2)],
  })

/** A late write of a replay that was filled in. */
export const lateReplayChange = (
  namespace: NamespaceName,
  subscription = "sub1",
): ReplayChange => ({
  ...Records.replayKey(namespace, subscription, "rp_1"),
  position: Sequence.make(1),
  acknowledged: "1",
  counts: { delivered: 1, failed: 0, dead: 0, skipped: 0 },
  deferred: [Records.plainDeferral(2)],
  settled: [],
  dead: [Records.plainDeadLetter("late")],
  attempts: [Records.plainAttempt(2)],
})

/** The first event that `fill` appends, published again. */
export const firstAgain = (namespace: NamespaceName) =>
  entry(namespace, cloudEvent({ id: "n1", source: "/law", type: "law.again" }))
