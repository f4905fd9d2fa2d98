// What a source of the kind "wal" can be told: which changes of a Postgres database become events of
// which namespaces.

import { Duration, Schema } from "effect"
import { NamespaceName } from "../namespace/index.js"
import { ByteSize, ByteSizeText, DurationText } from "../units/index.js"
import { columnTemplate, type NamespaceTemplate, NamespaceTemplateText } from "../wal/index.js"
import { TableName } from "./TableSnapshot.js"

/** A name in the server's catalog. */
export const Identifier = Schema.String.pipe(
  Schema.filter((name) => /^[^\p{Cc}]{1,63}$/u.test(name)),
).annotations({ message: () => "must be 1 to 63 characters without control characters" })

/** What Postgres lets a slot be called. */
export const SlotName = Schema.String.pipe(Schema.pattern(/^[a-z0-9_]{1,63}$/)).annotations({
  message: () => "must be 1 to 63 of a-z, 0-9 and '_'",
})

const TypePrefix = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/),
  Schema.maxLength(100),
).annotations({ message: () => "must be segments of A-Z, a-z, 0-9, '_' and '-', joined by dots" })

export const SnapshotTables = Schema.Union(
  Schema.Literal("all"),
  Schema.NonEmptyArray(TableName).pipe(Schema.maxItems(1000)),
)
export type SnapshotTables = typeof SnapshotTables.Type

/** Rows that name no namespace, or none that takes events, are skipped, or go to the one that is named. */
export const UnknownNamespaces = Schema.Union(
  Schema.Literal("skip"),
  Schema.Struct({ park: NamespaceName }),
)
export type UnknownNamespaces = typeof UnknownNamespaces.Type

export const defaultBufferBytes = ByteSize.make(64 * 1024 * 1024)

const fields = {
  slot: SlotName,
  /** One, or several: a change is sent once, whichever of them holds the table. */
  publication: Schema.Union(Identifier, Schema.NonEmptyArray(Identifier).pipe(Schema.maxItems(64))),
  /**
   * A publication that is missing is created for these tables. Without this, it must be there.
   */
  publicationTables: Schema.optional(
    Schema.Union(
      Schema.Literal("all"),
      Schema.NonEmptyArray(TableName).pipe(Schema.maxItems(1000)),
    ),
  ),
  /**
   * Tables whose rows are told before their changes: all of the publications, or some. Event tables only
   * where they are named.
   */
  snapshot: Schema.optional(SnapshotTables),
  /** Of all rows; `{{schema}}`, `{{table}}` and `{{row.<column>}}` stand for what they name. */
  namespace: Schema.optional(NamespaceTemplateText),
  /** The column that names the namespace of its row. */
  namespaceColumn: Schema.optional(Identifier),
  unknownNamespaces: Schema.optional(UnknownNamespaces),
  /** The first segments of the types of events: "postgres". */
  typePrefix: Schema.optional(TypePrefix),
  /** Tables whose rows describe events: a transactional outbox. */
  eventTables: Schema.optional(Schema.Array(TableName).pipe(Schema.maxItems(1000))),
  /** Messages of `pg_logical_emit_message` with this prefix describe events. */
  messagePrefix: Schema.optional(Identifier),
  /** Numerics, and integers beyond 2^53: "exact" as text, or the "nearest" number. */
  numbers: Schema.optional(Schema.Literal("exact", "nearest")),
  /**
   * Whether the server sends large transactions while they are under way; they are kept here until
   * they commit. Else it keeps them itself. True where the server can (14 and later).
   */
  streaming: Schema.optional(Schema.Boolean),
  /** What of such transactions is kept in memory; the rest goes to temporary files. 64 MiB. */
  bufferBytes: Schema.optional(ByteSizeText),
  /** An alarm is raised when the server has to keep more of its log than this. */
  lagBudget: Schema.optional(ByteSizeText),
  /**
   * An idle database is written a message this often, which comes back in the stream. The slot moves
   * without, also while only another database of the server writes: the server says every few seconds
   * how far it has read, and that is confirmed.
   */
  heartbeat: Schema.optional(
    DurationText.pipe(
      Schema.filter((every) => Duration.toMillis(every) >= 1000 || "must be at least 1s"),
    ),
  ),
  /** The slot is kept on standbys too, where the server can (17 and later). */
  failover: Schema.optional(Schema.Boolean),
}

export const WalOptions = Schema.Struct(fields).pipe(
  Schema.filter(({ namespace, namespaceColumn }) =>
    (namespace === undefined) === (namespaceColumn === undefined)
      ? { path: ["namespace"], message: "either namespace or namespaceColumn is required" }
      : undefined,
  ),
  Schema.annotations({ identifier: "WalOptions" }),
)
export type WalOptions = typeof WalOptions.Type
export const walOptionNames: ReadonlyArray<string> = Object.keys(fields)

export const namespaceTemplate = ({ namespace, namespaceColumn }: WalOptions): NamespaceTemplate =>
  namespace ?? columnTemplate(namespaceColumn ?? "")

export const publicationsOf = ({ publication }: WalOptions): ReadonlyArray<string> =>
  typeof publication === "string" ? [publication] : publication
