// A host type: a named set of defaults that namespaces inherit.

import { Schema } from "effect"
import { HostTypeName } from "./ResourceName.js"
import { Settings } from "./Settings.js"

export const HostType = Schema.Struct({
  name: HostTypeName,
  defaults: Settings,
  createdAt: Schema.Number,
  updatedAt: Schema.Number,
})
/** Times are milliseconds since the epoch; secrets inside `defaults` are sealed. */
export type HostType = typeof HostType.Type
