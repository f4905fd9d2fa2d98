/**
 * The decoder of pgoutput messages. Pure and total: what is cut short, goes on too long or is no
 * message at all is a {@link MalformedMessage} that says where, never a hang and never a wrong row.
 */
import { Either, Schema } from "effect"
import { CursorFault, MessageCursor } from "./MessageCursor.js"
import {
  Cell,
  type Oid,
  type OldTuple,
  type PgOutputMessage,
  type RelationColumn,
  type ReplicaIdentity,
  type Tuple,
  type Xid,
} from "./PgOutput.js"
import { type ReadText, readUtf8 } from "./ReadText.js"

/** The bytes are no message of the protocol. */
export class MalformedMessage extends Schema.TaggedError<MalformedMessage>()("MalformedMessage", {
  /** The first byte, as a character. */
  kind: Schema.String,
  /** Where in the message, in bytes. */
  offset: Schema.Number,
  reason: Schema.String,
}) {
  override get message(): string {
    return `A replication message of the kind "${this.kind}" cannot be read at byte ${this.offset}: ${this.reason}.`
  }
}

export interface DecodeContext {
  /** Whether the message stands between StreamStart and StreamStop: then changes name their xid. */
  readonly inStream: boolean
  readonly readText?: ReadText
}

/** One message, whole: the payload of one XLogData. */
export const decodeMessage = (
  bytes: Uint8Array,
  { inStream, readText = readUtf8 }: DecodeContext,
): Either.Either<PgOutputMessage, MalformedMessage> => {
  const cursor = new MessageCursor(bytes, readText)
  try {
    const message = readMessage(cursor, inStream)
    if (cursor.at !== bytes.length) throw new CursorFault("something follows its end")
    return Either.right(message)
  } catch (error) {
    if (!(error instanceof CursorFault || error instanceof RangeError)) throw error
    const reason = error instanceof CursorFault ? error.reason : "it is cut short"
    const kind = bytes.length === 0 ? "" : String.fromCharCode(bytes[0] ?? 0)
    return Either.left(new MalformedMessage({ kind, offset: cursor.at, reason }))
  }
}

const letter = (text: string): number => text.charCodeAt(0)
const code = {
  begin: letter("B"),
  commit: letter("C"),
  insert: letter("I"),
  update: letter("U"),
  delete: letter("D"),
  truncate: letter("T"),
  relation: letter("R"),
  type: letter("Y"),
  origin: letter("O"),
  message: letter("M"),
  streamStart: letter("S"),
  streamStop: letter("E"),
  streamCommit: letter("c"),
  streamAbort: letter("A"),
  beginPrepare: letter("b"),
  prepare: letter("P"),
  commitPrepared: letter("K"),
  rollbackPrepared: letter("r"),
  streamPrepare: letter("p"),
  newTuple: letter("N"),
  oldKey: letter("K"),
  oldTuple: letter("O"),
  null: letter("n"),
  unchanged: letter("u"),
  text: letter("t"),
  binary: letter("b"),
} as const

const readMessage = (cursor: MessageCursor, inStream: boolean): PgOutputMessage => {
  const kind = cursor.byte()
  switch (kind) {
    case code.insert:
      return {
        tag: "Insert",
        xid: readXid(cursor, inStream),
        relation: cursor.uint32(),
        after: readNewTuple(cursor, cursor.byte()),
      }
    case code.update:
      return readUpdate(cursor, inStream)
    case code.delete:
      return {
        tag: "Delete",
        xid: readXid(cursor, inStream),
        relation: cursor.uint32(),
        before: readOldTuple(cursor, cursor.byte()),
      }
    case code.begin:
      return {
        tag: "Begin",
        commitLsn: cursor.lsn(),
        committedAt: cursor.int64(),
        xid: cursor.uint32(),
      }
    case code.commit:
      return { tag: "Commit", ...readCommit(cursor) }
    case code.relation:
      return readRelation(cursor, inStream)
    case code.truncate:
      return readTruncate(cursor, inStream)
    case code.message:
      return readLogicalMessage(cursor, inStream)
    case code.type:
      return {
        tag: "Type",
        xid: readXid(cursor, inStream),
        oid: cursor.uint32(),
        schema: cursor.text(),
        name: cursor.text(),
      }
    case code.origin:
      return { tag: "Origin", commitLsn: cursor.lsn(), name: cursor.text() }
    case code.streamStart:
      return { tag: "StreamStart", xid: cursor.uint32(), isFirst: cursor.byte() === 1 }
    case code.streamStop:
      return { tag: "StreamStop" }
    case code.streamCommit:
      return { tag: "StreamCommit", xid: cursor.uint32(), ...readCommit(cursor) }
    case code.streamAbort:
      return readStreamAbort(cursor)
    case code.beginPrepare:
      return { tag: "BeginPrepare", ...readPrepared(cursor) }
    case code.prepare:
      return { tag: "Prepare", flags: cursor.byte(), ...readPrepared(cursor) }
    case code.streamPrepare:
      return { tag: "StreamPrepare", flags: cursor.byte(), ...readPrepared(cursor) }
    case code.commitPrepared:
      return { tag: "CommitPrepared", ...readCommit(cursor), ...readPreparedName(cursor) }
    case code.rollbackPrepared:
      return {
        tag: "RollbackPrepared",
        flags: cursor.byte(),
        prepareEndLsn: cursor.lsn(),
        rollbackEndLsn: cursor.lsn(),
        preparedAt: cursor.int64(),
        rolledBackAt: cursor.int64(),
        ...readPreparedName(cursor),
      }
    default:
      throw new CursorFault("there is no such kind")
  }
}

const readXid = (cursor: MessageCursor, inStream: boolean): Xid | undefined =>
  inStream ? cursor.uint32() : undefined

const readCommit = (cursor: MessageCursor) => ({
  flags: cursor.byte(),
  commitLsn: cursor.lsn(),
  endLsn: cursor.lsn(),
  committedAt: cursor.int64(),
})

const readPrepared = (cursor: MessageCursor) => ({
  prepareLsn: cursor.lsn(),
  endLsn: cursor.lsn(),
  preparedAt: cursor.int64(),
  ...readPreparedName(cursor),
})

const readPreparedName = (cursor: MessageCursor) => ({ xid: cursor.uint32(), gid: cursor.text() })

const readUpdate = (cursor: MessageCursor, inStream: boolean): PgOutputMessage => {
  const xid = readXid(cursor, inStream)
  const relation = cursor.uint32()
  const first = cursor.byte()
  if (first === code.newTuple) {
    const after = readTuple(cursor)
    return { tag: "Update", xid, relation, before: undefined, after }
  }
  const before = readOldTuple(cursor, first)
  return { tag: "Update", xid, relation, before, after: readNewTuple(cursor, cursor.byte()) }
}

const readStreamAbort = (cursor: MessageCursor): PgOutputMessage => {
  const xid = cursor.uint32()
  const subXid = cursor.uint32()
  const isLong = cursor.at < cursor.bytes.length
  return {
    tag: "StreamAbort",
    xid,
    subXid,
    abortLsn: isLong ? cursor.lsn() : undefined,
    abortedAt: isLong ? cursor.int64() : undefined,
  }
}

const readTruncate = (cursor: MessageCursor, inStream: boolean): PgOutputMessage => {
  const xid = readXid(cursor, inStream)
  const count = cursor.int32()
  const flags = cursor.byte()
  // Each takes four bytes: what says that there are more is not believed.
  if (count < 0 || count * 4 > cursor.bytes.length - cursor.at)
    throw new CursorFault("a count is wrong")
  const relations: Array<Oid> = []
  for (let index = 0; index < count; index++) relations.push(cursor.uint32())
  return {
    tag: "Truncate",
    xid,
    relations,
    cascade: (flags & 1) !== 0,
    restartIdentity: (flags & 2) !== 0,
  }
}

const readLogicalMessage = (cursor: MessageCursor, inStream: boolean): PgOutputMessage => {
  const xid = readXid(cursor, inStream)
  const flags = cursor.byte()
  const lsn = cursor.lsn()
  const prefix = cursor.text()
  const start = cursor.skip(cursor.int32())
  return {
    tag: "Message",
    xid,
    transactional: (flags & 1) !== 0,
    lsn,
    prefix,
    content: cursor.bytes.subarray(start, cursor.at),
  }
}

const identities: Readonly<Record<string, ReplicaIdentity>> = {
  d: "default",
  n: "nothing",
  f: "full",
  i: "index",
}

const readRelation = (cursor: MessageCursor, inStream: boolean): PgOutputMessage => {
  const xid = readXid(cursor, inStream)
  const oid = cursor.uint32()
  const schema = cursor.text()
  const name = cursor.text()
  const replicaIdentity = identities[String.fromCharCode(cursor.byte())]
  if (replicaIdentity === undefined) throw new CursorFault("there is no such replica identity")
  const count = cursor.int16()
  if (count < 0) throw new CursorFault("a count is wrong")
  const columns: Array<RelationColumn> = []
  for (let index = 0; index < count; index++) {
    columns.push({
      isKey: (cursor.byte() & 1) !== 0,
      name: cursor.text(),
      typeOid: cursor.uint32(),
      typeModifier: cursor.int32(),
    })
  }
  // Of the system's own schema the name is left out.
  return {
    tag: "Relation",
    xid,
    oid,
    schema: schema === "" ? "pg_catalog" : schema,
    name,
    replicaIdentity,
    columns,
  }
}

const readNewTuple = (cursor: MessageCursor, kind: number): Tuple => {
  if (kind !== code.newTuple) throw new CursorFault("the new row is missing")
  return readTuple(cursor)
}

const readOldTuple = (cursor: MessageCursor, kind: number): OldTuple => {
  if (kind === code.oldKey) return { kind: "key", tuple: readTuple(cursor) }
  if (kind === code.oldTuple) return { kind: "full", tuple: readTuple(cursor) }
  throw new CursorFault("the old row is missing")
}

const readTuple = (cursor: MessageCursor): Tuple => {
  const count = cursor.int16()
  if (count < 0) throw new CursorFault("a count is wrong")
  const cells: Array<number> = []
  for (let index = 0; index < count; index++) {
    const kind = cursor.byte()
    if (kind === code.text || kind === code.binary) {
      const start = cursor.skip(cursor.int32())
      cells.push(kind === code.text ? Cell.text : Cell.binary, start, cursor.at)
    } else if (kind === code.null) cells.push(Cell.null, 0, 0)
    else if (kind === code.unchanged) cells.push(Cell.unchanged, 0, 0)
    else throw new CursorFault("there is no such form of a value")
  }
  return { bytes: cursor.bytes, cells }
}
