// Delivers for a feed until nothing is left that may start. One fiber makes many deliveries; when a
// transport answers at once, it does not even suspend.

import { Cause, Effect, Exit } from "effect"
import { type NamespaceName, Outcome } from "../../domain/index.js"
import type { Connection, Delivery } from "../ports/index.js"
import { tracedAttempt } from "../telemetry/Tracing.js"
import type { Item } from "./Item.js"
import type { SubscriptionFeed } from "./SubscriptionFeed.js"

export interface WorkerOptions {
  readonly namespace: NamespaceName
  /** The first part of delivery ids: of this namespace and no earlier one of its name. */
  readonly incarnation: string
  readonly batchEvents: number
  readonly batchBytes: number
  readonly connection: () => Connection | undefined
}

export const workFor = (feed: SubscriptionFeed, options: WorkerOptions): Effect.Effect<void> =>
  Effect.suspend(() => {
    let current: ReadonlyArray<Item> = []

    const deliveryOf = (item: Item): Delivery => ({
      namespace: options.namespace,
      subscription: feed.name,
      id: deliveryId(options.incarnation, feed.name, item),
      attempt: item.attempts + 1,
      event: item.event,
    })

    const deliverOne = (connection: Connection, item: Item): Effect.Effect<Outcome> => {
      const delivery = deliveryOf(item)
      return tracedAttempt(delivery, connection.deliver(delivery))
    }

    const next: Effect.Effect<void> = Effect.suspend(() => {
      for (;;) {
        const item = feed.take()
        if (item === undefined) return Effect.void
        current = [item]
        const connection = options.connection()
        if (connection === undefined) return Effect.dieMessage("the sink was closed")
        if (connection.deliverBatch !== undefined) {
          const items = [
            item,
            ...feed.takeMore(options.batchEvents - 1, options.batchBytes - item.event.json.length),
          ]
          current = items
          return Effect.flatMap(connection.deliverBatch(items.map(deliveryOf)), (outcomes) => {
            current = []
            feed.settleAll(items, outcomes)
            return next
          })
        }
        const attempt = deliverOne(connection, item)
        if (!isAnswered(attempt)) {
          return Effect.flatMap(attempt, (outcome) => {
            current = []
            feed.settle(item, outcome)
            return outcome._tag === "Delivered"
              ? next
              : Effect.zipRight(logFailure(item, outcome), next)
          })
        }
        current = []
        feed.settle(item, attempt.value)
      }
    })

    // A defect of a transport is held against the event it was delivering, not against its neighbours.
    // So is an interruption from within, as when the sink was closed under the attempt: one from
    // without, which cuts the worker off, does not come here.
    const guarded: Effect.Effect<void> = Effect.catchAllCause(next, (cause) => {
      if (current.length === 0) return Effect.failCause(cause)
      const items = current
      current = []
      const outcome = Outcome.retry(`the transport failed: ${String(Cause.squash(cause))}`)
      feed.settleAll(
        items,
        items.map(() => outcome),
      )
      return Effect.zipRight(Effect.logError("A transport failed", cause), guarded)
    })
    const cutOff = Effect.sync(() => {
      if (current.length > 0) feed.abandon(current)
    })
    return Effect.ensuring(guarded, cutOff)
  })

/** One line for each attempt that failed; what it led to is logged where it is decided. */
const logFailure = (item: Item, outcome: Exclude<Outcome, { readonly _tag: "Delivered" }>) =>
  Effect.logDebug("An attempt at a delivery failed").pipe(
    Effect.annotateLogs({
      event: item.event.event.id,
      sequence: item.event.sequence,
      attempt: item.attempts + 1,
      outcome: outcome._tag,
      reason: outcome.reason,
    }),
  )

/** The transport answered at once: there is nothing to run. */
const isAnswered = (attempt: Effect.Effect<Outcome>): attempt is Exit.Success<Outcome, never> =>
  Exit.isExit(attempt) && Exit.isSuccess(attempt)

/** Unique to the delivery and the same for each of its attempts, also after a restart. */
const deliveryId = (incarnation: string, subscription: string, item: Item): string =>
  item.kind === "ephemeral"
    ? `msg_${incarnation}_${subscription}_e_${item.event.event.id}`
    : `msg_${incarnation}_${subscription}_${item.event.sequence}`
