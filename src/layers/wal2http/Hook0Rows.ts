// Events for Hook0 out of the rows of event tables: those that are inserted, and those that are updated,
// whose events Hook0 knows by their ids. Other tables have no events.

import { type Effect, Either } from "effect"
import type { ChangeMaker, Emit } from "../../actors/index.js"
import { Wal } from "../../domain/index.js"
import type { EventPost } from "../transports/hook0/Hook0Event.js"
import {
  type EventCell,
  type EventColumn,
  eventColumns,
  eventPostOfRow,
  type EventRow,
} from "./Hook0Row.js"
import type { Parcel } from "./ParcelSink.js"

export interface Hook0Parcel extends Parcel {
  /** Left is why Hook0 would never take it. */
  readonly post: Either.Either<EventPost, string>
}

export interface Hook0RowsOptions {
  readonly applicationId: string
  readonly readText: Wal.ReadText
  /** A relation, described for the first time, whose rows are no events. */
  readonly passedOver: (table: string) => Effect.Effect<void>
}

interface Place {
  readonly column: EventColumn
  readonly index: number
  readonly typeOid: Wal.Oid
}

interface EventTable {
  readonly table: string
  /** Undefined: its rows are no events. */
  readonly places: ReadonlyArray<Place> | undefined
}

export class Hook0Rows implements ChangeMaker<Hook0Parcel> {
  readonly #options: Hook0RowsOptions
  readonly #toldOf = new Set<string>()
  #tables: ReadonlyMap<Wal.Oid, EventTable> = new Map()
  #stamp: Wal.TransactionStamp | undefined
  #index = 0

  constructor(options: Hook0RowsOptions) {
    this.#options = options
  }

  describe(relation: Wal.Relation): Effect.Effect<void> | undefined {
    const table = `${relation.schema}.${relation.name}`
    const all = eventColumns.flatMap((column) => {
      const index = relation.columns.findIndex(({ name }) => name === column)
      const typeOid = relation.columns[index]?.typeOid
      return typeOid === undefined ? [] : [{ column, index, typeOid }]
    })
    const has = (name: EventColumn) => all.some(({ column }) => column === name)
    const places = has("event_id") && has("event_type") ? all : undefined
    this.#tables = new Map(this.#tables).set(relation.oid, { table, places })
    if (places !== undefined || this.#toldOf.has(table)) return undefined
    this.#toldOf.add(table)
    return this.#options.passedOver(table)
  }

  begin(transaction: Wal.Transaction): void {
    this.#stamp = Wal.stampOf(transaction)
    this.#index = 0
  }

  change(change: Wal.ChangeMessage, emit: Emit<Hook0Parcel>): void {
    const index = this.#index++
    if (change.tag !== "Insert" && change.tag !== "Update") return
    const known = this.#tables.get(change.relation)
    if (known === undefined) throw new Wal.UnknownRelation(change.relation)
    const { places, table } = known
    if (places === undefined || this.#stamp === undefined) return
    const before =
      change.tag === "Update" && change.before?.kind === "full" ? change.before.tuple : undefined
    const row = this.#rowOf(places, change.after, before)
    // A large value that the update did not touch was not sent: its event was there with the insert.
    if (row === undefined) return
    const { idPrefix, time } = this.#stamp
    const { applicationId } = this.#options
    const post = eventPostOfRow(row, { applicationId, table, committedAt: time })
    emit({
      key: `${idPrefix}${index}`,
      isChange: true,
      json: Either.match(post, {
        onLeft: () => JSON.stringify(textsOf(row)),
        onRight: (event) => JSON.stringify(event),
      }),
      post,
    })
  }

  end(): void {
    this.#stamp = undefined
  }

  mark(): () => void {
    const tables = this.#tables
    return () => {
      this.#tables = tables
    }
  }

  #rowOf(
    places: ReadonlyArray<Place>,
    after: Wal.Tuple,
    before: Wal.Tuple | undefined,
  ): EventRow | undefined {
    const row: Partial<Record<EventColumn, EventCell>> = {}
    for (const { column, index, typeOid } of places) {
      const isSent = after.cells[3 * index] !== Wal.Cell.unchanged
      const tuple = isSent ? after : before
      if (tuple === undefined) return undefined
      row[column] = { text: this.#text(tuple, index), typeOid }
    }
    return row
  }

  #text({ bytes, cells }: Wal.Tuple, index: number): string | undefined {
    return cells[3 * index] === Wal.Cell.text
      ? this.#options.readText(bytes, cells[3 * index + 1] ?? 0, cells[3 * index + 2] ?? 0)
      : undefined
  }
}

const textsOf = (row: EventRow): Readonly<Record<string, string | null>> =>
  Object.fromEntries(
    Object.entries(row).map(([column, cell]) => [column, cell.text ?? null] as const),
  )
