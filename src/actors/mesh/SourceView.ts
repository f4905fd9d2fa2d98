// What is shown of a source: how it is configured, without the URL of its database, and how it goes.

import { Schema } from "effect"
import { type SourceName, type TableSnapshot, Wal, WalOptions } from "../../domain/index.js"
import type { SourceCounts } from "../source/SourceCounts.js"
import type { SourceSeat } from "../source/SourceSeat.js"

export interface SourceView {
  readonly name: SourceName
  readonly kind: "wal"
  /** As they are stated. */
  readonly options: typeof WalOptions.Encoded
  /** `host:port/database`. */
  readonly server: string
  /** `waiting`: after a problem that may pass. `blocked`: somebody has to do something. */
  readonly state: SourceSeat["state"]
  readonly problem:
    | { readonly code: string; readonly reason: string; readonly remedy?: string }
    | undefined
  /** Everything before this place of the log is safe: `16/B374D848`. */
  readonly position: string | undefined
  /** Bytes of log that the server keeps for the slot; a few seconds old. */
  readonly lagBytes: number | undefined
  readonly walStatus: string | undefined
  /** Of its tables, whole or under way; ascending by table. */
  readonly snapshots: ReadonlyArray<TableSnapshotView>
  /** Since the source was started. */
  readonly counts: SourceCounts
  readonly createdAt: number
  readonly updatedAt: number
}

/** A table whose rows are all told, and how far that is. Times are milliseconds since the epoch. */
export interface TableSnapshotView {
  readonly table: string
  readonly state: TableSnapshot["state"]
  /** Told so far. */
  readonly rows: number
  /** In all, by the server's statistics; undefined before it has begun. */
  readonly estimatedRows: number | undefined
  /** Why it failed. */
  readonly problem: string | undefined
  readonly requestedAt: number
  readonly endedAt: number | undefined
}

export const snapshotView = ({
  endedAt,
  estimatedRows,
  problem,
  requestedAt,
  rows,
  state,
  table,
}: TableSnapshot): TableSnapshotView => ({
  table,
  state,
  rows,
  estimatedRows,
  problem,
  requestedAt,
  endedAt,
})

const encodeOptions = Schema.encodeSync(WalOptions)

export const sourceView = (seat: SourceSeat): SourceView => {
  const { confirmed, counts, health, problem, record, state } = seat
  return {
    name: record.name,
    kind: record.kind,
    options: encodeOptions(record.options),
    server: record.server,
    state,
    problem:
      problem === undefined
        ? undefined
        : {
            code: problem.code,
            reason: problem.reason,
            ...(problem.remedy === undefined ? {} : { remedy: problem.remedy }),
          },
    position: confirmed === undefined ? undefined : Wal.formatLsn(confirmed),
    lagBytes: health?.lagBytes,
    walStatus: health?.walStatus,
    snapshots: seat.snapshots.all.map(snapshotView),
    counts: { ...counts },
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
  }
}
