// Port: JSON Schemas of tenants, checked and made ready to validate data, in bounded time.
//
// A schema is hostile until it compiled, and so is the data: no schema runs code, reaches the network,
// or takes longer than the budget that its caller gives it.

import { Context, type Either } from "effect"

/** What is wrong with a schema, or with data; `pointer` is where in it (RFC 6901). */
export interface SchemaFault {
  readonly pointer: string
  readonly reason: string
}

/** Work that may be spent; validating counts it down, over as many values as share it. */
export interface ValidationBudget {
  steps: number
}

export interface CompiledSchema {
  /** The first fault of a JSON value; undefined when it matches. A budget that is used up is a fault. */
  readonly check: (value: unknown, budget: ValidationBudget) => SchemaFault | undefined
}

export class SchemaValidator extends Context.Tag("eventloom/SchemaValidator")<
  SchemaValidator,
  {
    /** Of a JSON Schema, which is a JSON value of limited size already. */
    readonly compile: (schema: unknown) => Either.Either<CompiledSchema, SchemaFault>
  }
>() {}
