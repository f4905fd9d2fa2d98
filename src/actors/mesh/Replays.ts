// Replays as callers state them, and how far each is.

import { DateTime, Effect, Option } from "effect"
import {
  InvalidSetting,
  type NamespaceName,
  noReplayCounts,
  type Replay,
  ReplayNotFound,
  type ReplaySpec,
  Sequence,
  type SubscriptionName,
  SubscriptionNotFound,
  type TooManyReplays,
} from "../../domain/index.js"
import type { StoreUnavailable } from "../ports/index.js"
import type { ReplayService } from "./service/SubscriptionService.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"
import type { ReplayState, ReplayView } from "./Views.js"

export const makeReplays = (world: MeshWorld, door: NamespaceDoor): ReplayService => {
  const { journal, registry, replays } = world

  /** Fails unless the subscription is there. Wakes nothing. */
  const check = (namespace: NamespaceName, subscription: SubscriptionName) =>
    Effect.zipRight(
      door.check(namespace),
      Effect.flatMap(registry.getSubscription(namespace, subscription), (found) =>
        Option.isNone(found)
          ? Effect.fail(new SubscriptionNotFound({ namespace, subscription }))
          : Effect.succeed(found.value),
      ),
    )

  const viewOf = (replay: Replay, status: "active" | "paused" | "disabled"): ReplayView => {
    const { from, to, subscription, id, namespace } = replay
    const seat = door.seat(namespace)
    const place = seat?.subscriptions.get(subscription)
    const feed = replay.status === "running" ? place?.replays.get(id)?.feed : undefined
    const present: Replay =
      feed === undefined ? replay : { ...replay, ...feed.replayCounts, position: feed.position }
    const state = ((): ReplayState => {
      if (replay.status !== "running") return replay.status
      if (status !== "active") return "paused"
      if (seat?.hub.status === "disabled") return "suspended"
      return place?.gate.parked === undefined ? "running" : "parked"
    })()
    const total = to - from + 1
    const progress = total <= 0 ? 1 : (present.position - from + 1) / total
    return { ...present, state, progress: replay.status === "completed" ? 1 : progress }
  }

  const rangeOf = (
    namespace: NamespaceName,
    { from, to }: ReplaySpec,
  ): Effect.Effect<
    { readonly from: Sequence; readonly to: Sequence },
    InvalidSetting | StoreUnavailable
  > =>
    Effect.gen(function* () {
      const { head, oldest } = yield* journal.bounds(namespace)
      const invalid = (field: string, reason: string) => new InvalidSetting({ field, reason })
      const before = (time: DateTime.Utc) =>
        journal.positionAt(namespace, DateTime.toEpochMillis(time))
      let first: number = oldest
      if (from !== "earliest") {
        first = "sequence" in from ? from.sequence : (yield* before(from.time)) + 1
      }
      if (first < 1) return yield* invalid("from.sequence", "sequences begin at 1")
      if (first > head + 1) return yield* invalid("from.sequence", `is beyond the head, ${head}`)
      let last: number = head
      if (to !== undefined) last = "sequence" in to ? to.sequence : yield* before(to.time)
      if (last > head) return yield* invalid("to.sequence", `is beyond the head, ${head}`)
      if (to !== undefined && last < first - 1) return yield* invalid("to", "is before `from`")
      return { from: Sequence.make(first), to: Sequence.make(Math.max(last, first - 1)) }
    })

  return {
    start: (namespace, subscription, spec) =>
      Effect.gen(function* () {
        const { status } = yield* check(namespace, subscription)
        const { from, to } = yield* rangeOf(namespace, spec)
        const replay = yield* door.ask<Replay, SubscriptionNotFound | TooManyReplays>(
          namespace,
          (reply) => ({
            type: "StartReplay",
            replay: {
              namespace,
              subscription,
              id: world.nextReplayId(),
              from,
              to,
              pace: spec.pace ?? {},
              status: "running",
              position: Sequence.make(from - 1),
              ...noReplayCounts,
              createdAt: world.now(),
              endedAt: undefined,
            },
            reply,
          }),
        )
        return viewOf(replay, status)
      }),
    get: (key) =>
      Effect.gen(function* () {
        const { namespace, subscription, id } = key
        const { status } = yield* check(namespace, subscription)
        const found = Option.getOrUndefined(yield* replays.get(key))
        if (found === undefined) {
          return yield* new ReplayNotFound({ namespace, subscription, replay: id })
        }
        return viewOf(found, status)
      }),
    list: (namespace, subscription) =>
      Effect.gen(function* () {
        const { status } = yield* check(namespace, subscription)
        const found = yield* replays.list(namespace, subscription)
        return found.map((replay) => viewOf(replay, status))
      }),
    cancel: (key) =>
      Effect.gen(function* () {
        const { status } = yield* check(key.namespace, key.subscription)
        const replay = yield* door.ask<Replay, SubscriptionNotFound | ReplayNotFound>(
          key.namespace,
          (reply) => ({ type: "CancelReplay", key, reply }),
        )
        return viewOf(replay, status)
      }),
  }
}
