// The signing keys of namespaces: made when one is first needed, rotated with an overlap, opened for
// the sinks that sign with them.

import { type Duration, Effect, Redacted, type Scope } from "effect"
import {
  activeKeys,
  isRotationBlocked,
  KeySetId,
  keySetIdLength,
  type NamespaceName,
  NamespaceNotFound,
  overlapEnd,
  RotationUnderWay,
  type SigningKey,
} from "../../domain/index.js"
import { makeInTurn } from "../mesh/InTurn.js"
import type {
  OpenSigningKey,
  SecretUnreadable,
  SigningKeys,
  StoreUnavailable,
  Vault,
} from "../ports/index.js"

export interface SigningKeyring {
  /** The keys of a namespace whose time is not over, the present one first. */
  readonly list: (
    namespace: NamespaceName,
  ) => Effect.Effect<ReadonlyArray<SigningKey>, StoreUnavailable>
  /** The same, with one made if there is none; none still for a namespace that is being removed. */
  readonly ensure: (
    namespace: NamespaceName,
  ) => Effect.Effect<ReadonlyArray<SigningKey>, StoreUnavailable>
  /** A new present key; the one before signs beside it until the overlap ends. */
  readonly rotate: (
    namespace: NamespaceName,
    overlap: Duration.Duration,
  ) => Effect.Effect<
    ReadonlyArray<SigningKey>,
    RotationUnderWay | NamespaceNotFound | StoreUnavailable
  >
}

export const makeSigningKeyring = (
  store: SigningKeys["Type"],
  vault: Vault["Type"],
  now: () => number,
): Effect.Effect<SigningKeyring, never, Scope.Scope> =>
  Effect.map(makeInTurn, (inTurn) => {
    const list = (namespace: NamespaceName) =>
      Effect.map(store.list(namespace), (keys) => activeKeys(keys, now()))

    const add = (namespace: NamespaceName, set: KeySetId | undefined, until: number | undefined) =>
      Effect.gen(function* () {
        const { kid, publicKey, secretKey } = yield* vault.generateSigningKey
        const key: SigningKey = {
          namespace,
          keySet: set ?? KeySetId.make(Redacted.value(yield* vault.generateText(keySetIdLength))),
          kid,
          publicKey,
          sealed: yield* vault.seal(namespace, secretKey),
          createdAt: now(),
        }
        return (yield* store.add(key, until)) ? yield* list(namespace) : []
      })

    const ensure = (namespace: NamespaceName) =>
      inTurn(
        namespace,
        Effect.flatMap(list(namespace), (keys) =>
          keys.length > 0 ? Effect.succeed(keys) : add(namespace, undefined, undefined),
        ),
      )

    const rotate = (namespace: NamespaceName, overlap: Duration.Duration) =>
      inTurn(
        namespace,
        Effect.gen(function* () {
          const keys = yield* list(namespace)
          const until = keys.find((key) => key.until !== undefined)?.until
          if (until !== undefined && isRotationBlocked(overlap, until, now())) {
            return yield* new RotationUnderWay({ namespace, until })
          }
          const rotated = yield* add(namespace, keys[0]?.keySet, overlapEnd(overlap, now()))
          return rotated.length === 0 ? yield* new NamespaceNotFound({ namespace }) : rotated
        }),
      )

    return { list, ensure, rotate }
  })

/** The secret halves. Of keys that were rotated out, those that cannot be opened sign no longer. */
export const openSigningKeys = (
  keys: ReadonlyArray<SigningKey>,
  vault: Vault["Type"],
): Effect.Effect<ReadonlyArray<OpenSigningKey>, SecretUnreadable> =>
  Effect.map(
    Effect.forEach(keys, ({ namespace, sealed, until }) => {
      const opened = Effect.map(
        vault.open(namespace, sealed),
        (secretKey): ReadonlyArray<OpenSigningKey> => [
          { secretKey, ...(until === undefined ? {} : { until }) },
        ],
      )
      return until === undefined
        ? opened
        : Effect.catchAll(opened, (error) =>
            Effect.as(
              Effect.logWarning("A signing key that was rotated out cannot be opened", error),
              [],
            ),
          )
    }),
    (opened) => opened.flat(),
  )
