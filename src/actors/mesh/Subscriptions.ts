// Subscriptions as callers state them, and how far each is.

import { DateTime, Duration, Effect, Option } from "effect"
import {
  batchOf,
  InvalidSetting,
  type NamespaceName,
  origin,
  Sequence,
  type SinkNotFound,
  type StartAt,
  type Subscription,
  type SubscriptionName,
  SubscriptionNotFound,
} from "../../domain/index.js"
import type { StoreUnavailable } from "../ports/index.js"
import { compileContent } from "../subscription/Content.js"
import type { SubscriptionSeat } from "../subscription/SubscriptionActor.js"
import { forgetAttempts } from "./ForgetAttempts.js"
import type { SubscriptionService } from "./service/SubscriptionService.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"
import type { SubscriptionState, SubscriptionView } from "./Views.js"

export const makeSubscriptions = (world: MeshWorld, door: NamespaceDoor): SubscriptionService => {
  const { registry, journal, deliveryLog } = world

  const viewOf = (record: Subscription): Effect.Effect<SubscriptionView, StoreUnavailable> =>
    Effect.gen(function* () {
      const { namespace, name } = record
      const seat = door.seat(namespace)
      const place = seat?.subscriptions.get(name)
      const head = seat?.hub.head ?? (yield* journal.bounds(namespace)).head
      const stored = Option.getOrUndefined(yield* deliveryLog.progressOf(namespace, name))
      const position = place?.feed?.position ?? stored?.position ?? origin
      const state = stateOf(record, place, seat?.hub.status === "disabled")
      const lag = Math.max(0, head - position)
      const rateLimitedUntil = place?.feed?.rateLimitedUntil
      const limited = rateLimitedUntil === undefined ? {} : { rateLimitedUntil }
      const dropped = world.losses.of(namespace, name)
      const lost = dropped === 0 ? {} : { dropped }
      return { ...record, state, position, lag, ...limited, ...lost }
    })

  const positionFor = (
    namespace: NamespaceName,
    startAt: StartAt,
  ): Effect.Effect<Sequence, StoreUnavailable> =>
    Effect.gen(function* () {
      const { head, oldest } = yield* journal.bounds(namespace)
      const before = (sequence: number) =>
        Sequence.make(Math.min(head, Math.max(oldest, sequence) - 1))
      if (startAt === "now") return head
      if (startAt === "earliest") return before(oldest)
      if ("sequence" in startAt) return before(startAt.sequence)
      const position = yield* journal.positionAt(namespace, DateTime.toEpochMillis(startAt.time))
      return before(position + 1)
    })

  const find = (namespace: NamespaceName, subscription: SubscriptionName) =>
    Effect.zipRight(
      door.check(namespace),
      Effect.flatMap(
        registry.getSubscription(namespace, subscription),
        Option.match({
          onNone: () => Effect.fail(new SubscriptionNotFound({ namespace, subscription })),
          onSome: Effect.succeed,
        }),
      ),
    )

  const setActive =
    (type: "Pause" | "Resume") => (namespace: NamespaceName, name: SubscriptionName) =>
      door
        .ask<Subscription, StoreUnavailable | SubscriptionNotFound>(namespace, (reply) => ({
          type,
          name,
          reply,
        }))
        .pipe(Effect.flatMap(viewOf))

  return {
    put: (namespace, name, spec) =>
      Effect.gen(function* () {
        yield* door.check(namespace)
        yield* compileContent(spec)
        if (spec.ordering === "strict" && Duration.toMillis(batchOf(spec).maxWait) > 0) {
          const reason = "is of no use with strict ordering: each event goes alone"
          return yield* new InvalidSetting({ field: "batch.maxWait", reason })
        }
        const stored = Option.getOrUndefined(yield* registry.getSubscription(namespace, name))
        if (stored === undefined) yield* door.checkRoom(namespace, "subscriptions")
        const position = yield* positionFor(namespace, spec.startAt ?? "now")
        const now = world.now()
        const subscription = yield* door.ask<Subscription, SinkNotFound>(namespace, (reply) => ({
          type: "PutSubscription",
          subscription: {
            namespace,
            name,
            spec,
            status: "active",
            createdAt: now,
            updatedAt: now,
          },
          position,
          reply,
        }))
        return { created: stored === undefined, value: yield* viewOf(subscription) }
      }),
    get: (namespace, name) => Effect.flatMap(find(namespace, name), viewOf),
    list: (namespace) =>
      Effect.zipRight(
        door.check(namespace),
        Effect.flatMap(registry.listSubscriptions(namespace), (found) =>
          Effect.forEach(found, viewOf, { concurrency: 8 }),
        ),
      ),
    remove: (namespace, name) =>
      door
        .ask<void, SubscriptionNotFound>(namespace, (reply) => ({
          type: "DeleteSubscription",
          name,
          reply,
        }))
        .pipe(
          Effect.tap(() => world.losses.forget(namespace, name)),
          // It is deleted, whether they go now or with the namespace: nobody is shown them any more.
          Effect.zipLeft(
            Effect.ignoreLogged(forgetAttempts(world, namespace, { subscription: name })),
          ),
        ),
    pause: setActive("Pause"),
    resume: setActive("Resume"),
  }
}

const stateOf = (
  record: Subscription,
  place: SubscriptionSeat | undefined,
  suspended: boolean,
): SubscriptionState => {
  if (record.status !== "active") return record.status
  if (suspended) return "suspended"
  if (place === undefined) return "asleep"
  if (place.gate.parked !== undefined) return "parked"
  if (place.feed === undefined) return "starting"
  return place.feed.isLive ? "live" : "behind"
}
