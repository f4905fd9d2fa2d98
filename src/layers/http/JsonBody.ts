// A JSON body, read within its limits and decoded. Unknown fields are refused: they are typos.

import { HttpServerRequest } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Effect, Either, ParseResult, Schema } from "effect"
import { parseJson } from "../../domain/index.js"
import { Problem } from "./Problem.js"
import { invalidBody, problemOf } from "./ProblemOf.js"
import { readBody } from "./RequestBody.js"

const maxBytes = 256 * 1024
const maxDepth = 32

/** The bytes of the body of the request being answered. */
export const bodyWithin = (
  limitBytes: number,
): Effect.Effect<Uint8Array, Problem, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.async((resume) =>
      readBody(NodeHttpServerRequest.toIncomingMessage(request), limitBytes, (body) =>
        resume(body instanceof Problem ? Effect.fail(body) : Effect.succeed(body)),
      ),
    ),
  )

const decoder = new TextDecoder("utf-8", { fatal: true })

const textOf = (body: Uint8Array): Effect.Effect<string, Problem> =>
  Effect.try({
    try: () => decoder.decode(body),
    // A fatal decoder throws only for bytes that are not UTF-8.
    catch: () =>
      new Problem({
        status: 400,
        kind: "invalid-utf8",
        detail: "The body is not valid UTF-8.",
        field: "body",
      }),
  })

const jsonContentType = /^application\/(?:[\w.+-]+\+)?json *(?:;|$)/i

/** The body as the schema has it. Without a content type it is taken for JSON. */
export const jsonBody = <A, I>(
  schema: Schema.Schema<A, I>,
): Effect.Effect<A, Problem, HttpServerRequest.HttpServerRequest> => readJson(schema, undefined)

/** Likewise; what is given instead where there is no body at all. */
export const jsonBodyOr = <A, I>(
  instead: I,
  schema: Schema.Schema<A, I>,
): Effect.Effect<A, Problem, HttpServerRequest.HttpServerRequest> => readJson(schema, { instead })

const readJson = <A, I>(
  schema: Schema.Schema<A, I>,
  empty: { readonly instead: I } | undefined,
): Effect.Effect<A, Problem, HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const contentType = headers["content-type"]
    if (contentType !== undefined && !jsonContentType.test(contentType)) return yield* notJson
    const text = yield* Effect.flatMap(bodyWithin(maxBytes), textOf)
    const value =
      text === "" && empty !== undefined
        ? empty.instead
        : yield* Either.mapLeft(parseJson(text, maxDepth, "body"), problemOf)
    return yield* Effect.mapError(
      Schema.decodeUnknown(schema, { onExcessProperty: "error" })(value),
      (error) => invalidBody(ParseResult.ArrayFormatter.formatErrorSync(error)[0]),
    )
  })

const notJson = new Problem({
  status: 415,
  kind: "unsupported-content-type",
  detail: "The body must be application/json.",
  field: "content-type",
  headers: { accept: "application/json" },
})
