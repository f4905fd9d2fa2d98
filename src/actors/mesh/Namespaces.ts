// Namespaces: registered, changed, switched off and on, removed. Registering one wakes nothing.

import { Deferred, Effect, Option } from "effect"
import {
  HostTypeNotFound,
  limitsOf,
  type Namespace,
  type NamespaceName,
  NamespaceNotFound,
  NamespaceRemoving,
  type RemovalReport,
} from "../../domain/index.js"
import type { ActorRef } from "../kernel/index.js"
import { loadSettings, type NamespaceSeat } from "../namespace/NamespaceSeat.js"
import type { StoreUnavailable } from "../ports/index.js"
import type { NamespaceService } from "./service/NamespaceService.js"
import { askMesh } from "./AskMesh.js"
import type { MeshMessage } from "./MeshChart.js"
import type { MeshWorld } from "./MeshWorld.js"
import { limitDefaults } from "./MeshConfig.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"
import { sealSettings } from "./SealedSettings.js"
import { namespaceView } from "./Views.js"

const incarnationLength = 10

export const makeNamespaces = (
  world: MeshWorld,
  mesh: ActorRef<MeshMessage>,
  door: NamespaceDoor,
): NamespaceService => {
  const { registry, removals, vault } = world
  const changed = door.reload
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
    get: (name) =>
      Effect.gen(function* () {
        const namespace = yield* find(name)
        const { head, oldest, bytes } = yield* world.journal.bounds(name)
        const seat = door.seat(name)
        const settings = seat?.settings ?? (yield* loadSettings(world, namespace))
        return {
          ...namespaceView(namespace),
          limits: limitsOf(settings, limitDefaults(world.config)),
          usage: {
            journalBytes: bytes,
            journalEvents: head - oldest + 1,
            sinks: seat?.sinks.size ?? (yield* registry.listSinks(name)).length,
            subscriptions:
              seat?.subscriptions.size ?? (yield* registry.listSubscriptions(name)).length,
            concurrentDeliveries: seat === undefined ? 0 : inFlightOf(seat),
          },
        }
      }),
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

const inFlightOf = ({ subscriptions }: NamespaceSeat): number => {
  let inFlight = 0
  for (const { feed } of subscriptions.values()) inFlight += feed?.inFlight ?? 0
  return inFlight
}
