// Lists come in pages: `?after=` the last name seen, `?limit=`; `next` is where to read on, or null.

import { Schema } from "effect"

const maxLimit = 10_000
export const defaultLimit = 100

export const Limit = Schema.NumberFromString.pipe(
  Schema.filter((limit) => Number.isInteger(limit) && limit >= 1 && limit <= maxLimit),
).annotations({
  message: () => ({ message: `must be an integer from 1 to ${maxLimit}`, override: true }),
  description: `How many at most: 1 to ${maxLimit}, ${defaultLimit} by default.`,
  jsonSchema: { type: "integer", minimum: 1, maximum: maxLimit, default: defaultLimit },
})

export const pageParameters = <Name, NameText extends string>(
  name: Schema.Schema<Name, NameText>,
) => ({
  after: Schema.optional(name.annotations({ description: "The last name of the page before." })),
  limit: Schema.optional(Limit),
})

export const Next = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.NullOr(schema).annotations({
    description: "What to give as `after` to read on; null at the end.",
  })

export interface Page<A extends { readonly name: string }> {
  readonly items: ReadonlyArray<A>
  readonly next: A["name"] | null
}

/** A page of what was asked for with one more than the limit. */
export const pageOf = <A extends { readonly name: string }>(
  found: ReadonlyArray<A>,
  limit: number,
): Page<A> => {
  const items = found.slice(0, limit)
  return { items, next: found.length > limit ? (items.at(-1)?.name ?? null) : null }
}

/** A page of all there are, which are ascending by name. */
export const pageFrom = <A extends { readonly name: string }>(
  all: ReadonlyArray<A>,
  after: A["name"] | undefined,
  limit: number = defaultLimit,
): Page<A> => {
  const start = after === undefined ? 0 : all.findIndex(({ name }) => name > after)
  return start < 0 ? { items: [], next: null } : pageOf(all.slice(start, start + limit + 1), limit)
}
