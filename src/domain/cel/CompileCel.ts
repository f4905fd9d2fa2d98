/**
 * CEL, the Common Expression Language, over one variable: `event`, with its attributes and `data`.
 *
 * Compiled once; what can be known to be wrong beforehand is refused with its position. Evaluation is
 * total: it answers a value or a fault, within a budget. Where this differs from the language as
 * written: numbers of all kinds compute with each other, since all numbers of JSON are doubles; the
 * pattern of `matches` is a literal; and there are no unsigned integers, bytes or types as values.
 */
import { Either } from "effect"
import type { CloudEvent } from "../event/index.js"
import { EvaluationBudget, type ExpressionProblem } from "../expression/index.js"
import { compileNode } from "./CompileNode.js"
import { CelScope } from "./CelScope.js"
import type { CelFault, CelObject, CelType, CelValue } from "./CelValue.js"
import { parseCel } from "./ParseCel.js"

export interface CompiledCel {
  /** What it answers; `dyn` where only the event decides. */
  readonly type: CelType | "dyn"
  readonly evaluate: (event: CloudEvent, budget?: EvaluationBudget) => CelValue | CelFault
}

export const compileCel = (text: string): Either.Either<CompiledCel, ExpressionProblem> =>
  Either.flatMap(parseCel(text), (node) =>
    Either.map(compileNode(node), ({ run, type }) => ({
      type,
      evaluate: (event, budget = new EvaluationBudget()) => run(new CelScope(seen(event), budget)),
    })),
  )

/** An event has passed the check that it is JSON all through, which is what an object of CEL is. */
const seen = (event: CloudEvent): CelObject => event as CelObject
