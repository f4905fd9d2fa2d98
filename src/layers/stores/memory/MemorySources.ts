// Sources in memory.

import { Effect, Option } from "effect"
import type { Sources } from "../../../actors/index.js"
import type { MemoryState } from "./MemoryState.js"
import { SortedTable } from "./SortedTable.js"

export const makeSources = ({ snapshots, sources }: MemoryState): typeof Sources.Service => ({
  put: (source) => Effect.sync(() => sources.set(source.name, source)),
  get: (name) => Effect.sync(() => Option.fromNullable(sources.get(name))),
  list: ({ after, limit }) => Effect.sync(() => sources.page(after, limit)),
  delete: (name) =>
    Effect.sync(() => {
      snapshots.delete(name)
      return sources.delete(name)
    }),
  putSnapshot: (name, snapshot) =>
    Effect.sync(() => {
      if (!sources.has(name)) return
      const own = snapshots.get(name) ?? new SortedTable()
      own.set(snapshot.table, snapshot)
      snapshots.set(name, own)
    }),
  snapshots: (name) => Effect.sync(() => snapshots.get(name)?.all() ?? []),
})
