// Delivers for a feed until nothing is left that may start. One fiber makes many deliveries; when a
// transport answers at once, or can be started without a fiber, it does not even resume for each.

import { Cause, Effect, Either, Exit } from "effect"
import {
  type CompiledTransform,
  type JournaledEvent,
  type NamespaceName,
  Outcome,
} from "../../domain/index.js"
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
  /** What is delivered in place of each event; absent means the event as it is. */
  readonly transform?: CompiledTransform | undefined
}

/** An item of the feed, and the delivery of it that is to be tried. */
interface Work {
  readonly item: Item
  readonly delivery: Delivery
}

export const workFor = (feed: SubscriptionFeed, options: WorkerOptions): Effect.Effect<void> =>
  Effect.suspend(() => {
    let current: ReadonlyArray<Item> = []
    let hasEnded = false
    /** The next work; without any the worker has ended. */
    const take = (): Work | undefined => {
      for (;;) {
        const item = feed.take()
        hasEnded = item === undefined
        if (item === undefined) return undefined
        const work = workOn(item)
        if (work !== undefined) return work
        feed.leave(item)
      }
    }

    /** The work on an item; an item that cannot be delivered is refused. */
    const workOn = (item: Item): Work | undefined => {
      let { event } = item
      if (options.transform !== undefined) {
        const made = options.transform(event)
        if (Either.isLeft(made)) {
          feed.refuse(item, { _tag: "TransformFailed", reason: made.left })
          return undefined
        }
        event = feed.marked(made.right, item)
      }
      const delivery: Delivery = {
        namespace: options.namespace,
        subscription: feed.name,
        id: deliveryId(options.incarnation, feed.keyOf(item), item),
        attempt: item.attempts + 1,
        event,
      }
      return { item, delivery }
    }

    const next: Effect.Effect<void> = Effect.suspend(() => {
      const work = take()
      return work === undefined ? Effect.void : begin(work)
    })

    /** Does the work that was taken, then whatever comes next. */
    const begin = (taken: Work): Effect.Effect<void> => {
      for (let work: Work | undefined = taken; work !== undefined; work = take()) {
        const { item, delivery } = work
        current = [item]
        const connection = options.connection()
        if (connection === undefined) return Effect.dieMessage("the sink was closed")
        if (connection.deliverBatch !== undefined) {
          return inBatch(work, connection.deliverBatch)
        }
        const traced = isTraced(item.event)
        if (connection.start !== undefined && !traced) return withoutFiber(work, connection)
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
      first: Work,
      deliverBatch: NonNullable<Connection["deliverBatch"]>,
    ): Effect.Effect<void> => {
      const bytes = options.batchBytes - first.delivery.event.bytes
      const more = feed.takeMore(options.batchEvents - 1, bytes)
      const works = [first, ...more.map(workOn).filter((work) => work !== undefined)]
      const items = works.map(({ item }) => item)
      current = items
      return Effect.flatMap(deliverBatch(works.map(({ delivery }) => delivery)), (outcomes) => {
        current = []
        feed.settleAll(items, outcomes)
        return next
      })
    }

    /**
     * Delivers item after item from the transport's own callbacks: the fiber waits for the end of the
     * run, not of each delivery. Whatever is out of the ordinary goes back to the fiber.
     */
    const withoutFiber = (first: Work, { start }: Connection): Effect.Effect<void> =>
      Effect.async<void>((resume) => {
        let letGo: (() => void) | undefined
        const deliver = (work: Work): void => {
          let isStarted = false
          let following: Work | undefined = work
          while (following !== undefined) {
            const { item, delivery }: Work = following
            following = undefined
            isStarted = false
            current = [item]
            letGo = start?.(delivery, (outcome) => {
              try {
                const after = settled(item, outcome)
                if (isStarted && after !== undefined) deliver(after)
                else following = after
              } catch (defect) {
                resume(Effect.die(defect))
              }
            })
            isStarted = true
          }
        }
        /** The work to do next, if the run goes on. */
        const settled = (item: Item, outcome: Outcome): Work | undefined => {
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
          if (options.connection()?.start === start && !isTraced(after.item.event)) return after
          current = [after.item]
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
const deliveryId = (incarnation: string, feed: string, item: Item): string =>
  item.kind === "ephemeral"
    ? `msg_${incarnation}_${feed}_e_${item.event.event.id}`
    : `msg_${incarnation}_${feed}_${item.event.sequence}`
