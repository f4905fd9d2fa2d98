import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Wal } from "../../../src/domain/index.js"
import {
  encodeMessage,
  nullCell,
  textCell,
  tupleOf,
  unchangedCell,
  valuesOf,
} from "./EncodePgOutput.js"
import { messageInContext } from "./PgOutputArbitraries.js"

const lsn = Wal.Lsn.make

/** A row as the form has it, from its values alone. */
const row = (tuple: Wal.Tuple) => {
  const columns = valuesOf(tuple).map((value) => {
    switch (value.kind) {
      case "null":
        return { data_type: "n", length: 0, data: "" }
      case "unchanged":
        return { data_type: "u", length: 0, data: "" }
      case "text":
        return { data_type: "t", length: Buffer.byteLength(value.text), data: value.text }
      case "binary": {
        const { bytes } = value
        return {
          data_type: "b",
          length: bytes.length,
          data: Buffer.from(bytes).toString("base64"),
        }
      }
    }
  })
  // What the row takes on the wire, after the byte that says which row it is.
  const insert = encodeMessage({ tag: "Insert", xid: undefined, relation: 1, after: tuple })
  const processed_length = insert.length - 1 - 4 - 1
  return { column_count: columns.length, columns, processed_length }
}

const old = (before: Wal.OldTuple) => (before.kind === "key" ? "K" : "O")

const formOf = (change: Wal.RowChange, xid: number | undefined): unknown => {
  const stream = { is_stream: xid !== undefined, xid: xid ?? null }
  switch (change.tag) {
    case "Insert":
      return {
        type: "insert",
        relation_id: change.relation,
        tuple_data: row(change.after),
        ...stream,
      }
    case "Update":
      return {
        type: "update",
        relation_id: change.relation,
        key_type: change.before === undefined ? null : old(change.before),
        old_tuple_data: change.before === undefined ? null : row(change.before.tuple),
        new_tuple_data: row(change.after),
        ...stream,
      }
    case "Delete":
      return {
        type: "delete",
        relation_id: change.relation,
        key_type: old(change.before),
        tuple_data: row(change.before.tuple),
        ...stream,
      }
    case "Truncate":
      return {
        type: "truncate",
        relation_ids: change.relations,
        flags: (change.cascade ? 1 : 0) + (change.restartIdentity ? 2 : 0),
        ...stream,
      }
  }
}

const isRowChange = (message: Wal.PgOutputMessage): message is Wal.RowChange =>
  ["Insert", "Update", "Delete", "Truncate"].includes(message.tag)

describe("messages in the form of wal2http", () => {
  test("every change of rows has all its columns, in order, as they were sent", () => {
    fc.assert(
      fc.property(messageInContext, ({ inStream, message }) => {
        fc.pre(isRowChange(message))
        // Through the decoder, so that values lie in the bytes of their message.
        const decoded = Either.getOrThrow(Wal.decodeMessage(encodeMessage(message), { inStream }))
        if (!isRowChange(decoded) || !isRowChange(message)) return
        const { xid } = decoded
        expect(JSON.parse(Wal.changeJson(decoded, xid))).toEqual(formOf(message, xid))
      }),
      { numRuns: 500 },
    )
  })

  test("what a change is does not depend on its numbers, though they look like the letters of rows", () => {
    for (const letter of ["N", "K", "O"]) {
      const oid = letter.charCodeAt(0) * 0x1000000 + 1
      const after = tupleOf([textCell("1")])
      for (const xid of [undefined, 7]) {
        const bytes = encodeMessage({ tag: "Insert", xid, relation: oid, after })
        const decoded = Either.getOrThrow(Wal.decodeMessage(bytes, { inStream: xid !== undefined }))
        if (!isRowChange(decoded)) throw new Error("not what was written")
        expect(JSON.parse(Wal.changeJson(decoded, decoded.xid))).toMatchObject({
          relation_id: oid,
          is_stream: xid !== undefined,
          xid: xid ?? null,
        })
      }
    }
  })

  test("the example of the form, to the letter", () => {
    const after = tupleOf([textCell("42"), nullCell, unchangedCell, textCell("é\n")])
    expect(
      Wal.changeJson({ tag: "Insert", xid: undefined, relation: 16401, after }, undefined),
    ).toBe(
      '{"type":"insert","relation_id":16401,"tuple_data":{"column_count":4,"columns":[' +
        '{"data_type":"t","length":2,"data":"42"},{"data_type":"n","length":0,"data":""},' +
        '{"data_type":"u","length":0,"data":""},{"data_type":"t","length":3,"data":"é\\n"}' +
        '],"processed_length":19},"is_stream":false,"xid":null}',
    )
  })

  test("log positions are digits, also those that no double holds", () => {
    const commit = {
      tag: "Commit",
      flags: 0,
      commitLsn: lsn(9_007_199_254_740_993n),
      endLsn: lsn(18_446_744_073_709_551_615n),
      committedAt: 820_454_400_000_001n,
    } as const
    expect(Wal.commitJson(commit)).toBe(
      '{"type":"commit","flags":0,"commit_lsn":9007199254740993,"end_lsn":18446744073709551615,"timestamp":820454400000001}',
    )
    expect(Wal.streamCommitJson({ ...commit, tag: "StreamCommit", xid: 7 })).toBe(
      '{"type":"stream_commit","xid":7,"flags":0,"commit_lsn":9007199254740993,"end_lsn":18446744073709551615,"timestamp":820454400000001}',
    )
    expect(Wal.beginJson(4_294_967_295)).toBe('{"type":"begin","xid":4294967295}')
  })

  test("a relation has the letters and flags of the catalog", () => {
    const relation: Wal.Relation = {
      tag: "Relation",
      xid: undefined,
      oid: 16401,
      schema: "public",
      name: 'or"ders',
      replicaIdentity: "full",
      columns: [
        { name: "id", isKey: true, typeOid: 23, typeModifier: -1 },
        { name: "name", isKey: false, typeOid: 1043, typeModifier: 24 },
      ],
    }
    expect(JSON.parse(Wal.relationJson(relation))).toEqual({
      type: "relation",
      relation: {
        oid: 16401,
        namespace: "public",
        relation_name: 'or"ders',
        replica_identity: "f",
        column_count: 2,
        columns: [
          { key_flag: 1, column_name: "id", column_type: 23, atttypmod: -1 },
          { key_flag: 0, column_name: "name", column_type: 1043, atttypmod: 24 },
        ],
      },
    })
  })
})

const collect = (
  run: (messages: Wal.TransactionMessages, emit: (message: Wal.TransactionMessage) => void) => void,
) => {
  const told: Array<Wal.TransactionMessage> = []
  run(new Wal.TransactionMessages(), (message) => told.push(message))
  return told
}

const place = { commitLsn: lsn(0x16b3748n), committedAt: 820_454_400_000_000n }
const end = { flags: 0, ...place, endLsn: lsn(0x16b3778n) }
const insert: Wal.Insert = {
  tag: "Insert",
  xid: 9,
  relation: 1,
  after: tupleOf([textCell("1")]),
}
const relation: Wal.Relation = {
  tag: "Relation",
  xid: undefined,
  oid: 1,
  schema: "s",
  name: "t",
  replicaIdentity: "default",
  columns: [],
}

describe("the messages of a transaction", () => {
  const plain = () =>
    collect((messages, emit) => {
      messages.begin({ tag: "Begin", ...place, xid: 9 }, emit)
      messages.describe(relation, emit)
      messages.change({ ...insert, xid: undefined }, emit)
      messages.describe(relation, emit)
      messages.change({ ...insert, xid: undefined }, emit)
      messages.end({ tag: "Commit", ...end }, emit)
    })

  test("each has a key of its own, the same when they are sent again", () => {
    const told = plain()
    expect(told.map(({ key }) => key)).toEqual([
      "0/16B3748.82trjq96o0.begin",
      "0/16B3748.82trjq96o0.relation-1-0",
      "0/16B3748.82trjq96o0.0",
      "0/16B3748.82trjq96o0.relation-1-1",
      "0/16B3748.82trjq96o0.1",
      "0/16B3748.82trjq96o0.commit",
    ])
    expect(plain()).toEqual(told)
    expect(told.map(({ isChange }) => isChange)).toEqual([false, false, true, false, true, false])
  })

  test("a key does not depend on whether its relation was told of before", () => {
    const again = collect((messages, emit) => {
      messages.begin({ tag: "Begin", ...place, xid: 9 }, emit)
      messages.change({ ...insert, xid: undefined }, emit)
    })
    expect(again.at(-1)?.key).toBe(plain()[2]?.key)
  })

  test("one that was streamed has the forms of a stream, with the subtransaction of each change", () => {
    const told = collect((messages, emit) => {
      messages.begin({ tag: "StreamCommit", ...end, xid: 8 }, emit)
      messages.change(insert, emit)
      messages.end({ tag: "StreamCommit", ...end, xid: 8 }, emit)
    })
    expect(told.map(({ json }): unknown => JSON.parse(json))).toEqual([
      { type: "stream_start", xid: 8, first_segment: true },
      expect.objectContaining({ type: "insert", is_stream: true, xid: 9 }),
      { type: "stream_stop" },
      expect.objectContaining({ type: "stream_commit", xid: 8, end_lsn: 0x16b3778 }),
    ])
  })

  test("one that was prepared has the forms of a plain one, however it came", () => {
    const prepared = { tag: "CommitPrepared", ...end, xid: 8, gid: "g" } as const
    const told = collect((messages, emit) => {
      messages.begin(prepared, emit)
      messages.change(insert, emit)
      messages.end(prepared, emit)
    })
    expect(told.map(({ json }): unknown => JSON.parse(json))).toEqual([
      { type: "begin", xid: 8 },
      expect.objectContaining({ type: "insert", is_stream: false, xid: null }),
      expect.objectContaining({ type: "commit" }),
    ])
  })

  test("logical messages have no form, and what is described before a commit is told after it", () => {
    const told = collect((messages, emit) => {
      messages.describe(relation)
      messages.begin({ tag: "Begin", ...place, xid: 9 }, emit)
      messages.change(
        {
          tag: "Message",
          xid: undefined,
          transactional: true,
          lsn: lsn(1n),
          prefix: "p",
          content: Uint8Array.of(1),
        },
        emit,
      )
    })
    expect(told).toHaveLength(1)
  })
})
