/**
 * Rows that were read from their table, as CloudEvents: of the type `<prefix>.<schema>.<table>.read`, with
 * `data.snapshot: true`.
 *
 * An event is recognised by its `id`: which snapshot, which table, and which row by its key, or, where
 * that is not known or too long, by the version of the row. Both are the same when a part of a table
 * is read again after a crash.
 */
import { Either } from "effect"
import type { CloudEvent } from "../event/index.js"
import { attributeText } from "./AttributeText.js"
import { changeType, keyText } from "./ChangeEvent.js"
import { eventOfRow } from "./DescribedEvent.js"
import { formatLsn, type Lsn } from "./Lsn.js"
import { fixedNamespace } from "./NamespaceTemplate.js"
import type { Tuple } from "./PgOutput.js"
import type { RelationShape } from "./RelationShape.js"
import { rowNamespace } from "./RowNamespace.js"
import type { EventPlan, EventReceiver } from "./TransactionEvents.js"

/** Part of a table, as it was read. */
export interface TableRead {
  /** Tells this snapshot of the table from others. */
  readonly snapshot: string
  readonly shape: RelationShape
  /** Whether the key of the shape is whole: no other row of the table has the same. */
  readonly isIdentified: boolean
  /** RFC 3339. */
  readonly time: string
  /** What the rows hold: everything that was committed before this place. */
  readonly lsn: Lsn
}

export interface RowRead {
  /** Its first columns are those of the shape. */
  readonly tuple: Tuple
  /** Of the row among all that the database has ever held at the same time. */
  readonly version: string
}

/** Longer keys would make for large indexes of ids. */
const maxKeyLength = 500

/** What becomes of rows: makes an event of each, in order. */
export const readEvents = (
  plan: EventPlan,
  read: TableRead,
  rows: Iterable<RowRead>,
  receiver: EventReceiver,
): void => {
  const { isIdentified, lsn, shape, snapshot, time } = read
  const { name, oid, schema } = shape.relation
  const { source } = plan
  const fixed = fixedNamespace(plan.namespace)
  const type = changeType(plan.typePrefix, shape, "read")
  const isEventTable = plan.eventTables.has(`${schema}.${name}`)
  const position = formatLsn(lsn)
  for (const { tuple, version } of rows) {
    const namespace = fixed ?? rowNamespace(plan.namespace, shape, tuple)
    const { row } = shape.read(tuple)
    if (isEventTable) {
      const described = eventOfRow(row, source, { time })
      if (Either.isRight(described)) receiver.event({ namespace, event: described.right })
      else {
        const what = `${schema}.${name}`
        receiver.unreadable({ lsn: position, what, reason: described.left })
      }
      continue
    }
    const key = keyText(shape, tuple)
    const identity =
      isIdentified && key !== undefined && isWhole(shape, tuple, key) ? `/${key}` : `@${version}`
    const event: unknown = {
      specversion: "1.0",
      id: `snapshot/${snapshot}/${oid}${identity}`,
      source,
      type,
      ...(key === undefined ? {} : { subject: key, partitionkey: key }),
      time,
      datacontenttype: "application/json",
      data: { after: row, snapshot: true, position },
    }
    receiver.event({ namespace, event: event as CloudEvent })
  }
}

/** Whether the text of a key is short and as it is in the row, so that no other key has the same. */
const isWhole = (shape: RelationShape, tuple: Tuple, key: string): boolean => {
  if (key.length > maxKeyLength) return false
  const texts = shape.key.map((index) => shape.text(tuple, index) ?? "")
  return texts.every((text) => text === "" || attributeText(text) === text)
}
