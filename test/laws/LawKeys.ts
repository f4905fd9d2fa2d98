// Ids of keys that nothing has used: they are unique over all namespaces of a store.

import { Effect } from "effect"
import { KeyId, keyIdLength } from "../../src/domain/index.js"

let drawn = 0

/** Ascends from call to call. */
export const freshKeyId = Effect.sync(() => {
  drawn += 1
  return KeyId.make(String(drawn).padStart(keyIdLength, "0"))
})
