// Transactions that the server sends before it is known whether they commit: those that it streams,
// and those that are prepared. Their messages are kept until then, in memory up to a bound, beyond it
// on disk, the largest first.

import { Effect } from "effect"
import type { SourceProblem, Wal } from "../../domain/index.js"
import type { SpillFile } from "../ports/index.js"
import { FrameLog } from "./FrameLog.js"

export interface OpenTransaction {
  readonly log: FrameLog
  /** Its messages name their subtransaction. */
  readonly isStreamed: boolean
  /** Where it was prepared: until it ends, the server must keep what is after this place. */
  preparedAt: Wal.Lsn | undefined
  /** Brings back the relations as they were when it was prepared: its rows are read by these. */
  recall: (() => void) | undefined
}

export class OpenTransactions {
  readonly #byXid = new Map<Wal.Xid, OpenTransaction>()
  readonly #boundBytes: number
  readonly #openFile: Effect.Effect<SpillFile, SourceProblem>
  #memoryBytes = 0

  constructor(boundBytes: number, openFile: Effect.Effect<SpillFile, SourceProblem>) {
    this.#boundBytes = boundBytes
    this.#openFile = openFile
  }

  get count(): number {
    return this.#byXid.size
  }

  get isOverBound(): boolean {
    return this.#memoryBytes > this.#boundBytes
  }

  /** The earliest place at which a transaction was prepared that has not ended. */
  get earliestPrepared(): Wal.Lsn | undefined {
    let earliest: Wal.Lsn | undefined
    for (const { preparedAt } of this.#byXid.values()) {
      if (preparedAt !== undefined && (earliest === undefined || preparedAt < earliest)) {
        earliest = preparedAt
      }
    }
    return earliest
  }

  /** Begins it anew: a server that sends its beginning again sends all of it again. */
  begin(xid: Wal.Xid, isStreamed: boolean): Effect.Effect<void> {
    return Effect.zipRight(
      this.drop(xid),
      Effect.sync(() => {
        this.#byXid.set(xid, {
          log: new FrameLog(),
          isStreamed,
          preparedAt: undefined,
          recall: undefined,
        })
      }),
    )
  }

  has(xid: Wal.Xid): boolean {
    return this.#byXid.has(xid)
  }

  add(xid: Wal.Xid, subXid: Wal.Xid, message: Uint8Array): void {
    this.#memoryBytes += this.#byXid.get(xid)?.log.add(subXid, message) ?? 0
  }

  abort(xid: Wal.Xid, subXid: Wal.Xid): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (xid === subXid) return this.drop(xid)
      this.#byXid.get(xid)?.log.abort(subXid)
      return Effect.void
    })
  }

  prepared(xid: Wal.Xid, at: Wal.Lsn, recall: () => void): void {
    const transaction = this.#byXid.get(xid)
    if (transaction === undefined) return
    transaction.preparedAt = at
    transaction.recall ??= recall
  }

  get(xid: Wal.Xid): OpenTransaction | undefined {
    return this.#byXid.get(xid)
  }

  drop(xid: Wal.Xid): Effect.Effect<void> {
    return Effect.suspend(() => {
      const transaction = this.#byXid.get(xid)
      if (transaction === undefined) return Effect.void
      this.#byXid.delete(xid)
      this.#memoryBytes -= transaction.log.memoryBytes
      return transaction.log.remove
    })
  }

  /** Moves the largest to disk until the rest is within the bound. */
  get spill(): Effect.Effect<void, SourceProblem> {
    return Effect.whileLoop({
      while: () => this.isOverBound,
      body: () =>
        Effect.suspend(() => {
          const [largest] = [...this.#byXid.values()]
            .map(({ log }) => log)
            .sort((a, b) => b.memoryBytes - a.memoryBytes)
          return largest === undefined ? Effect.succeed(0) : largest.spill(this.#openFile)
        }),
      step: (freed) => {
        this.#memoryBytes -= freed
        if (freed === 0) this.#memoryBytes = 0
      },
    })
  }
}
