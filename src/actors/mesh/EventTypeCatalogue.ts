// The catalogues of event types as callers change and read them. A change reaches awake namespaces
// before it is answered.

import { Effect, Either, Option } from "effect"
import {
  CatalogueFull,
  catalogueLimits,
  type CatalogueOwner,
  type CataloguedType,
  type EventTypeEntry,
  EventTypeNotFound,
  type EventTypeSpec,
  type HostTypeName,
  HostTypeNotFound,
  hostTypeCatalogue,
  InvalidSetting,
  jsonFault,
  NamespaceNotFound,
} from "../../domain/index.js"
import type { SchemaFault, SchemaValidator, StoreUnavailable } from "../ports/index.js"
import type { WakeError } from "./MeshChart.js"
import type { EventTypeCatalogue } from "./service/EventTypeService.js"
import type { MeshWorld } from "./MeshWorld.js"
import type { NamespaceDoor } from "./NamespaceDoor.js"
import { makeInTurn } from "./InTurn.js"

/** Steps that checking an example may take. */
const exampleSteps = 250_000

export interface EventTypeView extends EventTypeEntry {
  /** The host type whose catalogue it is in; absent when it is in that of the namespace. */
  readonly inheritedFrom?: HostTypeName
}

export const makeEventTypeCatalogue = (
  world: MeshWorld,
  door: NamespaceDoor,
  reloadHostType: (name: HostTypeName) => Effect.Effect<void>,
) =>
  Effect.map(makeInTurn, (inTurn): EventTypeCatalogue => {
    const { catalogues, eventTypes, registry, validator } = world
    const check = (owner: CatalogueOwner): Effect.Effect<void, HostTypeNotFound | WakeError> =>
      owner._tag === "Namespace"
        ? door.check(owner.name)
        : Effect.flatMap(registry.getHostType(owner.name), (found) =>
            Option.isSome(found) ? Effect.void : missing(owner),
          )

    const changed = (owner: CatalogueOwner): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (owner._tag === "Namespace") return door.reload(owner.name)
        catalogues.forget(owner.name)
        return reloadHostType(owner.name)
      })

    /** The catalogues that count for an owner, the nearest first. */
    const layersOf = (
      owner: CatalogueOwner,
    ): Effect.Effect<ReadonlyArray<CatalogueOwner>, StoreUnavailable> =>
      owner._tag === "HostType"
        ? Effect.succeed([owner])
        : Effect.map(registry.getNamespace(owner.name), (found) => {
            const hostType = Option.getOrUndefined(found)?.hostType
            return hostType === undefined ? [owner] : [owner, hostTypeCatalogue(hostType)]
          })

    const viewOf = (of: CatalogueOwner, asked: CatalogueOwner, entry: EventTypeEntry) =>
      of._tag === "HostType" && asked._tag === "Namespace"
        ? { ...entry, inheritedFrom: of.name }
        : entry

    return {
      put: (owner, type, spec) =>
        inTurn(
          `${owner._tag} ${owner.name}`,
          Effect.gen(function* () {
            yield* check(owner)
            const accepted = yield* acceptable(spec, validator)
            const stored = Option.getOrUndefined(yield* eventTypes.get(owner, type))
            const now = world.now()
            const entry: EventTypeEntry = {
              type,
              ...accepted,
              createdAt: stored?.createdAt ?? now,
              updatedAt: now,
            }
            yield* checkRoom(yield* eventTypes.size(owner), entry, stored)
            if (!(yield* eventTypes.put(owner, entry))) return yield* missing(owner)
            yield* changed(owner)
            return { created: stored === undefined, value: entry }
          }),
        ),
      get: (owner, type) =>
        Effect.gen(function* () {
          yield* check(owner)
          for (const layer of yield* layersOf(owner)) {
            const found = Option.getOrUndefined(yield* eventTypes.get(layer, type))
            if (found !== undefined) return viewOf(layer, owner, found)
          }
          return yield* new EventTypeNotFound({ owner, type })
        }),
      list: (owner) =>
        Effect.gen(function* () {
          yield* check(owner)
          const views = new Map<CataloguedType, EventTypeView>()
          for (const layer of yield* layersOf(owner)) {
            for (const entry of yield* eventTypes.list(layer, { limit: catalogueLimits.types })) {
              if (!views.has(entry.type)) views.set(entry.type, viewOf(layer, owner, entry))
            }
          }
          return [...views.values()].sort((a, b) => (a.type < b.type ? -1 : 1))
        }),
      remove: (owner, type) =>
        Effect.gen(function* () {
          yield* check(owner)
          if (!(yield* eventTypes.delete(owner, type))) {
            return yield* new EventTypeNotFound({ owner, type })
          }
          yield* changed(owner)
        }),
    }
  })

const missing = (
  owner: CatalogueOwner,
): Effect.Effect<never, NamespaceNotFound | HostTypeNotFound> =>
  owner._tag === "Namespace"
    ? Effect.fail(new NamespaceNotFound({ namespace: owner.name }))
    : Effect.fail(new HostTypeNotFound({ hostType: owner.name }))

/** The entry as it is stored, within its limits; its schema is one, and its example matches it. */
const acceptable = (
  { description, example, schema }: EventTypeSpec,
  validator: SchemaValidator["Type"],
): Effect.Effect<EventTypeSpec, InvalidSetting> =>
  Effect.gen(function* () {
    const { depth, entryCharacters } = catalogueLimits
    for (const [field, value] of [
      ["schema", schema],
      ["example", example],
    ] as const) {
      const fault =
        value === undefined ? undefined : jsonFault(value, field, depth, entryCharacters)
      if (fault === undefined) continue
      const reason =
        fault.kind === "shape"
          ? fault.reason
          : fault.kind === "depth"
            ? "is too deep"
            : "is too large"
      return yield* new InvalidSetting({ field: fault.path, reason })
    }
    if (schema !== undefined) {
      const compiled = yield* Either.mapLeft(validator.compile(schema), faultIn("schema"))
      const fault = example === undefined ? undefined : compiled.check(example, budget())
      if (fault !== undefined) return yield* faultIn("example")(fault)
    }
    // Members that are undefined are none, as in JSON.
    const kept = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
    return {
      ...(schema === undefined ? {} : { schema: kept(schema) }),
      ...(description === undefined ? {} : { description }),
      ...(example === undefined ? {} : { example: kept(example) }),
    }
  })

const budget = () => ({ steps: exampleSteps })

const faultIn =
  (field: string) =>
  ({ pointer, reason }: SchemaFault): InvalidSetting =>
    new InvalidSetting({ field: `${field}${pointer.replaceAll("/", ".")}`, reason })

const checkRoom = (
  size: { readonly types: number; readonly characters: number },
  entry: EventTypeEntry,
  stored: EventTypeEntry | undefined,
): Effect.Effect<void, CatalogueFull | InvalidSetting> => {
  const { entryCharacters, totalCharacters, types } = catalogueLimits
  const length = JSON.stringify(entry).length
  if (length > entryCharacters) {
    const reason = `is too large: an event type has at most ${entryCharacters} characters`
    return new InvalidSetting({ field: "schema", reason })
  }
  if (stored === undefined && size.types >= types) {
    return new CatalogueFull({ unit: "types", limit: types })
  }
  const before = stored === undefined ? 0 : JSON.stringify(stored).length
  return size.characters - before + length > totalCharacters
    ? new CatalogueFull({ unit: "characters", limit: totalCharacters })
    : Effect.void
}
