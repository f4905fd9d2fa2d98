/**
 * Content filters: the dialects of the CloudEvents Subscriptions API, as a caller states them.
 *
 * A filter is an object with one member, whose name is the dialect. What is inside the expressions is
 * checked by `compileFilters`, which also holds all filters of a subscription to their limits.
 */
import { Schema } from "effect"
import { attributeNamePattern } from "../event/AttributeRules.js"
import { MAX_EXPRESSION_LENGTH } from "../expression/index.js"

/** The longest value of an attribute in a filter, in UTF-16 units: no event has a longer one. */
const MAX_VALUE_LENGTH = 4_096

/** Attributes by name, each with the text it is compared with, case included. */
export const AttributeValues = Schema.Record({
  key: Schema.String.pipe(Schema.maxLength(64), Schema.pattern(attributeNamePattern)),
  value: Schema.NonEmptyString.pipe(Schema.maxLength(MAX_VALUE_LENGTH)),
}).pipe(
  Schema.filter((values) => Object.keys(values).length > 0 || "must name at least one attribute"),
  Schema.annotations({
    identifier: "AttributeValues",
    description: "CloudEvents attributes by name, and the text that each is compared with.",
    jsonSchema: {
      type: "object",
      minProperties: 1,
      additionalProperties: { type: "string", minLength: 1, maxLength: MAX_VALUE_LENGTH },
    },
  }),
)
export type AttributeValues = typeof AttributeValues.Type

/** One filter. Exactly one of the members is there. */
export interface Filter {
  /** Every attribute named has exactly this value. */
  readonly exact?: AttributeValues | undefined
  /** Every attribute named begins so. */
  readonly prefix?: AttributeValues | undefined
  /** Every attribute named ends so. */
  readonly suffix?: AttributeValues | undefined
  /** All of these hold. */
  readonly all?: ReadonlyArray<Filter> | undefined
  /** At least one of these holds. */
  readonly any?: ReadonlyArray<Filter> | undefined
  /** This does not hold. */
  readonly not?: Filter | undefined
  /** This CloudEvents SQL expression is true of the attributes. */
  readonly sql?: string | undefined
  /** This CEL expression is true of `event`, with its attributes and `data`. */
  readonly cel?: string | undefined
}

export type FilterDialect = keyof Filter

export const filterDialects: ReadonlyArray<FilterDialect> = [
  "exact",
  "prefix",
  "suffix",
  "all",
  "any",
  "not",
  "sql",
  "cel",
]

/** What is an expression is for the parser of its language to say. */
const ExpressionText = Schema.NonEmptyString.pipe(Schema.maxLength(MAX_EXPRESSION_LENGTH))
const Nested = Schema.suspend((): Schema.Schema<Filter> => Filter)
const Several = Schema.Array(Nested).pipe(Schema.minItems(1))

export const Filter: Schema.Schema<Filter> = Schema.Struct({
  exact: Schema.optional(AttributeValues),
  prefix: Schema.optional(AttributeValues),
  suffix: Schema.optional(AttributeValues),
  all: Schema.optional(Several),
  any: Schema.optional(Several),
  not: Schema.optional(Nested),
  sql: Schema.optional(ExpressionText),
  cel: Schema.optional(ExpressionText),
}).pipe(
  Schema.filter(
    (filter) =>
      dialectsOf(filter).length === 1 ||
      `must have exactly one member, of ${filterDialects.join(", ")}`,
  ),
  Schema.annotations({
    identifier: "Filter",
    description: "One filter of the CloudEvents Subscriptions API: exactly one of these members.",
  }),
)

const dialectsOf = (filter: Filter): ReadonlyArray<FilterDialect> =>
  filterDialects.filter((dialect) => filter[dialect] !== undefined)
