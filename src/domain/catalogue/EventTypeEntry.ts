// An entry in the catalogue of event types: what events of one type carry, for people and for checks.
//
// A namespace has a catalogue of its own and inherits that of its host type, type by type.

import { Schema } from "effect"
import { HostTypeName, NamespaceName } from "../namespace/index.js"

/** A type that can be registered: one that needs no escaping and sorts the same everywhere. */
export const CataloguedType = Schema.String.pipe(
  Schema.pattern(/^[\x21-\x7e]{1,256}$/),
  Schema.brand("CataloguedType"),
).annotations({
  identifier: "CataloguedType",
  message: () => "must be 1 to 256 printable ASCII characters without spaces",
})
export type CataloguedType = typeof CataloguedType.Type

export const EventTypeSpec = Schema.Struct({
  /** A JSON Schema, 2020-12 unless its `$schema` says draft-07. Absent: data of any kind. */
  schema: Schema.optional(
    Schema.Unknown.annotations({ jsonSchema: { type: ["object", "boolean"] } }),
  ),
  description: Schema.optional(Schema.String.pipe(Schema.maxLength(4096))),
  /** Data that such an event could carry. It matches the schema. */
  example: Schema.optional(Schema.Unknown.annotations({ jsonSchema: {} })),
})
export type EventTypeSpec = typeof EventTypeSpec.Type

/** Times are milliseconds since the epoch. */
export const EventTypeEntry = Schema.Struct({
  type: CataloguedType,
  ...EventTypeSpec.fields,
  createdAt: Schema.Number,
  updatedAt: Schema.Number,
})
export type EventTypeEntry = typeof EventTypeEntry.Type

/** Whose catalogue it is. */
export const CatalogueOwner = Schema.Union(
  Schema.TaggedStruct("Namespace", { name: NamespaceName }),
  Schema.TaggedStruct("HostType", { name: HostTypeName }),
)
export type CatalogueOwner = typeof CatalogueOwner.Type

export const namespaceCatalogue = (name: NamespaceName): CatalogueOwner => ({
  _tag: "Namespace",
  name,
})
export const hostTypeCatalogue = (name: HostTypeName): CatalogueOwner => ({
  _tag: "HostType",
  name,
})

/** Limits of one catalogue: what an awake namespace keeps in memory. */
export const catalogueLimits = {
  types: 1_000,
  /** Characters of one entry as JSON, and of all. */
  entryCharacters: 64 * 1024,
  totalCharacters: 1024 * 1024,
  /** Values inside each other in a schema or an example. */
  depth: 128,
} as const
