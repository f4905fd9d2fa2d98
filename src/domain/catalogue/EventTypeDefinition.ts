// An event type that TypeScript knows: its name, and what its events carry, as a Schema of Effect.

import { Either, JSONSchema, type ParseResult, Schema } from "effect"
import { CloudEvent, EventType as EventTypeName, type EventValueProblem } from "../event/index.js"
import { isLiteralPattern, TypePattern } from "../routing/index.js"
import { CataloguedType, type EventTypeSpec } from "./EventTypeEntry.js"

/** An event of a defined type, without what the definition knows. */
export interface TypedEventInput<A> {
  readonly id: string
  readonly source: string
  readonly data: A
  readonly subject?: string | undefined
  readonly time?: string | undefined
  readonly dataschema?: string | undefined
  readonly [extension: string]: unknown
}

export interface EventTypeDefinition<A, I = unknown> {
  readonly type: CataloguedType
  /** Matches events of this type and no others. */
  readonly pattern: TypePattern
  readonly schema: Schema.Schema<A, I>
  /** What it is registered with. */
  readonly spec: EventTypeSpec
  /** An event that carries `data`. */
  readonly event: (
    input: TypedEventInput<A>,
  ) => Either.Either<CloudEvent, ParseResult.ParseError | EventValueProblem>
  /** What an event of this type carries. */
  readonly decode: (event: CloudEvent) => Either.Either<A, ParseResult.ParseError>
}

export interface DefineOptions<A> {
  readonly description?: string
  readonly example?: A
}

const define = <A, I>(
  name: string,
  schema: Schema.Schema<A, I>,
  { description, example }: DefineOptions<A> = {},
): EventTypeDefinition<A, I> => {
  const type = CataloguedType.make(name)
  const pattern = TypePattern.make(type)
  if (!isLiteralPattern(pattern)) throw new TypeError(`${name} stands for more than one type`)
  const encode = Schema.encodeEither(schema)
  const decode = Schema.decodeUnknownEither(schema)
  return {
    type,
    pattern,
    schema,
    spec: {
      schema: JSONSchema.make(schema),
      ...(description === undefined ? {} : { description }),
      ...(example === undefined ? {} : { example: Schema.encodeSync(schema)(example) }),
    },
    event: ({ data, ...input }) =>
      Either.flatMap(encode(data), (encoded) => CloudEvent.make({ ...input, type, data: encoded })),
    decode: ({ data }) => decode(data ?? null),
  }
}

/** The kind of an occurrence, and `define` for kinds whose data has a Schema. Throws for a name that is none. */
export const EventType = Object.assign(EventTypeName.annotations({}), { define })
export type EventType = EventTypeName
