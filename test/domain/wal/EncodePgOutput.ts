// Writes pgoutput messages as a server does, for tests: the decoder's inverse, written on its own.

import { Wal } from "../../../src/domain/index.js"

/** A value of a tuple as tests state it. */
export type CellValue =
  | { readonly kind: "null" }
  | { readonly kind: "unchanged" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary"; readonly bytes: ReadonlyArray<number> }

export const textCell = (text: string): CellValue => ({ kind: "text", text })
export const nullCell: CellValue = { kind: "null" }
export const unchangedCell: CellValue = { kind: "unchanged" }

/** A tuple whose values stand one after the other in bytes of its own. */
export const tupleOf = (values: ReadonlyArray<CellValue>): Wal.Tuple => {
  const writer = new Writer()
  const cells: Array<number> = []
  for (const value of values) {
    const start = writer.bytes.length
    if (value.kind === "text") writer.raw(...Buffer.from(value.text))
    if (value.kind === "binary") writer.raw(...value.bytes)
    const hasValue = value.kind === "text" || value.kind === "binary"
    cells.push(Wal.Cell[value.kind], hasValue ? start : 0, hasValue ? writer.bytes.length : 0)
  }
  return { bytes: Uint8Array.from(writer.bytes), cells }
}

export const valuesOf = ({ bytes, cells }: Wal.Tuple): ReadonlyArray<CellValue> =>
  Array.from({ length: cells.length / 3 }, (_, index): CellValue => {
    const value = bytes.slice(cells[3 * index + 1], cells[3 * index + 2])
    switch (cells[3 * index]) {
      case Wal.Cell.text:
        return { kind: "text", text: Wal.readUtf8(value, 0, value.length) }
      case Wal.Cell.binary:
        return { kind: "binary", bytes: [...value] }
      case Wal.Cell.unchanged:
        return unchangedCell
      default:
        return nullCell
    }
  })

class Writer {
  readonly bytes: Array<number> = []

  raw(...bytes: ReadonlyArray<number>): this {
    for (const byte of bytes) this.bytes.push(byte)
    return this
  }

  char(char: string): this {
    return this.raw(char.charCodeAt(0))
  }

  int(value: number | bigint, size: 1 | 2 | 4 | 8): this {
    const buffer = Buffer.alloc(8)
    buffer.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)))
    return this.raw(...buffer.subarray(8 - size))
  }

  text(text: string): this {
    return this.raw(...Buffer.from(text), 0)
  }

  xid(xid: number | undefined): this {
    return xid === undefined ? this : this.int(xid, 4)
  }

  tuple(kind: string, tuple: Wal.Tuple): this {
    const values = valuesOf(tuple)
    this.char(kind).int(values.length, 2)
    for (const value of values) {
      if (value.kind === "null") this.char("n")
      else if (value.kind === "unchanged") this.char("u")
      else {
        const bytes = value.kind === "text" ? [...Buffer.from(value.text)] : value.bytes
        this.char(value.kind === "text" ? "t" : "b")
          .int(bytes.length, 4)
          .raw(...bytes)
      }
    }
    return this
  }

  old(before: Wal.OldTuple): this {
    return this.tuple(before.kind === "key" ? "K" : "O", before.tuple)
  }
}

export const encodeMessage = (message: Wal.PgOutputMessage): Uint8Array =>
  Uint8Array.from(write(message).bytes)

const identities = { default: "d", nothing: "n", full: "f", index: "i" } as const

const write = (m: Wal.PgOutputMessage): Writer => {
  const w = new Writer()
  switch (m.tag) {
    case "Begin":
      return w.char("B").int(m.commitLsn, 8).int(m.committedAt, 8).int(m.xid, 4)
    case "Commit":
      return w.char("C").int(m.flags, 1).int(m.commitLsn, 8).int(m.endLsn, 8).int(m.committedAt, 8)
    case "Origin":
      return w.char("O").int(m.commitLsn, 8).text(m.name)
    case "Relation":
      w.char("R").xid(m.xid).int(m.oid, 4).text(m.schema).text(m.name)
      w.char(identities[m.replicaIdentity]).int(m.columns.length, 2)
      for (const { isKey, name, typeModifier, typeOid } of m.columns) {
        w.int(isKey ? 1 : 0, 1)
          .text(name)
          .int(typeOid, 4)
          .int(typeModifier, 4)
      }
      return w
    case "Type":
      return w.char("Y").xid(m.xid).int(m.oid, 4).text(m.schema).text(m.name)
    case "Insert":
      return w.char("I").xid(m.xid).int(m.relation, 4).tuple("N", m.after)
    case "Update":
      w.char("U").xid(m.xid).int(m.relation, 4)
      if (m.before !== undefined) w.old(m.before)
      return w.tuple("N", m.after)
    case "Delete":
      return w.char("D").xid(m.xid).int(m.relation, 4).old(m.before)
    case "Truncate":
      w.char("T").xid(m.xid).int(m.relations.length, 4)
      w.int((m.cascade ? 1 : 0) + (m.restartIdentity ? 2 : 0), 1)
      for (const oid of m.relations) w.int(oid, 4)
      return w
    case "Message":
      w.char("M")
        .xid(m.xid)
        .int(m.transactional ? 1 : 0, 1)
        .int(m.lsn, 8)
        .text(m.prefix)
      return w.int(m.content.length, 4).raw(...m.content)
    case "StreamStart":
      return w
        .char("S")
        .int(m.xid, 4)
        .int(m.isFirst ? 1 : 0, 1)
    case "StreamStop":
      return w.char("E")
    case "StreamCommit":
      w.char("c").int(m.xid, 4).int(m.flags, 1)
      return w.int(m.commitLsn, 8).int(m.endLsn, 8).int(m.committedAt, 8)
    case "StreamAbort":
      w.char("A").int(m.xid, 4).int(m.subXid, 4)
      return m.abortLsn === undefined ? w : w.int(m.abortLsn, 8).int(m.abortedAt ?? 0n, 8)
    case "BeginPrepare":
      w.char("b").int(m.prepareLsn, 8).int(m.endLsn, 8).int(m.preparedAt, 8)
      return w.int(m.xid, 4).text(m.gid)
    case "Prepare":
    case "StreamPrepare":
      w.char(m.tag === "Prepare" ? "P" : "p")
        .int(m.flags, 1)
        .int(m.prepareLsn, 8)
      return w.int(m.endLsn, 8).int(m.preparedAt, 8).int(m.xid, 4).text(m.gid)
    case "CommitPrepared":
      w.char("K").int(m.flags, 1).int(m.commitLsn, 8).int(m.endLsn, 8).int(m.committedAt, 8)
      return w.int(m.xid, 4).text(m.gid)
    case "RollbackPrepared":
      w.char("r").int(m.flags, 1).int(m.prepareEndLsn, 8).int(m.rollbackEndLsn, 8)
      return w.int(m.preparedAt, 8).int(m.rolledBackAt, 8).int(m.xid, 4).text(m.gid)
  }
}
