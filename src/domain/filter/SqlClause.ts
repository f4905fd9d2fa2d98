// sql: an expression over the attributes, in CESQL.

import { Either } from "effect"
import type { ExpressionProblem } from "../expression/index.js"
import { type CesqlExpression, compileCesql, parseCesql } from "./cesql/index.js"
import type { Clause } from "./Clause.js"

export const sqlClause = (sql: string, clause: string): Either.Either<Clause, ExpressionProblem> =>
  Either.flatMap(parseCesql(sql), (expression) => compiled(expression, clause))

const compiled = (
  expression: CesqlExpression,
  clause: string,
): Either.Either<Clause, ExpressionProblem> => {
  const { evaluate, flaw, type } = compileCesql(expression)
  if (flaw !== undefined) return Either.left(flaw)
  if (type !== undefined && type !== "Boolean") {
    return Either.left({ reason: `is of type ${type}, and a filter is Boolean`, position: 0 })
  }
  return Either.right({
    holds: (event, budget) => {
      const { value, error } = evaluate(event, budget)
      return value === true && error === undefined
    },
    failures: (event, budget) => {
      const { value, error } = evaluate(event, budget)
      if (error !== undefined) return [{ clause, reason: error.reason, errored: true }]
      if (value === true) return []
      return value === false
        ? [{ clause, reason: "the expression is false", errored: false }]
        : [{ clause, reason: "the expression is not Boolean", errored: true }]
    },
  })
}
