// What a namespace key may be used for.

import { Schema } from "effect"

/**
 * `publish`: publish events. `read`: read events and what is configured. `manage`: everything in the
 * namespace, the other two included.
 */
export const Scope = Schema.Literal("publish", "read", "manage")
export type Scope = typeof Scope.Type

/** Whether these scopes are enough where one is required. */
export const permits = (scopes: ReadonlyArray<Scope>, required: Scope): boolean =>
  scopes.includes(required) || scopes.includes("manage")

/** At least one, each once, in the order in which they are listed above. */
export const Scopes = Schema.Array(Scope).pipe(
  Schema.filter((scopes) => scopes.length > 0 && new Set(scopes).size === scopes.length, {
    message: () => `must be some of ${Scope.literals.join(", ")}, each once`,
    jsonSchema: { minItems: 1, uniqueItems: true },
  }),
  Schema.transform(Schema.Array(Scope), {
    strict: true,
    decode: (scopes) => Scope.literals.filter((scope) => scopes.includes(scope)),
    encode: (scopes) => scopes,
  }),
)
