// Replays in memory.

import { Effect, Option } from "effect"
import type { ReplayChange, ReplayKey, Replays } from "../../../actors/index.js"
import type { Replay } from "../../../domain/index.js"
import { type HeldReplay, holdingsOf, type MemoryState } from "./MemoryState.js"
import { SortedTable } from "./SortedTable.js"

export const makeReplays = (state: MemoryState): typeof Replays.Service => ({
  create: (replay, keep) => Effect.sync(() => create(state, replay, keep)),
  get: (key) => Effect.sync(() => Option.map(find(state, key), ({ replay }) => replay)),
  list: (namespace, subscription) =>
    Effect.sync(() => (held(state, namespace)?.all() ?? []).map(replayOf).filter(of(subscription))),
  running: (namespace) =>
    Effect.sync(() =>
      (held(state, namespace)?.all() ?? [])
        .map(replayOf)
        .filter(({ status }) => status === "running"),
    ),
  acknowledged: (key) =>
    Effect.sync(() => Option.map(find(state, key), ({ acknowledged }) => acknowledged)),
  deferrals: (key, after, limit) =>
    Effect.sync(() =>
      Option.match(find(state, key), {
        onNone: () => [],
        onSome: ({ deferrals }) => deferrals.page(after, limit),
      }),
    ),
  commit: (changes) =>
    Effect.sync(() => {
      for (const change of changes) apply(state, change)
    }),
  end: (key, status, at) =>
    Effect.sync(() =>
      Option.map(find(state, key), (one) => {
        if (one.replay.status !== "running") return one.replay
        one.replay = { ...one.replay, status, endedAt: at }
        one.deferrals.deleteFirst(Number.POSITIVE_INFINITY)
        return one.replay
      }),
    ),
})

const held = (state: MemoryState, namespace: Replay["namespace"]) =>
  state.holdings.get(namespace)?.replays

/** Sorts by subscription, then by id: neither holds a space. */
const keyOf = ({ subscription, id }: Pick<ReplayKey, "subscription" | "id">) =>
  `${subscription} ${id}`

const find = (state: MemoryState, key: ReplayKey): Option.Option<HeldReplay> =>
  Option.fromNullable(held(state, key.namespace)?.get(keyOf(key)))

const replayOf = ({ replay }: HeldReplay): Replay => replay

const of = (subscription: string) => (replay: Replay) => replay.subscription === subscription

const create = (state: MemoryState, replay: Replay, keep: number): boolean => {
  const { subscriptions, replays } = holdingsOf(state, replay.namespace)
  if (!subscriptions.has(replay.subscription)) return false
  const ended = replays
    .all()
    .map(replayOf)
    .filter(of(replay.subscription))
    .filter(({ status }) => status !== "running")
  for (const old of ended.slice(0, Math.max(0, ended.length - keep))) replays.delete(keyOf(old))
  replays.set(keyOf(replay), {
    replay,
    acknowledged: String(replay.position),
    deferrals: new SortedTable(),
  })
  return true
}

const apply = (state: MemoryState, change: ReplayChange): void => {
  const one = Option.getOrUndefined(find(state, change))
  if (one?.replay.status !== "running") return
  const { namespace, subscription } = change
  one.replay = { ...one.replay, ...change.counts, position: change.position }
  one.acknowledged = change.acknowledged
  for (const deferral of change.deferred) one.deferrals.set(deferral.sequence, deferral)
  for (const sequence of change.settled) one.deferrals.delete(sequence)
  const { attempts, deadLetters } = holdingsOf(state, namespace)
  for (const attempt of change.attempts) attempts.put(subscription, attempt)
  for (const letter of change.dead)
    deadLetters.set(letter.id, { ...letter, namespace, subscription })
}
