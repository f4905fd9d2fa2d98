// Port: the rows of a source's tables, read part by part beside the stream of their changes.

import type { Effect, Scope } from "effect"
import type { SourceProblem, TableCursor, TableName, Wal } from "../../domain/index.js"

export interface PublishedTable {
  /** As the stream describes it. */
  readonly relation: Wal.Relation
  /** In its order; undefined without one. */
  readonly primaryKey: ReadonlyArray<string> | undefined
  /** Whether the key that its events name is whole. */
  readonly isIdentified: boolean
}

/** Some rows of a table, by what its publications say of rows and columns. */
export interface TablePart {
  readonly table: PublishedTable
  readonly rows: ReadonlyArray<Wal.RowRead>
  /** Bytes of the rows as they were sent. */
  readonly bytes: number
  /** Up to where this part goes; undefined at the end of the table. */
  readonly cursor: TableCursor | undefined
  /** When it was read: RFC 3339. */
  readonly time: string
}

/** A transaction that reads a table as it is at one moment. */
export interface TableTransaction {
  /** Which moment. Asked for before anything is read. */
  readonly view: Effect.Effect<Wal.ReadView, SourceProblem>
  /**
   * The rows after the cursor, or from the beginning; about `rows` of them, fewer where they are large.
   * A cursor that means nothing any more, since the key or the file of the table is another, is none.
   */
  readonly read: (
    cursor: TableCursor | undefined,
    rows: number,
  ) => Effect.Effect<TablePart, SourceProblem>
}

export interface TableReader {
  /** All that the publications hold. */
  readonly tables: Effect.Effect<ReadonlyArray<TableName>, SourceProblem>
  /** How many rows a table has, by the server's statistics. */
  readonly estimate: (table: TableName) => Effect.Effect<number | undefined, SourceProblem>
  /** One at a time; closing the scope ends it. Nobody can alter the table meanwhile. */
  readonly begin: (table: TableName) => Effect.Effect<TableTransaction, SourceProblem, Scope.Scope>
}
