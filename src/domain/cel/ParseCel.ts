/**
 * CEL text to its syntax tree, within limits. The one place that knows the library, which is asked for
 * nothing but parsing: what a tree means, and what it may cost, is decided in this folder.
 */
import { type ASTNode, Environment, ParseError } from "@marcbachmann/cel-js"
import { Either } from "effect"
import {
  type ExpressionProblem,
  MAX_EXPRESSION_LENGTH,
  MAX_EXPRESSION_NODES,
} from "../expression/index.js"

export type CelNode = ASTNode

/** Expressions inside each other. */
export const MAX_CEL_DEPTH = 32

export const parseCel = (text: string): Either.Either<CelNode, ExpressionProblem> => {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    const reason = `is longer than ${MAX_EXPRESSION_LENGTH} characters`
    return Either.left({ reason, position: MAX_EXPRESSION_LENGTH })
  }
  try {
    // A new one each time: it remembers the names of every expression that it has read.
    const { ast } = new Environment({ limits }).parse(text)
    return Either.right(ast)
  } catch (cause) {
    // Signs of negation are the one thing that the parser nests without counting.
    if (cause instanceof RangeError) return Either.left({ reason: tooDeep, position: 0 })
    if (!(cause instanceof ParseError)) throw cause
    return Either.left({ reason: inWords(cause), position: cause.range?.start ?? 0 })
  }
}

const limits = {
  maxAstNodes: MAX_EXPRESSION_NODES,
  maxDepth: MAX_CEL_DEPTH,
  maxListElements: MAX_EXPRESSION_NODES,
  maxMapEntries: MAX_EXPRESSION_NODES,
  maxCallArguments: 8,
}
const tooDeep = `is nested deeper than ${MAX_CEL_DEPTH} levels`

const inWords = (error: ParseError): string => {
  const summary = error.summary.slice(0, 200)
  return summary === "" ? "cannot be read" : summary.charAt(0).toLowerCase() + summary.slice(1)
}
