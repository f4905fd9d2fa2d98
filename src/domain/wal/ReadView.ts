// What a transaction that reads tables sees: which of the transactions that the stream tells are in its
// rows already. By this a row finds its place in the stream: after what it holds, before what it does not.

import type { Lsn } from "./Lsn.js"
import type { Xid } from "./PgOutput.js"

export interface ReadView {
  /** The log was written up to here when it began: what commits later, it does not see. */
  readonly lsn: Lsn
  /** Whether it sees what a transaction did that is committed at that place of the log. */
  readonly sees: (xid: Xid, commitLsn: Lsn) => boolean
}

/** The text form of a server's snapshot, `xmin:xmax:xid,xid,…`: undefined for what is none. */
export const parseReadView = (lsn: Lsn, text: string): ReadView | undefined => {
  const [, , high, list = ""] = /^(\d+):(\d+):([\d,]*)$/.exec(text) ?? []
  if (high === undefined) return undefined
  const end = low32(BigInt(high))
  const running = new Set(
    list
      .split(",")
      .filter((xid) => xid !== "")
      .map((xid) => low32(BigInt(xid))),
  )
  return { lsn, sees: (xid) => precedes(xid, end) && !running.has(xid) }
}

/**
 * Of a standby, whose transactions become visible in the order of their commits: it sees at least what
 * was committed before the place up to which the log was replayed.
 */
export const replayedView = (lsn: Lsn): ReadView => ({
  lsn,
  sees: (_, commitLsn) => commitLsn < lsn,
})

/** Transaction ids of 32 bits go in a circle: half of them are before any other. */
const precedes = (a: Xid, b: Xid): boolean => ((a - b) | 0) < 0

const low32 = (xid: bigint): Xid => Number(BigInt.asUintN(32, xid))
