import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Wal } from "../../../src/domain/index.js"
import { encodeMessage, valuesOf } from "./EncodePgOutput.js"
import { messageInContext } from "./PgOutputArbitraries.js"

/** A message with its tuples and bytes as plain values, to compare. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return [...value]
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  if ("cells" in value) return valuesOf(value as Wal.Tuple)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
}

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"))

describe("decoding pgoutput", () => {
  test("gives back every message that was written", () => {
    fc.assert(
      fc.property(messageInContext, ({ inStream, message }) => {
        const decoded = Wal.decodeMessage(encodeMessage(message), { inStream })
        expect(plain(Either.getOrThrow(decoded))).toEqual(plain(message))
      }),
      { numRuns: 500 },
    )
  })

  test("finds values by their place in the bytes of a larger buffer", () => {
    fc.assert(
      fc.property(messageInContext, fc.nat(9), ({ inStream, message }, before) => {
        const encoded = encodeMessage(message)
        const larger = new Uint8Array(before + encoded.length + 3)
        larger.set(encoded, before)
        const view = larger.subarray(before, before + encoded.length)
        const decoded = Wal.decodeMessage(view, { inStream })
        expect(plain(Either.getOrThrow(decoded))).toEqual(plain(message))
      }),
    )
  })

  test("refuses a message that is cut short, or that goes on", () => {
    fc.assert(
      fc.property(messageInContext, fc.nat(), fc.boolean(), ({ inStream, message }, at, cut) => {
        const encoded = encodeMessage(message)
        const garbled = cut
          ? encoded.subarray(0, at % encoded.length)
          : Uint8Array.of(...encoded, 0)
        const decoded = Wal.decodeMessage(garbled, { inStream })
        // An abort has two lengths, so cutting the long one can leave the short one.
        if (message.tag === "StreamAbort" && Either.isRight(decoded)) return
        expect(Either.isLeft(decoded)).toBe(true)
      }),
    )
  })

  test("answers whatever the bytes are", () => {
    const kinds = Array.from("BCIUDTRYOMSEcAbPKrp").map((kind) => kind.charCodeAt(0))
    const bytes = fc
      .tuple(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 60 }))
      .map(([kind, rest]) => Uint8Array.of(kind, ...rest))
    fc.assert(
      fc.property(fc.oneof(bytes, fc.uint8Array()), fc.boolean(), (garbled, inStream) => {
        const decoded = Wal.decodeMessage(garbled, { inStream })
        if (Either.isLeft(decoded)) expect(decoded.left).toBeInstanceOf(Wal.MalformedMessage)
      }),
      { numRuns: 2000 },
    )
  })

  test("does not believe in more rows than there are bytes", () => {
    const truncate = bytesOf("54 7fffffff 00")
    expect(Either.isLeft(Wal.decodeMessage(truncate, { inStream: false }))).toBe(true)
    const insert = bytesOf("49 00000001 4e 0001 74 7fffffff 61")
    expect(Either.isLeft(Wal.decodeMessage(insert, { inStream: false }))).toBe(true)
  })

  // Captured from a server: `insert into t values (1, null, 'é')`.
  test("reads an insert as it is on the wire", () => {
    const bytes = bytesOf("49 00004001 4e 0003 74 00000001 31 6e 74 00000002 c3a9")
    const decoded = Either.getOrThrow(Wal.decodeMessage(bytes, { inStream: false }))
    expect(plain(decoded)).toEqual({
      tag: "Insert",
      xid: undefined,
      relation: 16385,
      after: [{ kind: "text", text: "1" }, { kind: "null" }, { kind: "text", text: "é" }],
    })
  })

  test("tells a streamed row from one that is not, whatever its relation", () => {
    // The first byte of the oid is "N", as if the row began there.
    const bytes = bytesOf("49 4e000001 4e 0001 6e")
    const decoded = Either.getOrThrow(Wal.decodeMessage(bytes, { inStream: false }))
    expect(decoded).toMatchObject({ tag: "Insert", relation: 0x4e000001, xid: undefined })
  })
})

describe("positions", () => {
  const lsn = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn).map((value) => value as Wal.Lsn)
  test("are read back from what is written, and keep their order", () => {
    fc.assert(
      fc.property(lsn, lsn, (a, b) => {
        expect(Wal.parseLsn(Wal.formatLsn(a))).toBe(a)
        expect(Wal.laterLsn(a, b) === a).toBe(a >= b)
      }),
    )
    expect(Wal.formatLsn(0x16_b374d848n as Wal.Lsn)).toBe("16/B374D848")
    expect(Wal.parseLsn("0/0")).toBe(Wal.lsnZero)
    for (const bad of ["", "1", "1/", "/1", "1/123456789", "x/1", "-1/0"]) {
      expect(Wal.parseLsn(bad)).toBeUndefined()
    }
  })

  test("times are RFC 3339 to the microsecond, before 2000 and before 1970 too", () => {
    expect(Wal.formatPgMicros(0n)).toBe("2000-01-01T00:00:00.000000Z")
    expect(Wal.formatPgMicros(-1n)).toBe("1999-12-31T23:59:59.999999Z")
    expect(Wal.formatPgMicros(-946_684_800_000_001n)).toBe("1969-12-31T23:59:59.999999Z")
    expect(Wal.pgMicrosToMillis(Wal.millisToPgMicros(1_700_000_000_123))).toBe(1_700_000_000_123)
  })
})
