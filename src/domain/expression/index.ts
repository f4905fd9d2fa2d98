/** What the expression languages have in common. */
export * from "./EvaluationBudget.js"
export * from "./ExpressionProblem.js"
