// cel: an expression over the event and its data.

import { Either } from "effect"
import { compileCel, isFault } from "../cel/index.js"
import type { ExpressionProblem } from "../expression/index.js"
import type { Clause } from "./Clause.js"

export const celClause = (cel: string, clause: string): Either.Either<Clause, ExpressionProblem> =>
  Either.flatMap(compileCel(cel), ({ evaluate, type }) => {
    if (type !== "bool" && type !== "dyn") {
      return Either.left({ reason: `is of type ${type}, and a filter is bool`, position: 0 })
    }
    return Either.right({
      holds: (event, budget) => evaluate(event, budget) === true,
      failures: (event, budget) => {
        const value = evaluate(event, budget)
        if (value === true) return []
        if (value === false) return [{ clause, reason: "the expression is false", errored: false }]
        const reason = isFault(value)
          ? `${value.reason} (at position ${value.position})`
          : "the expression is not bool"
        return [{ clause, reason, errored: true }]
      },
    })
  })
