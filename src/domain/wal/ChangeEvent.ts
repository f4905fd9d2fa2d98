// Changes of rows as CloudEvents.
//
// An event is recognised by its `source` (the cluster and the slot) and its `id`: where its
// transaction was committed, when, and which of its changes it is. All three are the same when a
// server sends a transaction again; the time tells it from another at the same place of the log, as
// there can be after a failover that lost some.

import type { CloudEvent } from "../event/index.js"
import { attributeText } from "./AttributeText.js"
import { formatLsn, type Lsn } from "./Lsn.js"
import type { Tuple, Xid } from "./PgOutput.js"
import { formatPgMicros, type PgMicros } from "./PgTime.js"
import type { RelationShape } from "./RelationShape.js"

export interface Transaction {
  readonly xid: Xid
  readonly commitLsn: Lsn
  readonly committedAt: PgMicros
}

/** What all events of a transaction have in common, written once. */
export interface TransactionStamp {
  readonly xid: Xid
  readonly commitLsn: string
  /** RFC 3339. */
  readonly time: string
  readonly idPrefix: string
}

export const stampOf = ({ xid, commitLsn, committedAt }: Transaction): TransactionStamp => {
  const lsn = formatLsn(commitLsn)
  const time = formatPgMicros(committedAt)
  return { xid, commitLsn: lsn, time, idPrefix: `${lsn}.${committedAt.toString(36)}.` }
}

export type Operation = "inserted" | "updated" | "deleted" | "truncated"

/** A name as one segment of an event type: dots and stars mean something there. */
const segment = (name: string): string => name.replace(/[.*%\s\p{Cc}]/gu, encodeChar)

const encodeChar = (char: string): string =>
  char === "." || char === "*"
    ? `%${char.charCodeAt(0).toString(16).toUpperCase()}`
    : encodeURIComponent(char)

/** `<prefix>.<schema>.<table>.<operation>`. */
export const changeType = (
  prefix: string,
  shape: RelationShape,
  operation: Operation | "read",
): string =>
  `${prefix}.${segment(shape.relation.schema)}.${segment(shape.relation.name)}.${operation}`

/** The key of a row as text; undefined where it has none, or it was not sent. */
export const keyText = (shape: RelationShape, tuple: Tuple): string | undefined => {
  if (shape.key.length === 1) return attributeText(shape.text(tuple, shape.key[0] ?? 0))
  if (shape.key.length === 0) return undefined
  const parts: Array<string> = []
  for (const index of shape.key) {
    const part = shape.text(tuple, index)
    if (part === undefined) return undefined
    parts.push(part.replace(/[%,]/g, encodeURIComponent))
  }
  return attributeText(parts.join(","))
}

export interface ChangeAttributes {
  readonly source: string
  readonly type: string
  readonly stamp: TransactionStamp
  /** Which change of its transaction, from 0. */
  readonly index: number
  readonly key: string | undefined
}

/**
 * The event of a change. What it is made of holds to the rules of events already; `change` becomes its
 * data. Written out, since each copy of an object here would cost more than all else of a row.
 */
export const changeEvent = (
  { source, type, stamp, index, key }: ChangeAttributes,
  change: Record<string, unknown>,
): CloudEvent => {
  change["transaction"] = { xid: stamp.xid, commitLsn: stamp.commitLsn, index }
  const event: unknown =
    key === undefined
      ? {
          specversion: "1.0",
          id: stamp.idPrefix + String(index),
          source,
          type,
          time: stamp.time,
          datacontenttype: "application/json",
          data: change,
        }
      : {
          specversion: "1.0",
          id: stamp.idPrefix + String(index),
          source,
          type,
          subject: key,
          time: stamp.time,
          datacontenttype: "application/json",
          partitionkey: key,
          data: change,
        }
  return event as CloudEvent
}
