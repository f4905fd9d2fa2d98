// CESQL expressions of all kinds, and texts that are nearly such.

import * as fc from "fast-check"
import type { CesqlExpression, CesqlText } from "../../../../src/domain/filter/cesql/CesqlSyntax.js"

const quote = fc.constantFrom("'" as const, '"' as const)

/** What a text between quotes can be: a backslash is always followed by something it does not escape. */
export const cesqlText: fc.Arbitrary<CesqlText> = quote.chain((quote) =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom("a", "b", "%", "_", "\\%", "\\_", "\\\\", "\\n", " ", "é", "😀", quote),
        fc.fullUnicode().filter((character) => character !== "\\"),
      ),
      { maxLength: 6 },
    )
    .map((parts) => ({ text: parts.join(""), quote })),
)

const attribute = fc.constantFrom("id", "type", "subject", "missing", "myint", "mybool", "2nd")
const functionName = fc.constantFrom(
  ..."LENGTH CONCAT CONCAT_WS LOWER UPPER TRIM LEFT RIGHT SUBSTRING".split(" "),
  ..."ABS INT BOOL STRING NO_SUCH".split(" "),
)
const operator = fc.constantFrom(
  ...(["+", "-", "*", "/", "%", "<", "<=", ">", ">=", "=", "!=", "AND", "OR", "XOR"] as const),
)
const integer = fc.oneof(fc.constantFrom(0, 1, -1, -2_147_483_648, 2_147_483_647), fc.integer())

export const cesqlExpression: fc.Arbitrary<CesqlExpression> = fc.letrec<{
  expression: CesqlExpression
}>((tie) => {
  const operand = tie("expression")
  return {
    expression: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.boolean().map((value) => ({ _tag: "Boolean" as const, value })),
      integer.map((value) => ({ _tag: "Integer" as const, value: value === 0 ? 0 : value })),
      cesqlText.map((value) => ({ _tag: "Text" as const, value })),
      attribute.map((name) => ({ _tag: "Attribute" as const, name })),
      attribute.map((name) => ({ _tag: "Exists" as const, name })),
      operand.map((operand) => ({ _tag: "Not" as const, operand })),
      operand.map((operand) => ({ _tag: "Negate" as const, operand })),
      fc.record({
        _tag: fc.constant("Binary" as const),
        operator,
        left: operand,
        right: operand,
      }),
      fc.record({
        _tag: fc.constant("Like" as const),
        operand,
        pattern: cesqlText,
        negated: fc.boolean(),
      }),
      fc.record({
        _tag: fc.constant("In" as const),
        operand,
        set: fc.array(operand, { minLength: 1, maxLength: 3 }),
        negated: fc.boolean(),
      }),
      fc.record({
        _tag: fc.constant("Call" as const),
        name: functionName,
        given: fc.array(operand, { maxLength: 3 }),
        position: fc.constant(0),
      }),
    ),
  }
}).expression

/** Text made of what expressions are made of, well put together or not. */
export const cesqlSoup: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."( ) , + - * / % = != <> < <= > >= ' \" \\\\".split(" "),
        ..."AND or Xor NOT LIKE EXISTS IN TRUE false 'a%' \"b\" id missing 0 1".split(" "),
        ..."2147483648 LENGTH( CONCAT(".split(" "),
      ),
      fc.fullUnicode(),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(" "))
