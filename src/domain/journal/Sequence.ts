// An event's place in its namespace's journal.
//
// Sequences are per namespace, start at 1 and have no holes, so `head - position` is a lag and no
// tenant learns of another's traffic. 0 stands for "before the first". In JSON they are strings.

import { ParseResult, Schema } from "effect"

export const Sequence = Schema.Number.pipe(
  Schema.int(),
  Schema.between(0, Number.MAX_SAFE_INTEGER),
  Schema.brand("Sequence"),
)
export type Sequence = typeof Sequence.Type

/** The place before the first event of a namespace. */
export const origin: Sequence = Sequence.make(0)

const digits = /^(?:0|[1-9][0-9]{0,15})$/

/** The form sequences have in JSON and in URLs: decimal digits, since they may pass 2^53 in other languages. */
export const SequenceFromString = Schema.transformOrFail(Schema.String, Sequence, {
  strict: true,
  decode: (text, _, ast) => {
    const value = digits.test(text) ? Number(text) : Number.NaN
    return Number.isSafeInteger(value)
      ? ParseResult.succeed(value)
      : ParseResult.fail(
          new ParseResult.Type(ast, text, "a sequence is a string of decimal digits"),
        )
  },
  encode: (sequence) => ParseResult.succeed(String(sequence)),
})
