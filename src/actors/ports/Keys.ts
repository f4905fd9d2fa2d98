// Port: the keys of namespaces, by id. Of a token only its digest is here.

import { Context, type Effect, type Option } from "effect"
import type { KeyId, NamespaceKey, NamespaceName } from "../../domain/index.js"
import type { StoreUnavailable } from "./StoreErrors.js"

export interface StoredKey {
  readonly key: NamespaceKey
  /** SHA-256 of the token, in hex. */
  readonly digest: string
}

/** When a key was last used, in milliseconds since the epoch. */
export interface KeyUse {
  readonly id: KeyId
  readonly at: number
}

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export class Keys extends Context.Tag("eventloom/Keys")<
  Keys,
  {
    /**
     * Stores a new key. Answers false and stores nothing when its namespace is unknown or being
     * removed, so that no key outlives it.
     */
    readonly add: (stored: StoredKey) => Answer<boolean>
    /** The key of an id, whichever namespace it is of: one look-up by index. */
    readonly find: (id: KeyId) => Answer<Option.Option<StoredKey>>
    /** The keys of a namespace after an id, ascending. */
    readonly list: (
      namespace: NamespaceName,
      page: { readonly after?: KeyId; readonly limit: number },
    ) => Answer<ReadonlyArray<NamespaceKey>>
    readonly count: (namespace: NamespaceName) => Answer<number>
    readonly delete: (namespace: NamespaceName, id: KeyId) => Answer<boolean>
    /** Notes when keys were last used. What is gone stays gone; an earlier time than the stored one is ignored. */
    readonly touch: (uses: ReadonlyArray<KeyUse>) => Answer<void>
  }
>() {}
