// Keys of namespaces: made, shown once, listed, revoked. Who makes one by a key of their own can give
// no more than they have, and for no longer.

import { Effect, Option, Redacted } from "effect"
import {
  hasExpired,
  InvalidSetting,
  KeyId,
  keyIdLength,
  KeyNotFound,
  keySecretLength,
  keyToken,
  type NamespaceKey,
  NamespaceNotFound,
  permits,
  QuotaReached,
} from "../../domain/index.js"
import { type ChangeOrigin, CurrentOrigin } from "../access/CurrentOrigin.js"
import type { KeyInput, KeyService } from "./service/AccessService.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"

export const makeNamespaceKeys = (world: MeshWorld, door: NamespaceDoor): KeyService => {
  const { audit, config, invalidation, keyRing, keys, vault } = world
  return {
    create: (namespace, input) =>
      Effect.gen(function* () {
        yield* door.check(namespace)
        const granted = yield* grant(yield* CurrentOrigin, input, world.now())
        const current = yield* keys.count(namespace)
        const limit = config.maxKeysPerNamespace
        if (current >= limit) {
          return yield* new QuotaReached({ namespace, quota: "maxKeys", limit, current })
        }
        const id = KeyId.make(Redacted.value(yield* vault.generateText(keyIdLength)))
        const secret = yield* vault.generateText(keySecretLength)
        const token = keyToken(id, Redacted.value(secret))
        const key: NamespaceKey = { namespace, id, ...granted, createdAt: world.now() }
        yield* audit.changing(
          { namespace, action: "key.create", name: id, input: granted },
          Effect.filterOrElse(
            keys.add({ key, digest: vault.digest(token) }),
            (added) => added,
            // It went in this very moment.
            () => Effect.zipRight(door.check(namespace), new NamespaceNotFound({ namespace })),
          ),
        )
        return { key, token: Redacted.make(token) }
      }),
    get: (namespace, id) =>
      Effect.zipRight(
        door.check(namespace),
        Effect.flatMap(
          keys.find(id),
          Option.match({
            onNone: () => Effect.fail(new KeyNotFound({ namespace, key: id })),
            onSome: ({ key }) =>
              key.namespace === namespace
                ? Effect.succeed(key)
                : Effect.fail(new KeyNotFound({ namespace, key: id })),
          }),
        ),
      ),
    list: (namespace, page) => Effect.zipRight(door.check(namespace), keys.list(namespace, page)),
    revoke: (namespace, id) =>
      Effect.gen(function* () {
        yield* door.check(namespace)
        const revoked = Effect.zipLeft(
          keys.delete(namespace, id),
          Effect.sync(() => keyRing.revoked(id)),
        )
        yield* audit.changing(
          { namespace, action: "key.revoke", name: id },
          Effect.filterOrFail(
            // Told again also for one that is gone: the first try may have failed half-way.
            Effect.zipLeft(revoked, invalidation.broadcast(namespace)),
            (deleted) => deleted,
            () => new KeyNotFound({ namespace, key: id }),
          ),
        )
      }),
    known: (token) => keyRing.known(token),
    authenticate: (token) => keyRing.authenticate(token),
    lapse: (key) => keyRing.lapse(key),
  }
}

/** What the new key is given, if its maker can give it. */
const grant = (
  { caller }: ChangeOrigin,
  { expiresAt, name, scopes }: KeyInput,
  now: number,
): Effect.Effect<Pick<NamespaceKey, "name" | "scopes" | "expiresAt">, InvalidSetting> => {
  const invalid = (field: string, reason: string) =>
    Effect.fail(new InvalidSetting({ field, reason }))
  const maker = caller.kind === "key" ? caller.key : undefined
  if (maker !== undefined && !scopes.every((scope) => permits(maker.scopes, scope))) {
    return invalid("scopes", "must not be more than the key has that makes it")
  }
  const latest = maker?.expiresAt
  const expires = expiresAt ?? latest
  if (expires !== undefined && latest !== undefined && expires > latest) {
    return invalid("expiresAt", "must not be after the key expires that makes it")
  }
  if (expires !== undefined && hasExpired({ expiresAt: expires }, now)) {
    return invalid("expiresAt", "must be in the future")
  }
  return Effect.succeed({
    ...(name === undefined ? {} : { name }),
    scopes,
    ...(expires === undefined ? {} : { expiresAt: expires }),
  })
}
