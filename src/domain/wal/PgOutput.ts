// The messages of the plugin `pgoutput`, protocol versions 1 to 4, as PostgreSQL documents them in
// "Logical Replication Message Formats". `xid` is present where the message came inside a stream
// block, and then names the subtransaction that made the change.

import type { Lsn } from "./Lsn.js"
import type { PgMicros } from "./PgTime.js"

/** A transaction id of 32 bits. */
export type Xid = number
/** An object id of the server's catalogs. */
export type Oid = number

/** How a column stands in a tuple. `unchanged`: a TOASTed value that was not touched, and not sent. */
export const Cell = { null: 0, unchanged: 1, text: 2, binary: 3 } as const

/**
 * A row as it was sent. Values stay where they are in the message until somebody wants them: `cells`
 * holds, for each column in order, its {@link Cell} and where its value starts and ends in `bytes`.
 */
export interface Tuple {
  readonly bytes: Uint8Array
  readonly cells: ReadonlyArray<number>
}

export const tupleSize = ({ cells }: Tuple): number => cells.length / 3

export interface RelationColumn {
  readonly name: string
  /** Part of the replica identity. */
  readonly isKey: boolean
  readonly typeOid: Oid
  readonly typeModifier: number
}

/** What an update or a delete says of the old row. */
export type ReplicaIdentity = "default" | "nothing" | "full" | "index"

export type OldTuple =
  /** Only the columns of the replica identity; all others are null. */
  { readonly kind: "key"; readonly tuple: Tuple } | { readonly kind: "full"; readonly tuple: Tuple }

export interface Relation {
  readonly tag: "Relation"
  readonly xid: Xid | undefined
  readonly oid: Oid
  readonly schema: string
  readonly name: string
  readonly replicaIdentity: ReplicaIdentity
  readonly columns: ReadonlyArray<RelationColumn>
}

export interface Insert {
  readonly tag: "Insert"
  readonly xid: Xid | undefined
  readonly relation: Oid
  readonly after: Tuple
}

export interface Update {
  readonly tag: "Update"
  readonly xid: Xid | undefined
  readonly relation: Oid
  /** Absent when the replica identity did not change and is not the whole row. */
  readonly before: OldTuple | undefined
  readonly after: Tuple
}

export interface Delete {
  readonly tag: "Delete"
  readonly xid: Xid | undefined
  readonly relation: Oid
  readonly before: OldTuple
}

export interface Truncate {
  readonly tag: "Truncate"
  readonly xid: Xid | undefined
  readonly relations: ReadonlyArray<Oid>
  readonly cascade: boolean
  readonly restartIdentity: boolean
}

/** What `pg_logical_emit_message` wrote. */
export interface LogicalMessage {
  readonly tag: "Message"
  readonly xid: Xid | undefined
  readonly transactional: boolean
  readonly lsn: Lsn
  readonly prefix: string
  readonly content: Uint8Array
}

/** A change inside a transaction. */
export type ChangeMessage = Insert | Update | Delete | Truncate | LogicalMessage

export interface Begin {
  readonly tag: "Begin"
  /** Where the commit of the transaction is. */
  readonly commitLsn: Lsn
  readonly committedAt: PgMicros
  readonly xid: Xid
}

export interface Commit {
  readonly tag: "Commit"
  readonly flags: number
  readonly commitLsn: Lsn
  /** What follows the transaction: the place to confirm. */
  readonly endLsn: Lsn
  readonly committedAt: PgMicros
}

export interface StreamCommit extends Omit<Commit, "tag"> {
  readonly tag: "StreamCommit"
  readonly xid: Xid
}

export interface CommitPrepared extends Omit<Commit, "tag"> {
  readonly tag: "CommitPrepared"
  readonly xid: Xid
  readonly gid: string
}

interface Prepared {
  readonly prepareLsn: Lsn
  readonly endLsn: Lsn
  readonly preparedAt: PgMicros
  readonly xid: Xid
  readonly gid: string
}

export type PgOutputMessage =
  | ChangeMessage
  | Relation
  | Begin
  | Commit
  | {
      readonly tag: "Origin"
      readonly commitLsn: Lsn
      readonly name: string
    }
  | {
      readonly tag: "Type"
      readonly xid: Xid | undefined
      readonly oid: Oid
      readonly schema: string
      readonly name: string
    }
  | { readonly tag: "StreamStart"; readonly xid: Xid; readonly isFirst: boolean }
  | { readonly tag: "StreamStop" }
  | StreamCommit
  | {
      readonly tag: "StreamAbort"
      readonly xid: Xid
      /** The same as `xid` when the whole transaction is aborted. */
      readonly subXid: Xid
      /** From version 4 on, with streaming in parallel. */
      readonly abortLsn: Lsn | undefined
      readonly abortedAt: PgMicros | undefined
    }
  | (Prepared & { readonly tag: "BeginPrepare" })
  | (Prepared & { readonly tag: "Prepare"; readonly flags: number })
  | (Prepared & { readonly tag: "StreamPrepare"; readonly flags: number })
  | CommitPrepared
  | {
      readonly tag: "RollbackPrepared"
      readonly flags: number
      readonly prepareEndLsn: Lsn
      readonly rollbackEndLsn: Lsn
      readonly preparedAt: PgMicros
      readonly rolledBackAt: PgMicros
      readonly xid: Xid
      readonly gid: string
    }
