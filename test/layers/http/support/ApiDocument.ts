// The description of the API as a test needs it: its operations, and for each documented answer what
// its bodies must be like.

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import { Effect, Schema } from "effect"
import { send } from "./Server.js"

const Content = Schema.Record({
  key: Schema.String,
  value: Schema.Struct({
    example: Schema.optional(Schema.Unknown),
    examples: Schema.optional(
      Schema.Record({ key: Schema.String, value: Schema.Struct({ $ref: Schema.String }) }),
    ),
  }),
})

const Document = Schema.Struct({
  paths: Schema.Record({
    key: Schema.String,
    value: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({
        operationId: Schema.String,
        description: Schema.String,
        security: Schema.Array(Schema.Unknown),
        parameters: Schema.Array(Schema.Struct({ name: Schema.String, in: Schema.String })),
        requestBody: Schema.optional(Schema.Struct({ content: Content })),
        responses: Schema.Record({
          key: Schema.String,
          value: Schema.Struct({ content: Schema.optional(Content) }),
        }),
      }),
    }),
  }),
  components: Schema.Struct({
    examples: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({ value: Schema.Unknown }),
    }),
  }),
})

/** A body that is documented: what it is of, its schema, its examples by name. */
export interface DescribedBody {
  readonly contentType: string
  /** What is wrong with a body; undefined when nothing is. */
  readonly faultOf: (body: unknown) => string | undefined
  readonly examples: Readonly<Record<string, unknown>>
}

export interface Operation {
  readonly id: string
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE"
  readonly path: string
  readonly takes: string
  readonly parameters: ReadonlyArray<string>
  readonly isOpen: boolean
  readonly requests: ReadonlyArray<DescribedBody>
  /** By status; undefined where the answer has no body. */
  readonly answers: ReadonlyMap<number, DescribedBody | undefined>
}

const Method = Schema.Literal("GET", "PUT", "POST", "PATCH", "DELETE")
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const pointerSegment = (text: string) =>
  encodeURIComponent(text.replaceAll("~", "~0").replaceAll("/", "~1"))

/** Reads the description from the server. */
export const readOperations = Effect.map(
  send({ path: "/openapi.json" }),
  ({ json }): ReadonlyArray<Operation> => {
    const { components, paths } = Schema.decodeUnknownSync(Document)(json)
    const ajv = new Ajv2020({
      strict: false,
      allErrors: true,
      formats: { "date-time": dateTime, uri: /^[a-z][a-z0-9+.-]*:/, "uri-reference": true },
    })
    ajv.addSchema({ ...(json as object), $id: "api" })

    const bodyAt = (
      pointer: ReadonlyArray<string>,
      contents: typeof Content.Type,
    ): ReadonlyArray<DescribedBody> =>
      Object.entries(contents).map(([contentType, { example, examples = {} }]) => {
        const path = [...pointer, "content", contentType, "schema"].map(pointerSegment).join("/")
        let validate: ValidateFunction | undefined
        const named = Object.entries(examples).map(([name, { $ref }]) => [
          name,
          components.examples[$ref.replace("#/components/examples/", "")]?.value,
        ])
        return {
          contentType,
          faultOf: (body) => {
            validate ??= ajv.compile({ $ref: `api#/paths/${path}` })
            return validate(body) ? undefined : ajv.errorsText(validate.errors)
          },
          examples: example === undefined ? Object.fromEntries(named) : { [contentType]: example },
        }
      })

    return Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => {
        const at = [path, method]
        return {
          id: operation.operationId,
          method: Schema.decodeUnknownSync(Method)(method.toUpperCase()),
          path,
          takes: operation.description.split("\n\n").at(-1) ?? "",
          parameters: operation.parameters.flatMap(({ in: place, name }) =>
            place === "query" ? [name] : [],
          ),
          isOpen: operation.security.length === 0,
          requests: bodyAt([...at, "requestBody"], operation.requestBody?.content ?? {}),
          answers: new Map(
            Object.entries(operation.responses).map(([status, { content = {} }]) => [
              Number(status),
              bodyAt([...at, "responses", status], content)[0],
            ]),
          ),
        }
      }),
    )
  },
)
