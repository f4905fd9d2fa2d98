// Catalogues of event types in memory: that of a namespace is among its holdings.

import { Effect, Option } from "effect"
import type { EventTypes } from "../../../actors/index.js"
import type { CataloguedType, CatalogueOwner, EventTypeEntry } from "../../../domain/index.js"
import { holdingsOf, type MemoryState } from "./MemoryState.js"
import { SortedTable } from "./SortedTable.js"

type Catalogue = SortedTable<CataloguedType, EventTypeEntry>

export const makeEventTypes = (state: MemoryState): typeof EventTypes.Service => {
  const find = (owner: CatalogueOwner): Catalogue | undefined =>
    owner._tag === "Namespace"
      ? state.holdings.get(owner.name)?.eventTypes
      : state.hostTypeEventTypes.get(owner.name)

  /** The catalogue to add to; undefined when its owner is gone or going. */
  const open = (owner: CatalogueOwner): Catalogue | undefined => {
    if (owner._tag === "Namespace") {
      const namespace = state.namespaces.get(owner.name)
      if (namespace === undefined || namespace.status === "removing") return undefined
      return holdingsOf(state, owner.name).eventTypes
    }
    if (!state.hostTypes.has(owner.name)) return undefined
    const present = state.hostTypeEventTypes.get(owner.name) ?? new SortedTable()
    state.hostTypeEventTypes.set(owner.name, present)
    return present
  }

  return {
    put: (owner, entry) =>
      Effect.sync(() => {
        const catalogue = open(owner)
        catalogue?.set(entry.type, entry)
        return catalogue !== undefined
      }),
    get: (owner, type) => Effect.sync(() => Option.fromNullable(find(owner)?.get(type))),
    list: (owner, { after, limit }) => Effect.sync(() => find(owner)?.page(after, limit) ?? []),
    size: (owner) =>
      Effect.sync(() => {
        const entries = find(owner)?.all() ?? []
        const characters = entries.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0)
        return { types: entries.length, characters }
      }),
    delete: (owner, type) => Effect.sync(() => find(owner)?.delete(type) ?? false),
  }
}
