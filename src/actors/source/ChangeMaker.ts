// What is made of the messages of transactions that have committed, in the order of their commits:
// events for a journal, or whatever else an outlet takes.

import type { Effect } from "effect"
import type { SourceProblem, Wal } from "../../domain/index.js"

export type Emit<Item> = (item: Item) => void

export interface ChangeMaker<Item> {
  /**
   * Rows of the relation are as this says from now on. May have to ask the server. Without `emit` the
   * transaction has not committed yet, and the description will come again when it has.
   */
  readonly describe: (
    relation: Wal.Relation,
    emit?: Emit<Item>,
  ) => Effect.Effect<void, SourceProblem> | undefined
  readonly begin: (
    transaction: Wal.Begin | Wal.StreamCommit | Wal.CommitPrepared,
    emit: Emit<Item>,
  ) => void
  /**
   * A change of the transaction begun, or a message outside of any. Throws `UnknownRelation` where the
   * server has broken the protocol.
   */
  readonly change: (change: Wal.ChangeMessage, emit: Emit<Item>) => void
  readonly end: (
    transaction: Wal.Commit | Wal.StreamCommit | Wal.CommitPrepared,
    emit: Emit<Item>,
  ) => void
  /** Answers what brings back the descriptions as they are now. */
  readonly mark: () => () => void
}
