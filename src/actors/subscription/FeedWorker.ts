// Delivers for a feed until nothing is left that may start. One fiber makes many deliveries; when a
// transport answers at once, or can be started without a fiber, it does not even resume for each.

import { Cause, Effect, Exit } from "effect"
import { type JournaledEvent, type NamespaceName, Outcome } from "../../domain/index.js"
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
    let hasEnded = false
    /** The next item; without one the worker has ended. */
    const take = (): Item | undefined => {
      const item = feed.take()
      hasEnded = item === undefined
      return item
    }

    const deliveryOf = (item: Item): Delivery => ({
      namespace: options.namespace,
      subscription: feed.name,
      id: deliveryId(options.incarnation, feed.name, item),
      attempt: item.attempts + 1,
      event: item.event,
    })

    const next: Effect.Effect<void> = Effect.suspend(() => {
      const item = take()
      return item === undefined ? Effect.void : begin(item)
    })

    /** Delivers an item that was taken, then whatever comes next. */
    const begin = (taken: Item): Effect.Effect<void> => {
      for (let item: Item | undefined = taken; item !== undefined; item = take()) {
        current = [item]
        const connection = options.connection()
        if (connection === undefined) return Effect.dieMessage("the sink was closed")
        if (connection.deliverBatch !== undefined) {
          return inBatch(item, connection.deliverBatch)
        }
        const traced = isTraced(item.event)
        if (connection.start !== undefined && !traced) return withoutFiber(item, connection)
        const delivery = deliveryOf(item)
        const attempt = connection.deliver(delivery)
        if (traced || !isAnswered(attempt)) {
          return oneByOne(item, traced ? tracedAttempt(delivery, attempt) : attempt)
        }
        current = []
        feed.settle(item, attempt.value)
      }
      return Effect.void
    }

    const oneByOne = (item: Item, attempt: Effect.Effect<Outcome>): Effect.Effect<void> =>
      Effect.flatMap(attempt, (outcome) => {
        current = []
        feed.settle(item, outcome)
        return outcome._tag === "Delivered"
          ? next
          : Effect.zipRight(logFailure(item, outcome), next)
      })

    const inBatch = (
      first: Item,
      deliverBatch: NonNullable<Connection["deliverBatch"]>,
    ): Effect.Effect<void> => {
      const bytes = options.batchBytes - first.event.bytes
      const items = [first, ...feed.takeMore(options.batchEvents - 1, bytes)]
      current = items
      return Effect.flatMap(deliverBatch(items.map(deliveryOf)), (outcomes) => {
        current = []
        feed.settleAll(items, outcomes)
        return next
      })
    }

    /**
     * Delivers item after item from the transport's own callbacks: the fiber waits for the end of the
     * run, not of each delivery. Whatever is out of the ordinary goes back to the fiber.
     */
    const withoutFiber = (first: Item, { start }: Connection): Effect.Effect<void> =>
      Effect.async<void>((resume) => {
        let letGo: (() => void) | undefined
        const deliver = (item: Item): void => {
          let isStarted = false
          let following: Item | undefined = item
          while (following !== undefined) {
            const present: Item = following
            following = undefined
            isStarted = false
            current = [present]
            letGo = start?.(deliveryOf(present), (outcome) => {
              try {
                const after = settled(present, outcome)
                if (isStarted && after !== undefined) deliver(after)
                else following = after
              } catch (defect) {
                resume(Effect.die(defect))
              }
            })
            isStarted = true
          }
        }
        /** The item to deliver next, if the run goes on. */
        const settled = (item: Item, outcome: Outcome): Item | undefined => {
          current = []
          feed.settle(item, outcome)
          if (outcome._tag !== "Delivered") {
            resume(Effect.zipRight(logFailure(item, outcome), next))
            return undefined
          }
          const after = take()
          if (after === undefined) {
            resume(Effect.void)
            return undefined
          }
          if (options.connection()?.start === start && !isTraced(after.event)) return after
          current = [after]
          resume(Effect.suspend(() => begin(after)))
          return undefined
        }
        deliver(first)
        return Effect.sync(() => letGo?.())
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
      else if (!hasEnded) feed.endWork()
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

const isTraced = (event: JournaledEvent): boolean => event.traceparent !== undefined

/** The transport answered at once: there is nothing to run. */
const isAnswered = (attempt: Effect.Effect<Outcome>): attempt is Exit.Success<Outcome, never> =>
  Exit.isExit(attempt) && Exit.isSuccess(attempt)

/** Unique to the delivery and the same for each of its attempts, also after a restart. */
const deliveryId = (incarnation: string, subscription: string, item: Item): string =>
  item.kind === "ephemeral"
    ? `msg_${incarnation}_${subscription}_e_${item.event.event.id}`
    : `msg_${incarnation}_${subscription}_${item.event.sequence}`
