// A source: what brings events in from outside. Sources are the operator's, not of a namespace.

import { Schema } from "effect"
import { SourceName } from "../namespace/index.js"
import { SnapshotTables, WalOptions } from "./WalOptions.js"

/**
 * What is known of a source's replication slot. `creating`: it may have been created; `established`:
 * it was there, so that if it is missing something was lost, and no new one may take its place unasked.
 */
export const SlotRecord = Schema.Struct({
  state: Schema.Literal("creating", "established"),
  /** Created for this source, so dropped with it. */
  isOurs: Schema.Boolean,
  /** The system identifier of the cluster that it is in. */
  systemId: Schema.String,
})
export type SlotRecord = typeof SlotRecord.Type

export const Source = Schema.Struct({
  name: SourceName,
  kind: Schema.Literal("wal"),
  options: WalOptions,
  /** Where the database is, without credentials: `host:port/database`. */
  server: Schema.String,
  /** The URL of the database, sealed. */
  sealedUrl: Schema.String,
  slot: Schema.optional(SlotRecord),
  /** What its option `snapshot` said when those tables were put on the list. */
  snapshotPlanned: Schema.optional(SnapshotTables),
  createdAt: Schema.Number,
  updatedAt: Schema.Number,
})
/** Times are milliseconds since the epoch. */
export type Source = typeof Source.Type
