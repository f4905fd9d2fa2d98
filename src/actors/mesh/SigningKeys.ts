// The signing keys of namespaces as callers see them: their public halves, and their rotation.

import { Effect } from "effect"
import {
  activeKeys,
  defaultOverlap,
  type NamespaceNotFound,
  type NamespaceRemoving,
  publicJwk,
} from "../../domain/index.js"
import type { StoreUnavailable } from "../ports/index.js"
import type { SigningKeyService } from "./service/SinkService.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"
import { signingKeysView } from "./Views.js"

export const makeSigningKeys = (
  { signing, now, signingKeys }: MeshWorld,
  door: NamespaceDoor,
): SigningKeyService => ({
  get: (namespace) =>
    Effect.zipRight(door.check(namespace), Effect.map(signing.list(namespace), signingKeysView)),
  rotate: (namespace, { overlap = defaultOverlap } = {}) =>
    Effect.gen(function* () {
      yield* door.check(namespace)
      const keys = yield* signing.rotate(namespace, overlap)
      yield* renewSigners(door, namespace)
      return signingKeysView(keys)
    }),
  published: (keySet) =>
    Effect.map(signingKeys.ofSet(keySet), (keys) => activeKeys(keys, now()).map(publicJwk)),
})

/** One that sleeps reads them when it wakes. */
const renewSigners = (
  door: NamespaceDoor,
  namespace: Parameters<NamespaceDoor["seat"]>[0],
): Effect.Effect<void, NamespaceNotFound | NamespaceRemoving | StoreUnavailable> =>
  Effect.suspend(() =>
    door.seat(namespace) === undefined
      ? Effect.void
      : door.ask<void>(namespace, (reply) => ({ type: "RenewSigners", reply })),
  )
