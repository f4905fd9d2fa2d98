// Namespaces: registered, changed, switched off and on, removed. Registering one wakes nothing.

import { Deferred, Effect, Option } from "effect"
import {
  HostTypeNotFound,
  type Namespace,
  type NamespaceName,
  NamespaceNotFound,
  NamespaceRemoving,
  type RemovalReport,
} from "../../domain/index.js"
import type { ActorRef } from "../kernel/index.js"
import type { StoreUnavailable } from "../ports/index.js"
import type { MeshService } from "./Mesh.js"
import { askMesh } from "./AskMesh.js"
import type { MeshMessage } from "./MeshChart.js"
import type { MeshWorld } from "./MeshWorld.js"
import { sealSettings } from "./SealedSettings.js"
import { namespaceView } from "./Views.js"

const incarnationLength = 10

export const makeNamespaces = (
  world: MeshWorld,
  mesh: ActorRef<MeshMessage>,
  /** Has the namespace, if it is awake, take over what the store says. */
  changed: (name: NamespaceName) => Effect.Effect<void>,
): MeshService["namespaces"] => {
  const { registry, removals, vault } = world
  const find = (name: NamespaceName) =>
    Effect.flatMap(
      registry.getNamespace(name),
      Option.match({
        onNone: () => Effect.fail(new NamespaceNotFound({ namespace: name })),
        onSome: Effect.succeed,
      }),
    )
  return {
    put: (name, { hostType, overrides = {} } = {}) =>
      Effect.gen(function* () {
        const stored = Option.getOrUndefined(yield* registry.getNamespace(name))
        if (stored?.status === "removing") return yield* new NamespaceRemoving({ namespace: name })
        if (hostType !== undefined && Option.isNone(yield* registry.getHostType(hostType))) {
          return yield* new HostTypeNotFound({ hostType })
        }
        const now = world.now()
        const namespace: Namespace = {
          name,
          incarnation: stored?.incarnation ?? world.token(incarnationLength),
          ...(hostType === undefined ? {} : { hostType }),
          overrides: yield* sealSettings(vault, name, overrides, stored?.overrides),
          status: stored?.status ?? "enabled",
          createdAt: stored?.createdAt ?? now,
          updatedAt: now,
        }
        yield* registry.putNamespace(namespace)
        if (stored !== undefined) yield* changed(name)
        return { created: stored === undefined, value: namespaceView(namespace) }
      }),
    setStatus: (name, status) =>
      Effect.gen(function* () {
        yield* find(name)
        const done = yield* registry.setNamespaceStatus(name, status, world.now())
        if (!done) return yield* new NamespaceRemoving({ namespace: name })
        yield* changed(name)
        return namespaceView(yield* find(name))
      }),
    get: (name) => Effect.map(find(name), namespaceView),
    list: (page) => Effect.map(registry.listNamespaces(page), (found) => found.map(namespaceView)),
    removal: removals.get,
    remove: (name, { wait } = {}) =>
      Effect.gen(function* () {
        const ended = yield* Deferred.make<RemovalReport>()
        const begun = yield* askMesh(
          mesh.ask<RemovalReport, NamespaceNotFound | StoreUnavailable>((reply) => ({
            type: "RemoveNamespace",
            name,
            begun: reply,
            ended: wait === undefined ? undefined : ended,
          })),
        )
        if (wait === undefined) return begun
        const report = yield* Effect.timeoutOption(Deferred.await(ended), wait)
        return Option.getOrElse(report, () => begun)
      }),
  }
}
