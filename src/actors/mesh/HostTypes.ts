// Host types: the defaults that namespaces inherit. A change reaches awake namespaces at once.

import { Effect, Option } from "effect"
import {
  type HostType,
  HostTypeInUse,
  type HostTypeName,
  HostTypeNotFound,
} from "../../domain/index.js"
import type { HostTypeService } from "./service/NamespaceService.js"
import type { MeshWorld } from "./MeshWorld.js"
import { hostTypeOwner, sealSettings } from "./SealedSettings.js"
import { hostTypeView } from "./Views.js"

export const makeHostTypes = (
  world: MeshWorld,
  /** Has the awake namespaces of a host type take over what it says. */
  changed: (name: HostTypeName) => Effect.Effect<void>,
): HostTypeService => {
  const { registry, vault } = world
  return {
    put: (name, defaults) =>
      Effect.gen(function* () {
        const stored = Option.getOrUndefined(yield* registry.getHostType(name))
        const now = world.now()
        const hostType: HostType = {
          name,
          defaults: yield* sealSettings(vault, hostTypeOwner(name), defaults, stored?.defaults),
          createdAt: stored?.createdAt ?? now,
          updatedAt: now,
        }
        yield* registry.putHostType(hostType)
        if (stored !== undefined) yield* changed(name)
        return { created: stored === undefined, value: hostTypeView(hostType) }
      }),
    get: (name) =>
      Effect.flatMap(
        registry.getHostType(name),
        Option.match({
          onNone: () => Effect.fail(new HostTypeNotFound({ hostType: name })),
          onSome: (hostType) => Effect.succeed(hostTypeView(hostType)),
        }),
      ),
    list: (page) => Effect.map(registry.listHostTypes(page), (found) => found.map(hostTypeView)),
    remove: (name) =>
      Effect.gen(function* () {
        const namespaces = yield* registry.countNamespaces(name)
        if (namespaces > 0) return yield* new HostTypeInUse({ hostType: name, namespaces })
        const deleted = yield* registry.deleteHostType(name)
        world.catalogues.forget(name)
        if (!deleted) return yield* new HostTypeNotFound({ hostType: name })
      }),
  }
}
