// The types of a server: what is known of each, and how its values are read.
//
// The built-in ones are known beforehand. Others (enums, domains, composites, extensions and arrays
// and ranges of them) are learnt from the server's catalog; one that is not known is text.

import {
  type CompositeField,
  readArray,
  readComposite,
  readHstore,
  readMultirange,
  readRange,
} from "./PgContainers.js"
import type { Oid } from "./PgOutput.js"
import { type ReadScalar, scalarReader, type ValueOptions } from "./PgScalar.js"

export type PgType =
  /** By its name in `pg_catalog`; a type of an extension is text but for `hstore`. */
  | { readonly kind: "scalar"; readonly name: string }
  | { readonly kind: "array"; readonly element: Oid; readonly delimiter: string }
  /** Read like what it is based on. */
  | { readonly kind: "domain"; readonly base: Oid }
  | {
      readonly kind: "composite"
      readonly fields: ReadonlyArray<{ readonly name: string; readonly type: Oid }>
    }
  | { readonly kind: "range"; readonly bound: Oid }
  | { readonly kind: "multirange"; readonly bound: Oid }

/** Types that name each other in a circle, or lie deeper in each other than this, are text. */
const maxNesting = 16

const text: ReadScalar = (value) => value

export class PgTypes {
  readonly #options: ValueOptions
  readonly #types = new Map<Oid, PgType>(builtIn)
  readonly #readers = new Map<Oid, ReadScalar>()

  constructor(options: ValueOptions) {
    this.#options = options
  }

  knows(oid: Oid): boolean {
    return this.#types.has(oid)
  }

  /** Types that are named by known ones, or by those asked for, and not known themselves. */
  unknownOf(oids: Iterable<Oid>): ReadonlyArray<Oid> {
    const unknown = new Set<Oid>()
    const seen = new Set<Oid>()
    const visit = (oid: Oid): void => {
      if (seen.has(oid)) return
      seen.add(oid)
      const type = this.#types.get(oid)
      if (type === undefined) unknown.add(oid)
      else for (const inner of namedBy(type)) visit(inner)
    }
    for (const oid of oids) visit(oid)
    return [...unknown]
  }

  learn(types: Iterable<readonly [Oid, PgType]>): void {
    for (const [oid, type] of types) this.#types.set(oid, type)
    this.#readers.clear()
  }

  /** Reads the text form of a value of the type. */
  reader(oid: Oid): ReadScalar {
    const known = this.#readers.get(oid)
    if (known !== undefined) return known
    const reader = this.#readerOf(oid, maxNesting)
    this.#readers.set(oid, reader)
    return reader
  }

  #readerOf(oid: Oid, levels: number): ReadScalar {
    const type = this.#types.get(oid)
    if (type === undefined || levels === 0) return text
    switch (type.kind) {
      case "scalar":
        return type.name === "hstore"
          ? (value) => readHstore(value) ?? value
          : scalarReader(type.name, this.#options)
      case "domain":
        return this.#readerOf(type.base, levels - 1)
      case "array": {
        const read = this.#readerOf(type.element, levels - 1)
        return (value) => readArray(value, type.delimiter, read) ?? value
      }
      case "composite": {
        const fields = type.fields.map(
          ({ name, type }): CompositeField => ({ name, read: this.#readerOf(type, levels - 1) }),
        )
        return (value) => readComposite(value, fields) ?? value
      }
      case "range": {
        const read = this.#readerOf(type.bound, levels - 1)
        return (value) => readRange(value, read) ?? value
      }
      case "multirange": {
        const read = this.#readerOf(type.bound, levels - 1)
        return (value) => readMultirange(value, read) ?? value
      }
    }
  }
}

const namedBy = (type: PgType): ReadonlyArray<Oid> => {
  switch (type.kind) {
    case "scalar":
      return []
    case "domain":
      return [type.base]
    case "array":
      return [type.element]
    case "composite":
      return type.fields.map((field) => field.type)
    case "range":
    case "multirange":
      return [type.bound]
  }
}

/** The oids of these are the same on every server: name, its own, that of arrays of it. */
const scalarTypes: ReadonlyArray<readonly [name: string, oid: Oid, array: Oid]> = [
  ["bool", 16, 1000],
  ["bytea", 17, 1001],
  ["char", 18, 1002],
  ["name", 19, 1003],
  ["int8", 20, 1016],
  ["int2", 21, 1005],
  ["int4", 23, 1007],
  ["text", 25, 1009],
  ["oid", 26, 1028],
  ["xid", 28, 1011],
  ["json", 114, 199],
  ["xml", 142, 143],
  ["cidr", 650, 651],
  ["float4", 700, 1021],
  ["float8", 701, 1022],
  ["macaddr8", 774, 775],
  ["money", 790, 791],
  ["macaddr", 829, 1040],
  ["inet", 869, 1041],
  ["bpchar", 1042, 1014],
  ["varchar", 1043, 1015],
  ["date", 1082, 1182],
  ["time", 1083, 1183],
  ["timestamp", 1114, 1115],
  ["timestamptz", 1184, 1185],
  ["interval", 1186, 1187],
  ["timetz", 1266, 1270],
  ["bit", 1560, 1561],
  ["varbit", 1562, 1563],
  ["numeric", 1700, 1231],
  ["uuid", 2950, 2951],
  ["pg_lsn", 3220, 3221],
  ["tsvector", 3614, 3643],
  ["tsquery", 3615, 3645],
  ["jsonb", 3802, 3807],
]

/** The range of a type, its multirange, and the type. */
const rangeTypes: ReadonlyArray<readonly [range: Oid, multirange: Oid, bound: Oid]> = [
  [3904, 4451, 23],
  [3906, 4532, 1700],
  [3908, 4533, 1114],
  [3910, 4534, 1184],
  [3912, 4535, 1082],
  [3926, 4536, 20],
]

const builtIn: ReadonlyArray<readonly [Oid, PgType]> = [
  ...scalarTypes.flatMap(
    ([name, oid, array]): ReadonlyArray<readonly [Oid, PgType]> => [
      [oid, { kind: "scalar", name }],
      [array, { kind: "array", element: oid, delimiter: "," }],
    ],
  ),
  ...rangeTypes.flatMap(
    ([range, multirange, bound]): ReadonlyArray<readonly [Oid, PgType]> => [
      [range, { kind: "range", bound }],
      [multirange, { kind: "multirange", bound }],
    ],
  ),
]
