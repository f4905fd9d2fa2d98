// What is shown of a source: how it is configured, without the URL of its database, and how it goes.

import { Schema } from "effect"
import { type SourceName, Wal, WalOptions } from "../../domain/index.js"
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
  /** Since the source was started. */
  readonly counts: SourceCounts
  readonly createdAt: number
  readonly updatedAt: number
}

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
    counts: { ...counts },
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
  }
}
