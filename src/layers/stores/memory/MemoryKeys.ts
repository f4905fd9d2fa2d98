// Keys in memory, each in the holdings of its namespace.

import { Effect, Option } from "effect"
import type { Keys, StoredKey } from "../../../actors/index.js"
import type { KeyId } from "../../../domain/index.js"
import { type Holdings, holdingsOf, type MemoryState } from "./MemoryState.js"

export const makeKeys = (state: MemoryState): typeof Keys.Service => {
  const holderOf = (id: KeyId): Holdings | undefined => {
    for (const holdings of state.holdings.values()) if (holdings.keys.has(id)) return holdings
    return undefined
  }
  return {
    add: (stored) =>
      Effect.sync(() => {
        const namespace = state.namespaces.get(stored.key.namespace)
        if (namespace === undefined || namespace.status === "removing") return false
        holdingsOf(state, namespace.name).keys.set(stored.key.id, stored)
        return true
      }),
    find: (id) => Effect.sync(() => Option.fromNullable(holderOf(id)?.keys.get(id))),
    list: (namespace, { after, limit }) =>
      Effect.sync(() => {
        const found = state.holdings.get(namespace)?.keys.page(after, limit) ?? []
        return found.map(({ key }) => key)
      }),
    count: (namespace) => Effect.sync(() => state.holdings.get(namespace)?.keys.size ?? 0),
    delete: (namespace, id) =>
      Effect.sync(() => state.holdings.get(namespace)?.keys.delete(id) ?? false),
    touch: (uses) =>
      Effect.sync(() => {
        for (const { id, at } of uses) {
          const keys = holderOf(id)?.keys
          const stored = keys?.get(id)
          if (stored !== undefined) keys?.set(id, usedAt(stored, at))
        }
      }),
  }
}

const usedAt = ({ key, digest }: StoredKey, at: number): StoredKey => ({
  key: { ...key, lastUsedAt: Math.max(at, key.lastUsedAt ?? at) },
  digest,
})
