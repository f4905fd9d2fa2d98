// Keys of namespaces, and the log of who changed what.

import type { Effect, Option, Redacted } from "effect"
import type {
  AuditEntry,
  InvalidSetting,
  KeyId,
  KeyNotFound,
  KeyScope,
  NamespaceKey,
  NamespaceName,
  QuotaReached,
} from "../../../domain/index.js"
import type { TooManyUnknownKeys } from "../../access/KeyRing.js"
import type { StoreUnavailable } from "../../ports/index.js"
import type { InNamespace, Listing, Stored } from "./Answers.js"

export interface KeyInput {
  /** For people. */
  readonly name?: string | undefined
  readonly scopes: ReadonlyArray<KeyScope>
  /** Milliseconds since the epoch. Never, without one; a key made by a key ends with it. */
  readonly expiresAt?: number | undefined
}

/** Keys that let their bearers do some things in a namespace. */
export interface KeyService {
  /** The token is in the answer, this once. */
  readonly create: (
    namespace: NamespaceName,
    input: KeyInput,
  ) => InNamespace<
    { readonly key: NamespaceKey; readonly token: Redacted.Redacted },
    InvalidSetting | QuotaReached
  >
  readonly get: (namespace: NamespaceName, id: KeyId) => InNamespace<NamespaceKey, KeyNotFound>
  readonly list: (
    namespace: NamespaceName,
    page: Listing<KeyId>,
  ) => InNamespace<ReadonlyArray<NamespaceKey>>
  /** From now on it is refused. */
  readonly revoke: (namespace: NamespaceName, id: KeyId) => InNamespace<void, KeyNotFound>
  /** The key of a token, if that can be said without a fiber: none for a token that is no good. */
  readonly known: (token: string) => Option.Option<NamespaceKey> | undefined
  readonly authenticate: (
    token: string,
  ) => Effect.Effect<Option.Option<NamespaceKey>, StoreUnavailable | TooManyUnknownKeys>
  /** Returns when a key that was good is good no more. */
  readonly lapse: (key: NamespaceKey) => Effect.Effect<void>
}

/** Who changed what, the oldest first. */
export interface AuditService {
  readonly ofNamespace: (
    namespace: NamespaceName,
    page: Listing<string>,
  ) => InNamespace<ReadonlyArray<AuditEntry>>
  /** Of the mesh as a whole: host types, and namespaces as they come and go. */
  readonly ofOperator: (page: Listing<string>) => Stored<ReadonlyArray<AuditEntry>>
}
