// Variables of the environment, read and checked one by one.
//
// One that is set but empty counts as not set, as compose files and unit files leave them.

import { Config, Effect, Option, Schema } from "effect"
import { UsageError } from "../CliErrors.js"

/** The value of a variable that is set and not empty. */
export const variable = <A, I extends string>(name: string, schema: Schema.Schema<A, I>) =>
  Config.option(Config.nonEmptyString(name)).pipe(
    Effect.flatMap(
      Option.match({
        onNone: () => Effect.succeed(Option.none<A>()),
        onSome: (text) => Effect.asSome(Schema.decodeUnknown(schema)(text)),
      }),
    ),
    Effect.mapError(
      (error) =>
        new UsageError({
          reason: `${name}: ${error._tag === "ParseError" ? error.message : "cannot be read"}`,
        }),
    ),
  )

export const named = <A, I>(schema: Schema.Schema<A, I>, message: string) =>
  schema.annotations({ message: () => ({ message, override: true }) })

export const portMessage = "must be a port from 0 to 65535"
export const Port = named(
  Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 65_535)),
  portMessage,
)
export const Switch = named(
  Schema.transformLiterals(
    ["true", true],
    ["1", true],
    ["yes", true],
    ["on", true],
    ["false", false],
    ["0", false],
    ["no", false],
    ["off", false],
  ),
  "must be true or false",
)
export const Secret = Schema.Redacted(Schema.String)
