// Subscriptions and what is committed of them, in short.

import { Effect } from "effect"
import { DeliveryLog, type ProgressChange, Registry } from "../../src/actors/index.js"
import { type NamespaceName, origin, Sequence, SubscriptionName } from "../../src/domain/index.js"
import * as Records from "./LawRecords.js"
import { freshNamespace } from "./StoreHarness.js"

/** A namespace with active subscriptions of these names, at the origin. */
export const withSubscriptions = (...names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const registry = yield* Registry
    const log = yield* DeliveryLog
    const namespace = yield* freshNamespace
    yield* registry.putNamespace(Records.plainNamespace(namespace))
    for (const name of names)
      yield* registry.createSubscription(Records.plainSubscription(namespace, name), origin)
    return { registry, log, namespace }
  })

export const change = (
  namespace: NamespaceName,
  subscription: string,
  position: number,
  more: Partial<ProgressChange> = {},
): ProgressChange => ({
  namespace,
  subscription: SubscriptionName.make(subscription),
  position: Sequence.make(position),
  acknowledged: String(position),
  deferred: [],
  settled: [],
  dead: [],
  redelivered: [],
  attempts: [],
  ...more,
})
