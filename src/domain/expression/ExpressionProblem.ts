/** Why a text is no expression of its language, and where. */
export interface ExpressionProblem {
  readonly reason: string
  /** From zero, in UTF-16 units. */
  readonly position: number
}

/** The longest expression, in UTF-16 units. */
export const MAX_EXPRESSION_LENGTH = 4_096
/** Operators, operands and calls of an expression. */
export const MAX_EXPRESSION_NODES = 512
