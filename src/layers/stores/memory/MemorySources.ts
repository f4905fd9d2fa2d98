// Sources in memory.

import { Effect, Option } from "effect"
import type { Sources } from "../../../actors/index.js"
import type { MemoryState } from "./MemoryState.js"

export const makeSources = ({ sources }: MemoryState): typeof Sources.Service => ({
  put: (source) => Effect.sync(() => sources.set(source.name, source)),
  get: (name) => Effect.sync(() => Option.fromNullable(sources.get(name))),
  list: ({ after, limit }) => Effect.sync(() => sources.page(after, limit)),
  delete: (name) => Effect.sync(() => sources.delete(name)),
})
