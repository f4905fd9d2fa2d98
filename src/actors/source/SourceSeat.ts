// A source's place in the mesh: its record and how it is; outlives the crashes of its actor.

import type { Source, SourceProblem, Wal } from "../../domain/index.js"
import type { SlotHealth } from "../ports/index.js"
import type { TableSnapshots } from "./TableSnapshots.js"
import { noCounts, type SourceCounts } from "./SourceCounts.js"

export interface SourceSeat {
  record: Source
  readonly counts: SourceCounts
  readonly snapshots: TableSnapshots
  state: "connecting" | "streaming" | "waiting" | "blocked"
  /** Why it does not stream; undefined while it does. */
  problem: SourceProblem | undefined
  /** Since when it does not, in milliseconds since the epoch. */
  downSince: number | undefined
  /** By the server, now and then. */
  health: SlotHealth | undefined
  /** Up to here everything is safe. */
  confirmed: Wal.Lsn | undefined
}

export const seatSource = (record: Source, snapshots: TableSnapshots): SourceSeat => ({
  record,
  snapshots,
  counts: noCounts(),
  state: "connecting",
  problem: undefined,
  downSince: undefined,
  health: undefined,
  confirmed: undefined,
})
