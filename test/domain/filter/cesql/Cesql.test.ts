import { Either } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { EvaluationBudget } from "../../../../src/domain/expression/index.js"
import {
  type CesqlExpression,
  compileCesql,
  parseCesql,
  printCesql,
} from "../../../../src/domain/filter/cesql/index.js"
import { isLike, likePattern } from "../../../../src/domain/filter/cesql/LikePattern.js"
import { cloudEvent } from "../../../laws/LawEvents.js"
import { cesqlExpression, cesqlSoup, cesqlText } from "./CesqlArbitraries.js"

const about = cloudEvent({
  id: "abc",
  source: "/s",
  type: "com.x",
  myint: 7,
  mybool: true,
  "2nd": "é😀",
})

const evaluate = (text: string) => {
  const { value, error } = compileCesql(Either.getOrThrow(parseCesql(text))).evaluate(about)
  return error === undefined ? value : error.kind
}

/** The expression without what printing does not keep: where calls stood. */
const placeless = (expression: CesqlExpression): unknown =>
  JSON.parse(JSON.stringify(expression, (key, value: unknown) => (key === "position" ? 0 : value)))

/** LIKE by trying everything. */
const naivelyLike = (text: ReadonlyArray<string>, pattern: ReadonlyArray<string>): boolean => {
  const [first, ...rest] = pattern
  if (first === undefined) return text.length === 0
  if (first === "%")
    return text.some((_, at) => naivelyLike(text.slice(at), rest)) || naivelyLike([], rest)
  return text.length > 0 && (first === "_" || first === text[0]) && naivelyLike(text.slice(1), rest)
}

describe("CESQL", () => {
  it("is printed as text that parses to the same", () => {
    fc.assert(
      fc.property(cesqlExpression, (expression) => {
        const parsed = Either.getOrThrow(parseCesql(printCesql(expression)))
        expect(placeless(parsed)).toEqual(placeless(expression))
      }),
      { numRuns: 300 },
    )
  })

  it("evaluates whatever parses, and says where anything else goes wrong", () => {
    fc.assert(
      fc.property(fc.oneof(cesqlSoup, fc.string()), (text) => {
        const parsed = parseCesql(text)
        if (Either.isLeft(parsed)) {
          expect(parsed.left.reason).not.toBe("")
          expect(parsed.left.position).toBeGreaterThanOrEqual(0)
          expect(parsed.left.position).toBeLessThanOrEqual(text.length)
        } else {
          const { value } = compileCesql(parsed.right).evaluate(about)
          expect(["string", "number", "boolean"]).toContain(typeof value)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it("answers a value of the type that is known beforehand", () => {
    fc.assert(
      fc.property(cesqlExpression, (expression) => {
        const { type, evaluate } = compileCesql(expression)
        const { value } = evaluate(about)
        const types = { string: "String", number: "Integer", boolean: "Boolean" }
        if (type !== undefined) expect(types[typeof value as keyof typeof types]).toBe(type)
        if (typeof value === "number") expect(value | 0).toBe(value)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ["TRUE OR TRUE AND FALSE", false],
    ["1 + 2 * 3 = 7 AND NOT FALSE", true],
    ["NOT mybool = FALSE", true],
    ["5 -3", 2],
    ["5-3", 2],
    ["- 3 + +4", 1],
    ["2 < 10", true],
    ["'2' < '10'", true],
    ["2147483647 + 1", "math"],
    ["-(-2147483648)", "math"],
    ["-2147483648 / -1", "math"],
    ["-7 % 3", -1],
    ["-7 / 2", -3],
    ["id LIKE '_b%'", true],
    ["id NOT LIKE 'b%' AND id NOT IN ('x')", true],
    ["myint = '7'", true],
    ["myint IN ('8', '7')", true],
    ["id = 5", "cast"],
    ["1 IN ('x', '1')", "cast"],
    ["EXISTS data OR EXISTS constructor", false],
    ["data = 'x'", "missingAttribute"],
    ["constructor = 'x'", "missingAttribute"],
    ["LENGTH(2nd)", 2],
    ["RIGHT(2nd, 1)", "😀"],
    ["SUBSTRING('a😀b', -2, 1)", "😀"],
    ["UPPER(id)", "ABC"],
    ["length(concat(id, 1, TRUE))", 8],
    ["LENGTH(id, id)", "missingFunction"],
  ])("%s is %s", (text, value) => {
    expect(evaluate(text)).toBe(value)
  })

  it.each([
    ["", "expected an expression, found the end", 0],
    ["1 +", "expected an expression, found the end", 3],
    ["id = 'a", "begins a text that does not end", 5],
    ["id == 'a'", 'expected an expression, found "="', 4],
    ["id = ?", "is no character of an expression", 5],
    ["x LIKE y", 'expected a text in quotes, found "Y"', 7],
    ["x IN ()", 'expected an expression, found ")"', 6],
    ["EXISTS 'x'", "expected the name of an attribute, found a text", 7],
    ["2147483648", "is no integer of 32 bits", 0],
    ["my_attribute", "is no name of an attribute", 0],
    ["F1(2)", "is no name of a function", 0],
    ["(1", 'expected ")", found the end', 2],
    ["1 2", "expected the end or an operator, found an integer", 2],
  ])("does not read %s: %s", (text, reason, position) => {
    expect(parseCesql(text)).toEqual(Either.left({ reason, position }))
  })

  it("has LIKE match as trying everything does", () => {
    const piece = fc.constantFrom("a", "b", "%", "_")
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", "😀"), { maxLength: 8 }),
        fc.array(piece, { maxLength: 6 }),
        (text, pattern) => {
          const budget = new EvaluationBudget()
          expect(isLike(text.join(""), likePattern(pattern.join("")), budget)).toBe(
            naivelyLike(text, pattern),
          )
        },
      ),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(cesqlText, ({ text }) => {
        const literal = text.replaceAll(/[%_]/g, "\\$&").replaceAll(/\\\\(?=[%_])/g, "\\")
        const plain = text.replaceAll(/\\([%_])/g, "$1")
        expect(isLike(plain, likePattern(literal), new EvaluationBudget())).toBe(true)
      }),
    )
  })

  it("gives up on what costs too much, and refuses what is too large", () => {
    const long = "a".repeat(4096)
    const hostile = cloudEvent({ id: long, source: "/s", type: long })
    const many = (part: string, count: number, by: string) =>
      Array.from({ length: count }, () => part).join(by)
    for (const [text, outcome] of [
      [many(`id LIKE '%${"a".repeat(100)}b'`, 30, " OR "), "generic"],
      [`id LIKE '%${"a".repeat(2000)}b'`, "generic"],
      [many("LENGTH(CONCAT(id, id, id, id)) = 0", 50, " OR "), "generic"],
      [`LENGTH(CONCAT(${many("id", 500, ",")})) = 0`, "generic"],
      [`LENGTH(CONCAT_WS(id, ${many("id", 50, ",")})) = 0`, "functionEvaluation"],
      [`id IN (${many("type", 500, ",")})`, true],
      [many("TRUE", 250, " AND "), true],
      [many("TRUE", 300, " AND "), "refused"],
      ["NOT ".repeat(1000), "refused"],
      ["(".repeat(4000), "refused"],
      ["-".repeat(4000), "refused"],
      [" ".repeat(5000), "refused"],
    ] as const) {
      const parsed = parseCesql(text)
      const result = Either.map(parsed, (expression) => compileCesql(expression).evaluate(hostile))
      const found = Either.match(result, {
        onLeft: () => "refused",
        onRight: ({ value, error }) => error?.kind ?? value,
      })
      expect([text.slice(0, 40), found]).toEqual([text.slice(0, 40), outcome])
    }
  })
})
