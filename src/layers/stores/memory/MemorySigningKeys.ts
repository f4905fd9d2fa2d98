// Signing keys in memory, each in the holdings of its namespace.

import { Effect } from "effect"
import type { SigningKeys } from "../../../actors/index.js"
import type { SigningKey } from "../../../domain/index.js"
import { holdingsOf, type MemoryState } from "./MemoryState.js"

export const makeSigningKeys = (state: MemoryState): typeof SigningKeys.Service => ({
  list: (namespace) =>
    Effect.sync(() => presentFirst(state.holdings.get(namespace)?.signingKeys.all() ?? [])),
  ofSet: (keySet) =>
    Effect.sync(() => {
      for (const { signingKeys } of state.holdings.values()) {
        const keys = signingKeys.all()
        if (keys.some((key) => key.keySet === keySet)) return presentFirst(keys)
      }
      return []
    }),
  add: (key, formerUntil) =>
    Effect.sync(() => {
      const namespace = state.namespaces.get(key.namespace)
      if (namespace === undefined || namespace.status === "removing") return false
      const { signingKeys } = holdingsOf(state, namespace.name)
      for (const former of signingKeys.all()) {
        if (formerUntil === undefined) signingKeys.delete(former.kid)
        else if (former.until === undefined) {
          signingKeys.set(former.kid, { ...former, until: formerUntil })
        }
      }
      signingKeys.set(key.kid, key)
      return true
    }),
  eraseRetired: (now) =>
    Effect.sync(() => {
      let erased = 0
      for (const { signingKeys } of state.holdings.values()) {
        for (const { kid, until } of signingKeys.all()) {
          if (until !== undefined && until <= now && signingKeys.delete(kid)) erased++
        }
      }
      return erased
    }),
})

const presentFirst = (keys: ReadonlyArray<SigningKey>): ReadonlyArray<SigningKey> =>
  [...keys].sort(
    (a, b) =>
      Number(a.until !== undefined) - Number(b.until !== undefined) || b.createdAt - a.createdAt,
  )
