// A relation as its rows are read: its columns with the readers of their types, and its key.

import { Encoding } from "effect"
import { setMember } from "./PgContainers.js"
import { Cell, type Oid, type Relation, type Tuple } from "./PgOutput.js"
import type { JsonValue } from "./PgScalar.js"
import type { PgTypes } from "./PgTypes.js"
import type { ReadText } from "./ReadText.js"

export type Row = Readonly<Record<string, JsonValue>>

export interface ReadRow {
  readonly row: Row
  /** Names of columns that are not in the row because their values were not sent. */
  readonly unchanged: ReadonlyArray<string>
}

type ReadCell = (bytes: Uint8Array, start: number, end: number) => JsonValue

interface Column {
  readonly name: string
  readonly read: ReadCell
  readonly readText: ReadCell
}

/** At most ten digits, so exact. */
const smallIntegers: ReadonlySet<Oid> = new Set([21, 23, 26])
const boolean: Oid = 16

const none: ReadonlyArray<never> = []

export class RelationShape {
  readonly relation: Relation
  /** Positions of the columns that identify a row, in the order of the key; empty without a key. */
  readonly key: ReadonlyArray<number>
  readonly #columns: ReadonlyArray<Column>
  readonly #readText: ReadText

  /**
   * `primaryKey`: the names of its columns, where the server told; else the columns of the replica
   * identity stand for them, unless that is the whole row.
   */
  constructor(
    relation: Relation,
    primaryKey: ReadonlyArray<string> | undefined,
    types: PgTypes,
    readText: ReadText,
  ) {
    this.relation = relation
    this.#readText = readText
    const names = relation.columns.map(({ name }) => name)
    const told = primaryKey?.map((name) => names.indexOf(name)) ?? []
    this.key =
      told.length > 0 && !told.includes(-1)
        ? told
        : relation.replicaIdentity === "full"
          ? none
          : relation.columns.flatMap(({ isKey }, index) => (isKey ? [index] : []))
    this.#columns = relation.columns.map(({ name, typeOid }) => {
      const readString: ReadCell = (bytes, start, end) => readText(bytes, start, end)
      const scalar = types.reader(typeOid)
      const read: ReadCell = smallIntegers.has(typeOid)
        ? readInteger
        : typeOid === boolean
          ? readBoolean
          : (bytes, start, end) => scalar(readText(bytes, start, end))
      return { name, read, readText: readString }
    })
  }

  indexOf(column: string): number {
    return this.relation.columns.findIndex(({ name }) => name === column)
  }

  /** The row, the values that were not sent taken from `before` where that has them. */
  read(tuple: Tuple, before?: Tuple): ReadRow {
    const { bytes, cells } = tuple
    const row: Record<string, unknown> = {}
    let unchanged: Array<string> | undefined
    for (let index = 0; index < this.#columns.length; index++) {
      const column = this.#columns[index]
      if (column === undefined) continue
      const kind = cells[3 * index]
      if (kind === Cell.text) {
        const value = column.read(bytes, cells[3 * index + 1] ?? 0, cells[3 * index + 2] ?? 0)
        setMember(row, column.name, value)
      } else if (kind === Cell.unchanged && before?.cells[3 * index] === Cell.text) {
        setMember(row, column.name, this.value(before, index))
      } else if (kind === Cell.unchanged) (unchanged ??= []).push(column.name)
      else setMember(row, column.name, this.value(tuple, index))
    }
    return { row, unchanged: unchanged ?? none }
  }

  /** The key columns of an old row of which only those were sent. */
  readKey(tuple: Tuple): Row {
    const row: Record<string, unknown> = {}
    for (const [index, { isKey, name }] of this.relation.columns.entries()) {
      if (isKey) setMember(row, name, this.value(tuple, index))
    }
    return row
  }

  value({ bytes, cells }: Tuple, index: number): JsonValue {
    const start = cells[3 * index + 1] ?? 0
    const end = cells[3 * index + 2] ?? 0
    switch (cells[3 * index]) {
      case Cell.text:
        return this.#columns[index]?.read(bytes, start, end)
      case Cell.binary:
        return Encoding.encodeBase64(bytes.slice(start, end))
      default:
        return null
    }
  }

  /** The value as the server wrote it; undefined where there is none. */
  text({ bytes, cells }: Tuple, index: number): string | undefined {
    return cells[3 * index] === Cell.text
      ? this.#readText(bytes, cells[3 * index + 1] ?? 0, cells[3 * index + 2] ?? 0)
      : undefined
  }

  /** Names of the columns that differ between two whole rows. */
  changed(before: Tuple, after: Tuple): ReadonlyArray<string> {
    const names: Array<string> = []
    for (const [index, { name }] of this.relation.columns.entries()) {
      if (after.cells[3 * index] !== Cell.unchanged && !sameCell(before, after, 3 * index)) {
        names.push(name)
      }
    }
    return names
  }
}

const sameCell = (a: Tuple, b: Tuple, at: number): boolean => {
  if (a.cells[at] !== b.cells[at]) return false
  const from = a.cells[at + 1] ?? 0
  const other = b.cells[at + 1] ?? 0
  const length = (a.cells[at + 2] ?? 0) - from
  if ((b.cells[at + 2] ?? 0) - other !== length) return false
  for (let index = 0; index < length; index++) {
    if (a.bytes[from + index] !== b.bytes[other + index]) return false
  }
  return true
}

const zero = 0x30
const minus = 0x2d

const readInteger: ReadCell = (bytes, start, end) => {
  let value = 0
  const isNegative = bytes[start] === minus
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    value = value * 10 + ((bytes[at] ?? zero) - zero)
  }
  return isNegative ? -value : value
}

const letterT = 0x74
const readBoolean: ReadCell = (bytes, start) => bytes[start] === letterT
