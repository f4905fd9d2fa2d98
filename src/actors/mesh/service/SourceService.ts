// Sources: what brings events in from elsewhere.

import type { InvalidSetting, SourceName, SourceNotFound } from "../../../domain/index.js"
import type { SourceView, TableSnapshotView } from "../SourceView.js"
import type { Listing, Put, Stored } from "./Answers.js"

/** A source's kind, the URL of its database, and the options of the kind. */
export interface SourceInput {
  readonly kind: string
  /** The one that is stored stays where none is given. */
  readonly databaseUrl?: string | undefined
  readonly [option: string]: unknown
}

/** What became of a source's replication slot: one that was there before the source is kept. */
export interface SourceRemoval {
  /** `remains`: it should have been dropped, but the server could not be asked. */
  readonly slot: "dropped" | "kept" | "remains"
}

export interface SourceService {
  /** Starts it, or starts it anew with other options. It connects in its own time. */
  readonly put: (name: SourceName, input: SourceInput) => Stored<Put<SourceView>, InvalidSetting>
  readonly get: (name: SourceName) => Stored<SourceView, SourceNotFound>
  readonly list: (page: Listing<SourceName>) => Stored<ReadonlyArray<SourceView>>
  /**
   * Has all rows of a table told, while its changes go on; answers the snapshot that is under way, or
   * a new one. Whether there is such a table is found out later.
   */
  readonly snapshot: (
    name: SourceName,
    /** `schema.table` */
    table: string,
  ) => Stored<TableSnapshotView, SourceNotFound | InvalidSetting>
  /** Stops it and drops the slot that was created for it. */
  readonly remove: (name: SourceName) => Stored<SourceRemoval, SourceNotFound>
}
