// A change as the audit log has it: who asked for what, and when. Never a value that was set, since
// that may be a secret.

import { Schema } from "effect"
import type { Caller } from "./Caller.js"
import { KeyId, KeyLabel } from "./NamespaceKey.js"

/** Who made a change; a key by its id, with the name it had then. */
export const ChangeAuthor = Schema.Union(
  Schema.Struct({ kind: Schema.Literal("operator") }),
  Schema.Struct({
    kind: Schema.Literal("key"),
    id: KeyId,
    name: Schema.optional(KeyLabel),
  }),
  Schema.Struct({ kind: Schema.Literal("process"), name: Schema.optional(Schema.String) }),
)
export type ChangeAuthor = typeof ChangeAuthor.Type

export const AuditEntry = Schema.Struct({
  /** Ascends with time; unique in its log. */
  id: Schema.String,
  /** Milliseconds since the epoch. */
  at: Schema.Number,
  by: ChangeAuthor,
  /** Such as "sink.put". */
  action: Schema.String,
  /** What it was done to, such as the sink "hook". */
  resource: Schema.Struct({ kind: Schema.String, name: Schema.String }),
  /** The names of the fields that were stated. */
  fields: Schema.optional(Schema.Array(Schema.String)),
  /** What came of it, where that is more than the change itself: of a removal, the rows it took. */
  counts: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Number })),
  /** The request that asked for it, by the id in its answer. */
  requestId: Schema.optional(Schema.String),
})
export type AuditEntry = typeof AuditEntry.Type

export const authorOf = (caller: Caller): ChangeAuthor =>
  caller.kind === "key"
    ? {
        kind: "key",
        id: caller.key.id,
        ...(caller.key.name === undefined ? {} : { name: caller.key.name }),
      }
    : caller

const maxFields = 64
const maxFieldLength = 64

/** The names of the fields of an input that have a value, within the bounds of an entry. */
export const statedFields = (input: object): ReadonlyArray<string> =>
  Object.entries(input)
    .flatMap(([name, value]) => (value === undefined ? [] : [name.slice(0, maxFieldLength)]))
    .slice(0, maxFields)
    .sort()
