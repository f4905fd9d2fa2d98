// Replication messages as JSON in the form of wal2http: a line for each message, rows as the columns that
// were sent, in their order and without their names.
//
// Written as text at once: log positions are unsigned numbers of 64 bits, more than a number of
// JavaScript holds, and stand in the JSON as the digits that they are.

import { Encoding } from "effect"
import {
  Cell,
  type Commit,
  type Delete,
  type Insert,
  type Oid,
  type OldTuple,
  type Relation,
  type StreamCommit,
  type Truncate,
  type Tuple,
  tupleSize,
  type Update,
  type Xid,
} from "./PgOutput.js"
import { type ReadText, readUtf8 } from "./ReadText.js"

/** A change that has a form in this JSON. */
export type RowChange = Insert | Update | Delete | Truncate

export const beginJson = (xid: Xid): string => `{"type":"begin","xid":${xid}}`

type End = Pick<Commit, "commitLsn" | "committedAt" | "endLsn" | "flags">

/** Times are microseconds since 2000-01-01 UTC. */
const endJson = ({ commitLsn, committedAt, endLsn, flags }: End): string =>
  `"flags":${flags},"commit_lsn":${commitLsn},"end_lsn":${endLsn},"timestamp":${committedAt}`

export const commitJson = (commit: End): string => `{"type":"commit",${endJson(commit)}}`

export const streamStartJson = (xid: Xid): string =>
  `{"type":"stream_start","xid":${xid},"first_segment":true}`

export const streamStopJson = '{"type":"stream_stop"}'

export const streamCommitJson = (commit: StreamCommit): string =>
  `{"type":"stream_commit","xid":${commit.xid},${endJson(commit)}}`

/** As the catalog writes it: `pg_class.relreplident`. */
const identityLetters: Readonly<Record<Relation["replicaIdentity"], string>> = {
  default: "d",
  nothing: "n",
  full: "f",
  index: "i",
}

export const relationJson = (relation: Relation): string => {
  const { columns, name, oid, replicaIdentity, schema } = relation
  return JSON.stringify({
    type: "relation",
    relation: {
      oid,
      namespace: schema,
      relation_name: name,
      replica_identity: identityLetters[replicaIdentity],
      column_count: columns.length,
      columns: columns.map((column) => ({
        key_flag: column.isKey ? 1 : 0,
        column_name: column.name,
        column_type: column.typeOid,
        atttypmod: column.typeModifier,
      })),
    },
  })
}

/** `xid`: of the (sub)transaction where the change was streamed before its commit, else undefined. */
export const changeJson = (
  change: RowChange,
  xid: Xid | undefined,
  readText: ReadText = readUtf8,
): string => {
  const row = (tuple: Tuple) => tupleJson(tuple, readText)
  const stream = `"is_stream":${xid !== undefined},"xid":${xid ?? "null"}`
  switch (change.tag) {
    case "Insert":
      return `{"type":"insert",${relationId(change.relation)},"tuple_data":${row(change.after)},${stream}}`
    case "Update": {
      const { after, before, relation } = change
      const key = before === undefined ? "null" : keyType(before)
      const old = before === undefined ? "null" : row(before.tuple)
      return `{"type":"update",${relationId(relation)},"key_type":${key},"old_tuple_data":${old},"new_tuple_data":${row(after)},${stream}}`
    }
    case "Delete": {
      const { before, relation } = change
      return `{"type":"delete",${relationId(relation)},"key_type":${keyType(before)},"tuple_data":${row(before.tuple)},${stream}}`
    }
    case "Truncate": {
      const flags = (change.cascade ? 1 : 0) | (change.restartIdentity ? 2 : 0)
      return `{"type":"truncate","relation_ids":[${change.relations.join(",")}],"flags":${flags},${stream}}`
    }
  }
}

const relationId = (oid: Oid): string => `"relation_id":${oid}`

const keyType = ({ kind }: OldTuple): string => (kind === "key" ? '"K"' : '"O"')

const nullColumn = '{"data_type":"n","length":0,"data":""}'
const unchangedColumn = '{"data_type":"u","length":0,"data":""}'

/** `processed_length` is what the row takes in the message: 2 bytes, 1 for each column, 4 and its own for each value. */
const tupleJson = (tuple: Tuple, readText: ReadText): string => {
  const { bytes, cells } = tuple
  const count = tupleSize(tuple)
  let processed = 2
  let columns = ""
  for (let at = 0; at < cells.length; at += 3) {
    const kind = cells[at]
    const start = cells[at + 1] ?? 0
    const end = cells[at + 2] ?? 0
    if (at > 0) columns += ","
    processed += 1
    if (kind === Cell.null) columns += nullColumn
    else if (kind === Cell.unchanged) columns += unchangedColumn
    else {
      processed += 4 + end - start
      const isText = kind === Cell.text
      const data = isText
        ? readText(bytes, start, end)
        : Encoding.encodeBase64(bytes.subarray(start, end))
      columns += `{"data_type":"${isText ? "t" : "b"}","length":${end - start},"data":${JSON.stringify(data)}}`
    }
  }
  return `{"column_count":${count},"columns":[${columns}],"processed_length":${processed}}`
}
