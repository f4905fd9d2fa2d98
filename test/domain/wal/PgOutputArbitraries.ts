// Arbitrary pgoutput messages of every kind.

import * as fc from "fast-check"
import type { Wal } from "../../../src/domain/index.js"
import { type CellValue, nullCell, tupleOf, unchangedCell } from "./EncodePgOutput.js"

const uint32 = fc.nat(0xffff_ffff)
const lsn = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn).map((value) => value as Wal.Lsn)
const micros = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)
const flags = fc.nat(255)
/** Text that can end with a zero byte. */
const text = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .map((value) => value.replaceAll("\u0000", ""))

const cell: fc.Arbitrary<CellValue> = fc.oneof(
  fc.constant(nullCell),
  fc.constant(unchangedCell),
  fc.string({ unit: "grapheme" }).map((value): CellValue => ({ kind: "text", text: value })),
  fc.array(fc.nat(255), { maxLength: 8 }).map((bytes): CellValue => ({ kind: "binary", bytes })),
)
const tuple = fc.array(cell, { maxLength: 6 }).map(tupleOf)
const old = fc.record({ kind: fc.constantFrom("key" as const, "full" as const), tuple })

const commit = { flags, commitLsn: lsn, endLsn: lsn, committedAt: micros }
const prepared = { prepareLsn: lsn, endLsn: lsn, preparedAt: micros, xid: uint32, gid: text }
const tag = <Tag extends string>(name: Tag) => fc.constant(name)

/** A message with the context in which it can stand. */
export interface InContext {
  readonly message: Wal.PgOutputMessage
  readonly inStream: boolean
}

const changes = (xid: fc.Arbitrary<number | undefined>) =>
  fc.oneof(
    fc.record({ tag: tag("Insert"), xid, relation: uint32, after: tuple }),
    fc.record({
      tag: tag("Update"),
      xid,
      relation: uint32,
      before: fc.option(old, { nil: undefined }),
      after: tuple,
    }),
    fc.record({ tag: tag("Delete"), xid, relation: uint32, before: old }),
    fc.record({
      tag: tag("Truncate"),
      xid,
      relations: fc.array(uint32, { maxLength: 4 }),
      cascade: fc.boolean(),
      restartIdentity: fc.boolean(),
    }),
    fc.record({
      tag: tag("Message"),
      xid,
      transactional: fc.boolean(),
      lsn,
      prefix: text,
      content: fc.uint8Array({ maxLength: 20 }),
    }),
    fc.record({
      tag: tag("Relation"),
      xid,
      oid: uint32,
      schema: text.filter((name) => name !== ""),
      name: text,
      replicaIdentity: fc.constantFrom(
        "default" as const,
        "nothing" as const,
        "full" as const,
        "index" as const,
      ),
      columns: fc.array(
        fc.record({
          isKey: fc.boolean(),
          name: text,
          typeOid: uint32,
          typeModifier: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        }),
        { maxLength: 4 },
      ),
    }),
    fc.record({ tag: tag("Type"), xid, oid: uint32, schema: text, name: text }),
  )

const alone = fc.oneof(
  fc.record({ tag: tag("Begin"), commitLsn: lsn, committedAt: micros, xid: uint32 }),
  fc.record({ tag: tag("Commit"), ...commit }),
  fc.record({ tag: tag("Origin"), commitLsn: lsn, name: text }),
  fc.record({ tag: tag("StreamStart"), xid: uint32, isFirst: fc.boolean() }),
  fc.record({ tag: tag("StreamStop") }),
  fc.record({ tag: tag("StreamCommit"), xid: uint32, ...commit }),
  fc.oneof(
    fc.record({
      tag: tag("StreamAbort"),
      xid: uint32,
      subXid: uint32,
      abortLsn: fc.constant(undefined),
      abortedAt: fc.constant(undefined),
    }),
    fc.record({
      tag: tag("StreamAbort"),
      xid: uint32,
      subXid: uint32,
      abortLsn: lsn,
      abortedAt: micros,
    }),
  ),
  fc.record({ tag: tag("BeginPrepare"), ...prepared }),
  fc.record({ tag: tag("Prepare"), flags, ...prepared }),
  fc.record({ tag: tag("StreamPrepare"), flags, ...prepared }),
  fc.record({ tag: tag("CommitPrepared"), ...commit, xid: uint32, gid: text }),
  fc.record({
    tag: tag("RollbackPrepared"),
    flags,
    prepareEndLsn: lsn,
    rollbackEndLsn: lsn,
    preparedAt: micros,
    rolledBackAt: micros,
    xid: uint32,
    gid: text,
  }),
)

export const messageInContext: fc.Arbitrary<InContext> = fc.oneof(
  changes(uint32).map((message) => ({ message, inStream: true })),
  changes(fc.constant(undefined)).map((message) => ({ message, inStream: false })),
  fc.record({ message: alone, inStream: fc.boolean() }),
)
