// Changes of a Postgres database for a mesh that may never have a source: what speaks to the database
// is loaded when a source first needs it.

import { Effect, Layer } from "effect"
import { ChangeStreams } from "../../../actors/index.js"
import { describeUrl } from "./DatabaseUrl.js"

const load = Effect.promise(() => import("./PostgresChanges.js"))

/** Sources of the kind "wal", like the layer of `PostgresChanges`. */
export const layer: Layer.Layer<never> = Layer.succeed(ChangeStreams, {
  open: (request) => Effect.flatMap(load, ({ service }) => service.open(request)),
  dropSlot: (url, slot) => Effect.flatMap(load, ({ service }) => service.dropSlot(url, slot)),
  describeUrl,
})
