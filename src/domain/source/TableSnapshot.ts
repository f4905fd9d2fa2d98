// A snapshot of one table of a source: that all its rows are told, and how far that is.

import { Schema } from "effect"

/** `schema.table`; what follows the first dot is the table. */
export const TableName = Schema.String.pipe(
  Schema.filter((name) => /^[^\p{Cc}.]{1,63}\.[^\p{Cc}]{1,63}$/u.test(name)),
).annotations({ message: () => 'must be a table with its schema, as in "public.outbox"' })
export type TableName = typeof TableName.Type

export const splitTableName = (table: TableName): readonly [schema: string, name: string] => {
  const dot = table.indexOf(".")
  return [table.slice(0, dot), table.slice(dot + 1)]
}

/** What has been read of a table: everything up to here. */
export const TableCursor = Schema.Union(
  /** In the order of a key: the text of each of its columns. */
  Schema.Struct({
    by: Schema.Literal("key"),
    columns: Schema.Array(Schema.String),
    values: Schema.Array(Schema.String),
  }),
  /** Where there is no key: in the order in which the rows lie on disk. */
  Schema.Struct({
    by: Schema.Literal("place"),
    /** The partition, and the file that it is in: in another one the rows lie elsewhere. */
    part: Schema.Number,
    file: Schema.String,
    /** A `ctid`. */
    after: Schema.String,
  }),
)
export type TableCursor = typeof TableCursor.Type

export const TableSnapshot = Schema.Struct({
  table: TableName,
  /** Milliseconds since the epoch; no other snapshot of the table was asked for at that time. */
  requestedAt: Schema.Number,
  state: Schema.Literal("waiting", "reading", "done", "failed"),
  /** Rows told so far. */
  rows: Schema.Number,
  /** How many there may be in all, by the server's statistics. */
  estimatedRows: Schema.optional(Schema.Number),
  cursor: Schema.optional(TableCursor),
  /** Why it failed, and what to do about it. */
  problem: Schema.optional(Schema.String),
  endedAt: Schema.optional(Schema.Number),
})
/** Times are milliseconds since the epoch. */
export type TableSnapshot = typeof TableSnapshot.Type

/** One that is to begin; later than the one before of the same table, so that their events differ. */
export const requestSnapshot = (
  table: TableName,
  now: number,
  before: TableSnapshot | undefined,
): TableSnapshot => ({
  table,
  requestedAt: Math.max(now, (before?.requestedAt ?? 0) + 1),
  state: "waiting",
  rows: 0,
})

export const isUnderWay = ({ state }: TableSnapshot): boolean =>
  state === "waiting" || state === "reading"

/** What tells its events from those of other snapshots. */
export const snapshotId = ({ requestedAt }: TableSnapshot): string => requestedAt.toString(36)
