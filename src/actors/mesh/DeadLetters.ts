// Dead letters: listed, tried again, discarded.
//
// To try one again is the affair of its subscription's feed, which owns all that is set aside. The
// answer comes when the store has it: from then on the delivery waits like any other, whatever crashes.

import { Effect, Option } from "effect"
import {
  DeadLetterNotFound,
  DeliveryUnderWay,
  JournaledEvent,
  NamespaceDisabled,
  type NamespaceName,
  RedeliveryFull,
  SubscriptionInactive,
  type SubscriptionName,
  SubscriptionNotFound,
} from "../../domain/index.js"
import { type DeadLetter, type DeadLetterFilter, StoreUnavailable } from "../ports/index.js"
import type { SubscriptionSeat } from "../subscription/SubscriptionActor.js"
import type { SubscriptionFeed } from "../subscription/SubscriptionFeed.js"
import type { DeadLetterService } from "./service/DeadLetterService.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"

/** How long the feed may take to start, and the store to take a redelivery. */
const patience = "10 seconds"
/** Letters read at once to be tried again: each holds its event. */
const lettersPerTurn = 32
/** Characters of JSON in one answer, give or take what one read of the store holds. */
const answerBytes = 8 * 1024 * 1024
const firstRead = 16

export const makeDeadLetters = (world: MeshWorld, door: NamespaceDoor): DeadLetterService => {
  const { deliveryLog } = world

  const find = (namespace: NamespaceName, deadLetter: string) =>
    Effect.flatMap(
      deliveryLog.getDeadLetter(namespace, deadLetter),
      Option.match({
        onNone: () => Effect.fail(new DeadLetterNotFound({ namespace, deadLetter })),
        onSome: Effect.succeed,
      }),
    )

  const read = (
    namespace: NamespaceName,
    filter: DeadLetterFilter,
    after: string | undefined,
    limit: number,
  ) => deliveryLog.deadLetters({ ...filter, namespace, after, limit })

  /** The feed of a subscription that delivers, in a namespace that is awake from here on. */
  const feedOf = (namespace: NamespaceName, subscription: SubscriptionName) =>
    Effect.gen(function* () {
      const seat = yield* door.wake(namespace)
      if (seat.hub.status === "disabled") return yield* new NamespaceDisabled({ namespace })
      const place = seat.subscriptions.get(subscription)
      if (place === undefined) return yield* new SubscriptionNotFound({ namespace, subscription })
      return yield* startedFeed(place)
    })

  const redeliverTo = (
    feed: SubscriptionFeed,
    letter: DeadLetter,
  ): Effect.Effect<void, DeliveryUnderWay | RedeliveryFull | StoreUnavailable> =>
    Effect.async<void, DeliveryUnderWay | RedeliveryFull | StoreUnavailable>((resume) => {
      const { id, json, namespace, replay, sequence, subscription, acceptedAt } = letter
      const event = JournaledEvent.kept(sequence, json, acceptedAt)
      switch (feed.redeliver({ id, event, replay }, () => resume(Effect.void))) {
        case "Taken":
          return
        case "UnderWay":
          return resume(Effect.fail(new DeliveryUnderWay({ namespace, subscription, sequence })))
        case "Full": {
          const waiting = feed.deferredCount
          return resume(Effect.fail(new RedeliveryFull({ namespace, subscription, waiting })))
        }
        case "Stopped":
          return resume(Effect.fail(unavailable("the subscription is being stopped")))
      }
    }).pipe(
      Effect.timeoutFail({
        duration: patience,
        onTimeout: () => unavailable("it has not taken the redelivery in time"),
      }),
    )

  return {
    list: (namespace, { after, limit, ...filter }) =>
      Effect.gen(function* () {
        yield* door.check(namespace)
        const found: Array<DeadLetter> = []
        let bytes = 0
        for (;;) {
          const wanted = Math.min(limit - found.length, readSize(found.length, bytes))
          const page = yield* read(namespace, filter, found.at(-1)?.id ?? after, wanted)
          found.push(...page)
          for (const { json } of page) bytes += json.length
          if (page.length < wanted) return { deadLetters: found, next: undefined }
          if (found.length >= limit || bytes >= answerBytes) {
            return { deadLetters: found, next: found.at(-1)?.id }
          }
        }
      }),
    get: (namespace, id) => Effect.zipRight(door.check(namespace), find(namespace, id)),
    redeliver: (namespace, id) =>
      Effect.gen(function* () {
        yield* door.check(namespace)
        const letter = yield* find(namespace, id)
        const feed = yield* feedOf(namespace, letter.subscription)
        yield* redeliverTo(feed, letter)
        return letter
      }),
    redeliverAll: (namespace, { after, limit, ...filter }) =>
      Effect.gen(function* () {
        yield* door.check(namespace)
        const { subscription } = filter
        // Named, it must be able to deliver; of all, those are passed over that are not.
        if (subscription !== undefined) yield* feedOf(namespace, subscription)
        let redelivered = 0
        let skipped = 0
        let cursor = after
        for (;;) {
          const wanted = Math.min(lettersPerTurn, limit - redelivered - skipped)
          if (wanted <= 0) return { redelivered, skipped, next: cursor }
          const page = yield* read(namespace, filter, cursor, wanted)
          const taken = yield* Effect.forEach(
            page,
            (letter) =>
              Effect.flatMap(feedOf(namespace, letter.subscription), (feed) =>
                redeliverTo(feed, letter),
              ).pipe(
                Effect.as(true),
                Effect.catchTags({
                  DeliveryUnderWay: passedOver,
                  RedeliveryFull: passedOver,
                  SubscriptionInactive: passedOver,
                  SubscriptionNotFound: passedOver,
                }),
              ),
            { concurrency: "unbounded" },
          )
          redelivered += taken.filter((was) => was).length
          skipped += taken.filter((was) => !was).length
          cursor = page.at(-1)?.id ?? cursor
          if (page.length < wanted) return { redelivered, skipped, next: undefined }
        }
      }),
    discard: (namespace, id) =>
      Effect.gen(function* () {
        yield* door.check(namespace)
        const deleted = yield* deliveryLog.deleteDeadLetter(namespace, id)
        if (!deleted) return yield* new DeadLetterNotFound({ namespace, deadLetter: id })
      }),
  }
}

/** How many to read next, so that an answer is neither huge nor put together from crumbs. */
const readSize = (found: number, bytes: number): number => {
  if (found === 0) return firstRead
  const average = Math.max(256, bytes / found)
  return Math.max(1, Math.min(1_000, Math.ceil((answerBytes - bytes) / average)))
}

const unavailable = (reason: string) =>
  new StoreUnavailable({ operation: "try a dead letter again", reason })

const passedOver = () => Effect.succeed(false)

/** The feed of a subscription that delivers; one that is starting is waited for. */
const startedFeed = (
  place: SubscriptionSeat,
): Effect.Effect<SubscriptionFeed, SubscriptionInactive | StoreUnavailable> => {
  const { namespace, name: subscription, status } = place.record
  if (status !== "active") {
    return Effect.fail(new SubscriptionInactive({ namespace, subscription, status }))
  }
  return Effect.timeoutFail(place.started, {
    duration: patience,
    onTimeout: () => unavailable("the subscription has not started in time"),
  })
}
