// JSON Schemas of tenants, interpreted within a budget.

import { Either, Layer } from "effect"
import { type CompiledSchema, SchemaValidator } from "../../actors/index.js"
import { compileSchema } from "./CompileSchema.js"
import { BudgetSpent, faultOf, Run, type SchemaNode } from "./SchemaNode.js"

const compiled = (root: SchemaNode): CompiledSchema => ({
  check: (value, budget) => {
    try {
      return root.check(value, new Run(budget))
    } catch (spent) {
      if (spent instanceof BudgetSpent) return faultOf("takes too much work to check")
      throw spent
    }
  },
})

export const jsonSchemaValidator: SchemaValidator["Type"] = {
  compile: (schema) => Either.map(compileSchema(schema), compiled),
}

export const layer: Layer.Layer<SchemaValidator> = Layer.succeed(
  SchemaValidator,
  jsonSchemaValidator,
)
