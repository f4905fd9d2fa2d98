// What a namespace key may be used for.

import { Schema } from "effect"

/**
 * `publish`: publish events. `read`: read events and what is configured. `manage`: everything in the
 * namespace, the other two included.
 */
export const KeyScope = Schema.Literal("publish", "read", "manage")
export type KeyScope = typeof KeyScope.Type

/** Whether these scopes are enough where one is required. */
export const permits = (scopes: ReadonlyArray<KeyScope>, required: KeyScope): boolean =>
  scopes.includes(required) || scopes.includes("manage")

/** At least one, each once, in the order in which they are listed above. */
export const KeyScopes = Schema.Array(KeyScope).pipe(
  Schema.filter((scopes) => scopes.length > 0 && new Set(scopes).size === scopes.length, {
    message: () => `must be some of ${KeyScope.literals.join(", ")}, each once`,
    jsonSchema: { minItems: 1, uniqueItems: true },
  }),
  Schema.transform(Schema.Array(KeyScope), {
    strict: true,
    decode: (scopes) => KeyScope.literals.filter((scope) => scopes.includes(scope)),
    encode: (scopes) => scopes,
  }),
)
