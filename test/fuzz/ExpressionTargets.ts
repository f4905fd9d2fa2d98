// The languages of filters: CESQL, CEL, and filters as JSON.

import { Either, Schema } from "effect"
import * as fc from "fast-check"
import { compileCel, isFault, toJson } from "../../src/domain/cel/index.js"
import { parseCel } from "../../src/domain/cel/ParseCel.js"
import { EvaluationBudget } from "../../src/domain/expression/index.js"
import { compileCesql, parseCesql, printCesql } from "../../src/domain/filter/cesql/index.js"
import { compileFilters, Filter } from "../../src/domain/index.js"
import { celSoup, celText } from "../domain/cel/CelArbitraries.js"
import { cesqlExpression, cesqlSoup } from "../domain/filter/cesql/CesqlArbitraries.js"
import { cloudEvent } from "../laws/LawEvents.js"
import { printCel } from "./PrintCel.js"
import { same, target, type Target, textsLike } from "./Target.js"

const about = cloudEvent({
  id: "abc",
  source: "/s",
  type: "com.x",
  subject: "a".repeat(2_000),
  myint: 7,
  data: {
    n: 5,
    f: 2.5,
    s: "ab".repeat(5_000),
    list: Array.from({ length: 2_000 }, (_, index) => index),
    o: { x: null },
    t: true,
  },
})

const position = (
  text: string,
  problem: { readonly reason: string; readonly position: number },
) => {
  if (problem.reason === "") throw new Error("there is no reason")
  if (problem.position < 0 || problem.position > text.length) throw new Error("it is nowhere")
}

const cesql = target(
  "CESQL",
  fc.oneof(textsLike(cesqlExpression.map(printCesql)), cesqlSoup),
  (text) => {
    const parsed = parseCesql(text)
    if (Either.isLeft(parsed)) return position(text, parsed.left)
    const printed = printCesql(parsed.right)
    // Printing adds parentheses: what is nearly too long or deep does not always fit again.
    const again = parseCesql(printed)
    if (Either.isRight(again)) same(printCesql(again.right), printed, "it is not what was printed")
    else if (!/longer|deeper/.test(again.left.reason)) throw new Error(again.left.reason)
    compileCesql(parsed.right).evaluate(about)
  },
)

const cel = target("CEL", fc.oneof(textsLike(celText), celSoup), (text) => {
  const compiled = compileCel(text)
  if (Either.isLeft(compiled)) return position(text, compiled.left)
  const printed = printCel(Either.getOrThrow(parseCel(text)))
  // Parentheses count as depth: what is nearly too deep does not always fit again.
  const again = parseCel(printed)
  if (Either.isRight(again)) same(printCel(again.right), printed, "it is not what was printed")
  else if (!/longer|deeper|depth/i.test(again.left.reason)) throw new Error(again.left.reason)
  const budget = new EvaluationBudget()
  const value = compiled.right.evaluate(about, budget)
  if (!isFault(value)) toJson(value, budget)
})

const attributes = fc.dictionary(
  fc.oneof(fc.constantFrom("id", "type", "subject", "myint", "constructor"), fc.string()),
  fc.string(),
  { maxKeys: 3 },
)
const filter = fc.letrec<{ filter: unknown }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 10 },
    fc.record({ exact: attributes }),
    fc.record({ prefix: attributes }),
    fc.record({ suffix: attributes }),
    fc.record({ all: fc.array(tie("filter"), { maxLength: 4 }) }),
    fc.record({ any: fc.array(tie("filter"), { maxLength: 4 }) }),
    fc.record({ not: tie("filter") }),
    fc.record({ sql: fc.oneof(cesqlExpression.map(printCesql), cesqlSoup) }),
    fc.record({ cel: fc.oneof(celText, celSoup) }),
    fc.jsonValue(),
  ),
})).filter

const decodeFilters = Schema.decodeUnknownEither(Schema.Array(Filter), {
  onExcessProperty: "error",
})

const filters = target("filters", fc.array(filter, { maxLength: 4 }), (stated) => {
  const read = decodeFilters(stated)
  if (Either.isLeft(read)) return
  same(Schema.encodeSync(Schema.Array(Filter))(read.right), stated, "it is not what was read")
  const compiled = compileFilters(read.right)
  if (Either.isLeft(compiled)) return
  const { explain, matches } = compiled.right
  same(explain(about)._tag === "Matched", matches(about), "explain says otherwise")
})

export const expressionTargets: ReadonlyArray<Target> = [cesql, cel, filters]
