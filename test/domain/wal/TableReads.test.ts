// Rows that are read from tables: their text, what their read sees, and the ids of their events.

import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Either } from "effect"
import { Wal } from "../../../src/domain/index.js"

const lsn = (value: bigint) => value as Wal.Lsn
const encoder = new TextEncoder()

const escaped = (text: string) =>
  text.replace(/[\\\b\f\n\r\t\v]/g, (char) => {
    const letters: Readonly<Record<string, string>> = {
      "\\": "\\",
      "\b": "b",
      "\f": "f",
      "\n": "n",
      "\r": "r",
      "\t": "t",
      "\v": "v",
    }
    return `\\${letters[char] ?? ""}`
  })

const value = fc.option(
  fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom("\\", "N", "\t", "\n", "\r", "b", "") }),
  ),
)

describe("a row of COPY", () => {
  it.prop("is read as it was, whatever is in it", [fc.array(value, { minLength: 1 })], ([row]) => {
    const line = row.map((one) => (one === null ? "\\N" : escaped(one))).join("\t")
    const tuple = Wal.copyTuple(encoder.encode(`${line}\n`))
    const { bytes, cells } = tuple
    const read = row.map((_, at) =>
      cells[3 * at] === Wal.Cell.null
        ? null
        : Wal.readUtf8(bytes, cells[3 * at + 1] ?? 0, cells[3 * at + 2] ?? 0),
    )
    expect(Wal.tupleSize(tuple)).toBe(row.length)
    expect(read).toEqual(row)
  })
})

describe("what a read sees", () => {
  it.prop(
    "is what ended before it, also when the ids of transactions have gone round",
    [fc.bigInt(100n, 2n ** 40n), fc.uniqueArray(fc.bigInt(1n, 50n)), fc.bigInt(-60n, 60n)],
    ([end, running, distance]) => {
      const open = running.map((before) => end - before)
      const view = Wal.parseReadView(lsn(7n), `${end - 50n}:${end}:${open.join(",")}`)
      const xid = end + distance
      const sees = view?.sees(Number(BigInt.asUintN(32, xid)), lsn(0n))
      expect(sees).toBe(xid < end && !open.includes(xid))
    },
  )

  it("is nothing where the text says nothing", () => {
    for (const text of ["", "1:2", "1:2:x", "1:-2:"]) {
      expect(Wal.parseReadView(lsn(7n), text)).toBeUndefined()
    }
  })

  it("on a standby is what was replayed", () => {
    const view = Wal.replayedView(lsn(10n))
    expect([view.sees(1, lsn(9n)), view.sees(1, lsn(10n))]).toEqual([true, false])
  })
})

describe("the id of a row", () => {
  const plan: Wal.EventPlan = {
    source: "postgres:1/s",
    typePrefix: "postgres",
    namespace: Either.getOrThrow(Wal.parseNamespaceTemplate("n")),
    eventTables: new Set(),
    messagePrefix: undefined,
  }
  const column = (name: string): Wal.RelationColumn => ({
    name,
    isKey: true,
    typeOid: 25,
    typeModifier: -1,
  })
  const idOf = (key: ReadonlyArray<string>, version: string, isIdentified = true) => {
    const names = key.map((_, at) => `k${at}`)
    const relation: Wal.Relation = {
      tag: "Relation",
      xid: undefined,
      oid: 5,
      schema: "public",
      name: "t",
      replicaIdentity: "default",
      columns: names.map(column),
    }
    const types = new Wal.PgTypes({ numbers: "exact" })
    const shape = new Wal.RelationShape(relation, names, types, Wal.readUtf8)
    const tuple = Wal.copyTuple(encoder.encode(key.map(escaped).join("\t")))
    const ids: Array<string> = []
    Wal.readEvents(
      plan,
      { snapshot: "s", shape, isIdentified, time: "2026-01-02T03:04:05Z", lsn: lsn(1n) },
      [{ tuple, version }],
      {
        event: ({ event }) => {
          ids.push(event.id)
        },
        unreadable: () => {},
      },
    )
    return ids[0]
  }
  const part = fc.oneof(
    fc.string({ unit: fc.constantFrom("%", "0", "1", ",", "\u0001", "a"), maxLength: 4 }),
    fc.string({ minLength: 495, maxLength: 505 }),
  )
  const keys = fc
    .integer({ min: 1, max: 2 })
    .chain((size) =>
      fc.tuple(
        fc.array(part, { minLength: size, maxLength: size }),
        fc.array(part, { minLength: size, maxLength: size }),
      ),
    )

  it.prop(
    "is the same for the same key only, and its version where that is not whole",
    [keys],
    ([[a, b]]) => {
      const isSame = JSON.stringify(a) === JSON.stringify(b)
      expect(idOf(a, "1") === idOf(b, "2")).toBe(isSame && !idOf(a, "1")?.includes("@"))
      expect(idOf(a, "1")).toBe(idOf(a, "1"))
      expect(idOf(a, "1", false)).toBe("snapshot/s/5@1")
    },
  )
})
