/**
 * The events of committed transactions: what a source makes of the messages between the beginning
 * and the end of one. Knows the relations and types that the server has described so far.
 */
import { Either } from "effect"
import type { CloudEvent } from "../event/index.js"
import {
  changeEvent,
  changeType,
  keyText,
  type Operation,
  stampOf,
  type Transaction,
  type TransactionStamp,
} from "./ChangeEvent.js"
import { eventOfMessage, eventOfRow } from "./DescribedEvent.js"
import { formatLsn } from "./Lsn.js"
import { fixedNamespace, type NamespaceTemplate } from "./NamespaceTemplate.js"
import type {
  ChangeMessage,
  Delete,
  Insert,
  LogicalMessage,
  Oid,
  Relation,
  Truncate,
  Tuple,
  Update,
} from "./PgOutput.js"
import type { PgTypes } from "./PgTypes.js"
import { millisToPgMicros } from "./PgTime.js"
import { type ReadText, readUtf8 } from "./ReadText.js"
import { RelationShape } from "./RelationShape.js"
import { rowNamespace } from "./RowNamespace.js"

export interface EventPlan {
  /** The `source` attribute. */
  readonly source: string
  readonly typePrefix: string
  readonly namespace: NamespaceTemplate
  /** As `schema.table`. */
  readonly eventTables: ReadonlySet<string>
  /** Messages with this prefix describe events; undefined: none do. */
  readonly messagePrefix: string | undefined
}

/** An event with the namespace that it is for, as it is named: perhaps no namespace at all. */
export interface SourcedEvent {
  readonly namespace: string | undefined
  readonly event: CloudEvent
}

/** A row or message that should describe an event and does not. */
export interface UnreadableChange {
  /** Where: the place of the commit, or of the message. */
  readonly lsn: string
  readonly what: string
  readonly reason: string
}

export interface EventReceiver {
  readonly event: (event: SourcedEvent) => void
  readonly unreadable: (change: UnreadableChange) => void
}

/** A change of a relation that the server has not described: it broke the protocol. */
export class UnknownRelation extends Error {
  readonly oid: Oid
  constructor(oid: Oid) {
    super(`The relation ${oid} was changed before it was described.`)
    this.oid = oid
  }
}

export interface Known {
  readonly shape: RelationShape
  readonly types: Readonly<Record<Operation, string>>
  readonly isEventTable: boolean
}

export class TransactionEvents {
  readonly #plan: EventPlan
  readonly #fixed: string | undefined
  readonly #types: PgTypes
  readonly #readText: ReadText
  #relations: ReadonlyMap<Oid, Known> = new Map()
  #stamp: TransactionStamp | undefined
  #index = 0

  constructor(plan: EventPlan, types: PgTypes, readText: ReadText = readUtf8) {
    this.#plan = plan
    this.#fixed = fixedNamespace(plan.namespace)
    this.#types = types
    this.#readText = readText
  }

  /** Rows of the relation are as this says from now on. */
  describe(relation: Relation, primaryKey: ReadonlyArray<string> | undefined): void {
    const shape = new RelationShape(relation, primaryKey, this.#types, this.#readText)
    const type = (operation: Operation) => changeType(this.#plan.typePrefix, shape, operation)
    const known: Known = {
      shape,
      types: {
        inserted: type("inserted"),
        updated: type("updated"),
        deleted: type("deleted"),
        truncated: type("truncated"),
      },
      isEventTable: this.#plan.eventTables.has(`${relation.schema}.${relation.name}`),
    }
    this.#relations = new Map(this.#relations).set(relation.oid, known)
  }

  /** The relations as they are described so far; never changed. */
  get relations(): ReadonlyMap<Oid, Known> {
    return this.#relations
  }

  /** Goes back, or forth, to what was described at another time. */
  set relations(relations: ReadonlyMap<Oid, Known>) {
    this.#relations = relations
  }

  begin(transaction: Transaction): void {
    this.#stamp = stampOf(transaction)
    this.#index = 0
  }

  end(): void {
    this.#stamp = undefined
  }

  /** A change of the transaction begun; every one counts, whether it becomes an event or not. */
  change(change: ChangeMessage, now: number, receiver: EventReceiver): void {
    switch (change.tag) {
      case "Insert":
        return this.#insert(change, receiver)
      case "Update":
        return this.#update(change, receiver)
      case "Delete":
        return this.#delete(change, receiver)
      case "Truncate":
        return this.#truncate(change, receiver)
      case "Message":
        return this.#message(change, now, receiver)
    }
  }

  #known(oid: Oid): Known {
    const known = this.#relations.get(oid)
    if (known === undefined) throw new UnknownRelation(oid)
    return known
  }

  #transaction(): TransactionStamp {
    // A change outside of a transaction cannot be decoded as one.
    return (this.#stamp ??= stampOf(noTransaction))
  }

  #namespaceOf(shape: RelationShape, tuple: Tuple | undefined): string | undefined {
    return this.#fixed ?? rowNamespace(this.#plan.namespace, shape, tuple)
  }

  #insert({ relation, after }: Insert, receiver: EventReceiver): void {
    const { isEventTable, shape, types } = this.#known(relation)
    const stamp = this.#transaction()
    const index = this.#index++
    const namespace = this.#namespaceOf(shape, after)
    const { row, unchanged } = shape.read(after)
    const { source } = this.#plan
    if (isEventTable) {
      const described = eventOfRow(row, source, stamp)
      if (Either.isRight(described)) return receiver.event({ namespace, event: described.right })
      const what = `${shape.relation.schema}.${shape.relation.name}`
      return receiver.unreadable({ lsn: stamp.commitLsn, what, reason: described.left })
    }
    const attributes = { source, type: types.inserted, stamp, index, key: keyText(shape, after) }
    const change = unchanged.length === 0 ? { after: row } : { after: row, unchanged }
    receiver.event({ namespace, event: changeEvent(attributes, change) })
  }

  #update({ relation, before, after }: Update, receiver: EventReceiver): void {
    const { isEventTable, shape, types } = this.#known(relation)
    const stamp = this.#transaction()
    const index = this.#index++
    if (isEventTable) return
    const old = before?.kind === "full" ? before.tuple : undefined
    const { row, unchanged } = shape.read(after, old)
    const change: Record<string, unknown> = {}
    if (before !== undefined) {
      change["before"] =
        before.kind === "full" ? shape.read(before.tuple).row : shape.readKey(before.tuple)
    }
    change["after"] = row
    if (unchanged.length > 0) change["unchanged"] = unchanged
    // Without the old row nobody can tell.
    change["changed"] = old === undefined ? null : shape.changed(old, after)
    const { source } = this.#plan
    const attributes = { source, type: types.updated, stamp, index, key: keyText(shape, after) }
    receiver.event({
      namespace: this.#namespaceOf(shape, after),
      event: changeEvent(attributes, change),
    })
  }

  #delete({ relation, before }: Delete, receiver: EventReceiver): void {
    const { isEventTable, shape, types } = this.#known(relation)
    const stamp = this.#transaction()
    const index = this.#index++
    if (isEventTable) return
    const { tuple } = before
    const row = before.kind === "full" ? shape.read(tuple).row : shape.readKey(tuple)
    const { source } = this.#plan
    const attributes = { source, type: types.deleted, stamp, index, key: keyText(shape, tuple) }
    receiver.event({
      namespace: this.#namespaceOf(shape, tuple),
      event: changeEvent(attributes, { before: row }),
    })
  }

  #truncate({ relations, cascade, restartIdentity }: Truncate, receiver: EventReceiver): void {
    const stamp = this.#transaction()
    const { source } = this.#plan
    for (const oid of relations) {
      const { isEventTable, shape, types } = this.#known(oid)
      const index = this.#index++
      if (isEventTable) continue
      const attributes = { source, type: types.truncated, stamp, index, key: undefined }
      receiver.event({
        namespace: this.#namespaceOf(shape, undefined),
        event: changeEvent(attributes, { cascade, restartIdentity }),
      })
    }
  }

  #message(message: LogicalMessage, now: number, receiver: EventReceiver): void {
    const { content, lsn, prefix, transactional } = message
    // One that is not part of a transaction is known by its own place.
    const index = transactional ? this.#index++ : 0
    if (prefix !== this.#plan.messagePrefix) return
    const stamp = this.#stamp
    const place = formatLsn(lsn)
    const id =
      transactional && stamp !== undefined ? `${stamp.idPrefix}${index}` : `${place}.message`
    const time = transactional && stamp !== undefined ? stamp.time : rfc3339(now)
    const text = this.#readText(content, 0, content.length)
    const described = eventOfMessage(text, this.#plan.source, id, time)
    if (Either.isLeft(described)) {
      return receiver.unreadable({ lsn: place, what: "message", reason: described.left })
    }
    const { event, namespace } = described.right
    receiver.event({ namespace: this.#fixed ?? namespace, event })
  }
}

const noTransaction: Transaction = {
  xid: 0,
  commitLsn: 0n as Transaction["commitLsn"],
  committedAt: millisToPgMicros(0),
}

const rfc3339 = (millis: number): string => new Date(millis).toISOString()
