// A place in a server's write-ahead log: a 64-bit position, so a bigint. Written as Postgres writes it,
// two hexadecimal halves with a slash between them: `16/B374D848`.

import { Either, ParseResult, Schema } from "effect"

export const Lsn = Schema.BigIntFromSelf.pipe(
  Schema.betweenBigInt(0n, 0xffff_ffff_ffff_ffffn),
  Schema.brand("Lsn"),
)
export type Lsn = typeof Lsn.Type

/** Before everything; in a request to start streaming, "where the slot is". */
export const lsnZero: Lsn = Lsn.make(0n)

const form = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/

export const formatLsn = (lsn: Lsn): string =>
  `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase()

/** Reads the text form, or answers undefined. */
export const parseLsn = (text: string): Lsn | undefined => {
  const [, high, low] = form.exec(text) ?? []
  return high === undefined || low === undefined
    ? undefined
    : (((BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)) as Lsn)
}

/** The form that it has in JSON. */
export const LsnFromString = Schema.transformOrFail(Schema.String, Schema.typeSchema(Lsn), {
  strict: true,
  decode: (text, _, ast) =>
    Either.fromNullable(
      parseLsn(text),
      () => new ParseResult.Type(ast, text, "must be a log position such as 16/B374D848"),
    ),
  encode: (lsn) => ParseResult.succeed(formatLsn(lsn)),
}).annotations({ identifier: "Lsn" })

export const laterLsn = (a: Lsn, b: Lsn): Lsn => (a > b ? a : b)
