// The registry in memory.

import { Effect, Option } from "effect"
import type { Registry } from "../../../actors/index.js"
import type { Sequence, Subscription } from "../../../domain/index.js"
import { type MemoryState, holdingsOf } from "./MemoryState.js"
import { SortedTable } from "./SortedTable.js"

export const makeRegistry = (state: MemoryState): typeof Registry.Service => ({
  putHostType: (hostType) => Effect.sync(() => state.hostTypes.set(hostType.name, hostType)),
  getHostType: (name) => Effect.sync(() => Option.fromNullable(state.hostTypes.get(name))),
  listHostTypes: ({ after, limit }) => Effect.sync(() => state.hostTypes.page(after, limit)),
  deleteHostType: (name) =>
    Effect.sync(() => {
      state.hostTypeEventTypes.delete(name)
      return state.hostTypes.delete(name)
    }),

  putNamespace: (namespace) =>
    Effect.sync(() => {
      const present = state.namespaces.get(namespace.name)
      const stays = present && {
        incarnation: present.incarnation,
        createdAt: present.createdAt,
        status: present.status === "removing" ? present.status : namespace.status,
      }
      state.namespaces.set(namespace.name, { ...namespace, ...stays })
    }),
  getNamespace: (name) => Effect.sync(() => Option.fromNullable(state.namespaces.get(name))),
  listNamespaces: ({ after, limit, hostType }) =>
    Effect.sync(() =>
      state.namespaces.page(
        after,
        limit,
        (namespace) => hostType === undefined || namespace.hostType === hostType,
      ),
    ),
  countNamespaces: (hostType) =>
    Effect.sync(
      () => state.namespaces.all().filter((namespace) => namespace.hostType === hostType).length,
    ),
  setNamespaceStatus: (name, status, at) =>
    Effect.sync(() => {
      const present = state.namespaces.get(name)
      if (present === undefined || present.status === "removing") return false
      state.namespaces.set(name, { ...present, status, updatedAt: at })
      return true
    }),

  putSink: (sink) =>
    Effect.sync(() => holdingsOf(state, sink.namespace).sinks.set(sink.name, sink)),
  getSink: (namespace, name) =>
    Effect.sync(() => Option.fromNullable(state.holdings.get(namespace)?.sinks.get(name))),
  listSinks: (namespace) => Effect.sync(() => state.holdings.get(namespace)?.sinks.all() ?? []),
  deleteSink: (namespace, name) =>
    Effect.sync(() => state.holdings.get(namespace)?.sinks.delete(name) ?? false),
  eraseRetired: (now) => Effect.sync(() => eraseRetired(state, now)),

  createSubscription: (subscription, position) =>
    Effect.sync(() => createSubscription(state, subscription, position)),
  updateSubscription: (subscription) =>
    Effect.sync(() => {
      const subscriptions = state.holdings.get(subscription.namespace)?.subscriptions
      if (!subscriptions?.has(subscription.name)) return false
      subscriptions.set(subscription.name, subscription)
      return true
    }),
  getSubscription: (namespace, name) =>
    Effect.sync(() => Option.fromNullable(state.holdings.get(namespace)?.subscriptions.get(name))),
  listSubscriptions: (namespace) =>
    Effect.sync(() => state.holdings.get(namespace)?.subscriptions.all() ?? []),
  deleteSubscription: (namespace, name) =>
    Effect.sync(() => {
      const holdings = state.holdings.get(namespace)
      holdings?.progress.delete(name)
      for (const [key, { replay }] of holdings?.replays.entries() ?? []) {
        if (replay.subscription === name) holdings?.replays.delete(key)
      }
      return holdings?.subscriptions.delete(name) ?? false
    }),
})

const eraseRetired = (state: MemoryState, now: number): number => {
  let erased = 0
  for (const { sinks } of state.holdings.values()) {
    for (const { retiring, ...sink } of sinks.all()) {
      if (retiring === undefined || retiring.until > now) continue
      sinks.set(sink.name, sink)
      erased++
    }
  }
  return erased
}

const createSubscription = (state: MemoryState, subscription: Subscription, position: Sequence) => {
  const { subscriptions, progress } = holdingsOf(state, subscription.namespace)
  subscriptions.set(subscription.name, subscription)
  if (progress.has(subscription.name)) return
  progress.set(subscription.name, {
    startedAfter: position,
    position,
    acknowledged: String(position),
    deferrals: new SortedTable(),
    kept: new Map(),
  })
}
