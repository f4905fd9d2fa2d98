// Sinks, and the keys that webhooks are signed with.

import type { Duration, Redacted } from "effect"
import type {
  InvalidSetting,
  KeySetId,
  NamespaceName,
  PublicJwk,
  QuotaReached,
  RotationUnderWay,
  SinkInUse,
  SinkName,
  SinkNotFound,
} from "../../../domain/index.js"
import type { SigningKeysView, SinkView } from "../Views.js"
import type { InNamespace, Put, Stored } from "./Answers.js"

/** A sink's kind, its concurrency, and whatever its transport can be told. */
export interface SinkInput {
  readonly kind: string
  readonly concurrency?: number | undefined
  readonly [option: string]: unknown
}

export interface SecretRotationInput {
  /** Drawn when absent. */
  readonly secret?: Redacted.Redacted | undefined
  /** How long the secret before it signs as well. */
  readonly overlap?: Duration.Duration | undefined
}

export interface SinkService {
  /** Secrets that were drawn for it are in `generated`, this once. */
  readonly put: (
    namespace: NamespaceName,
    name: SinkName,
    input: SinkInput,
  ) => InNamespace<
    Put<SinkView> & { readonly generated: Readonly<Record<string, Redacted.Redacted>> },
    InvalidSetting | QuotaReached
  >
  /**
   * Replaces the secret that the sink signs with. The one before it signs as well until the overlap
   * ends, 24 hours by default; then it is erased. A secret that was drawn is in `generated`, this
   * once. Asked again with the same `secret`, it changes nothing.
   */
  readonly rotateSecret: (
    namespace: NamespaceName,
    name: SinkName,
    options?: SecretRotationInput,
  ) => InNamespace<
    {
      readonly value: SinkView
      readonly generated: Readonly<Record<string, Redacted.Redacted>>
    },
    InvalidSetting | RotationUnderWay | SinkNotFound
  >
  readonly get: (namespace: NamespaceName, name: SinkName) => InNamespace<SinkView, SinkNotFound>
  readonly list: (namespace: NamespaceName) => InNamespace<ReadonlyArray<SinkView>>
  readonly remove: (
    namespace: NamespaceName,
    name: SinkName,
  ) => InNamespace<void, SinkNotFound | SinkInUse>
}

/** What webhooks of signature "v1a" or "both" are signed with, and their receivers verify with. */
export interface SigningKeyService {
  /** None before a sink needs one, or one is rotated in. */
  readonly get: (namespace: NamespaceName) => InNamespace<SigningKeysView>
  /** A new key signs; the one before signs beside it until the overlap ends, 24 hours by default. */
  readonly rotate: (
    namespace: NamespaceName,
    options?: { readonly overlap?: Duration.Duration | undefined },
  ) => InNamespace<SigningKeysView, RotationUnderWay>
  /** The keys of a set, for whoever has its id; none of an unknown one. */
  readonly published: (keySet: KeySetId) => Stored<ReadonlyArray<PublicJwk>>
}
