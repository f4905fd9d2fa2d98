// A namespace as it is registered: who it inherits from, what it overrides, whether it takes events.

import { Schema } from "effect"
import { NamespaceName } from "./NamespaceName.js"
import { HostTypeName } from "./ResourceName.js"
import { Settings } from "./Settings.js"

/** `removing` is final: the name is free again only when the removal has ended. */
export const NamespaceStatus = Schema.Literal("enabled", "disabled", "removing")
export type NamespaceStatus = typeof NamespaceStatus.Type

export const Namespace = Schema.Struct({
  name: NamespaceName,
  /** Drawn at creation: tells a namespace from an earlier one of the same name. */
  incarnation: Schema.String,
  hostType: Schema.optional(HostTypeName),
  overrides: Settings,
  status: NamespaceStatus,
  createdAt: Schema.Number,
  updatedAt: Schema.Number,
})
/** Times are milliseconds since the epoch; secrets inside `overrides` are sealed. */
export type Namespace = typeof Namespace.Type
