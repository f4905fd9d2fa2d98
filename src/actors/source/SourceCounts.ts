// What a source has done since it was started.

export interface SourceCounts {
  /** Rows, truncations and messages that were read, whether they became events or not. */
  changes: number
  transactions: number
  /** Events that are safe. */
  events: number
  /** Of these, events that had been there before: the server has sent them again. */
  duplicates: number
  /** Rows that were read from their tables and told, whether they changed or not. */
  snapshotRows: number
  /** Events left out because no namespace takes them. */
  skipped: number
  /** Events that went to the parking namespace instead. */
  parked: number
  /** Rows and messages that should describe an event and do not, and events that are too large. */
  unreadable: number
  /** Events that were too large with all their columns, and go without some. */
  reduced: number
}

export const noCounts = (): SourceCounts => ({
  changes: 0,
  transactions: 0,
  events: 0,
  duplicates: 0,
  snapshotRows: 0,
  skipped: 0,
  parked: 0,
  unreadable: 0,
  reduced: 0,
})
