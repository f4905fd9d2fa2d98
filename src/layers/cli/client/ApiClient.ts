// Requests to a running server, and what becomes of them: the JSON of the answer, or an error that a
// person can read.

import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import {
  Context,
  Duration,
  Effect,
  Either,
  identity,
  Layer,
  Option,
  type Redacted,
  Schema,
  Stream,
} from "effect"
import { CommandFailed, RequestRefused, ServerUnreachable, UsageError } from "../CliErrors.js"

export type ApiError = RequestRefused | ServerUnreachable | CommandFailed

export interface ApiRequest {
  readonly query?: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Of the body; default `application/json`. */
  readonly contentType?: string
  /** How long the answer may take; default 30 seconds. */
  readonly timeout?: Duration.Duration
}

export interface ApiClientShape {
  readonly url: string
  /** Segments of the path are escaped. Answers `undefined` when there is no body. */
  readonly request: (
    method: HttpMethod,
    path: ReadonlyArray<string>,
    request?: ApiRequest,
  ) => Effect.Effect<unknown, ApiError>
  /** The text of an answer without end, as it comes. `quiet`: how long it may say nothing. */
  readonly follow: (
    path: ReadonlyArray<string>,
    request: FollowRequest,
  ) => Stream.Stream<string, ApiError>
}

export interface FollowRequest {
  readonly query: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly headers: Readonly<Record<string, string>>
  readonly quiet: Duration.Duration
}

export class ApiClient extends Context.Tag("eventloom/cli/ApiClient")<
  ApiClient,
  ApiClientShape
>() {}

export interface ApiOptions {
  /** The base URL of the server. */
  readonly url: string
  readonly token: Option.Option<Redacted.Redacted>
}

/** A connection to the server. Nothing is sent until a request is made. */
export const layer = ({ url, token }: ApiOptions) =>
  Layer.effect(
    ApiClient,
    Effect.gen(function* () {
      const base = yield* baseOf(url)
      const client = yield* HttpClient.HttpClient
      const prepare = (
        method: HttpMethod,
        path: ReadonlyArray<string>,
        query: ApiRequest["query"],
      ) =>
        HttpClientRequest.make(method)(
          `${base}${path.map((segment) => `/${encodeURIComponent(segment)}`).join("")}`,
        ).pipe(
          HttpClientRequest.setUrlParams(query ?? {}),
          Option.isSome(token) ? HttpClientRequest.bearerToken(token.value) : identity,
        )
      const request: ApiClientShape["request"] = (method, path, options = {}) => {
        const { query, body, contentType = "application/json", timeout = patience } = options
        const prepared = prepare(method, path, query).pipe(
          HttpClientRequest.acceptJson,
          body === undefined
            ? identity
            : HttpClientRequest.bodyText(JSON.stringify(body), contentType),
        )
        return client.execute(prepared).pipe(
          Effect.flatMap(answerOf),
          Effect.catchTags({
            RequestError: (error) => unreachable(base, error),
            ResponseError: (error) => unreachable(base, error),
          }),
          Effect.timeoutFail({
            duration: timeout,
            onTimeout: () => silent(base, timeout),
          }),
        )
      }
      const follow: ApiClientShape["follow"] = (path, { headers, query, quiet }) => {
        const prepared = prepare("GET", path, query).pipe(
          HttpClientRequest.accept("text/event-stream"),
          HttpClientRequest.setHeaders(headers),
        )
        return Stream.unwrap(
          Effect.flatMap(client.execute(prepared), (response) =>
            response.status === 200
              ? Effect.succeed(response.stream)
              : Effect.flatMap(answerOf(response), () => notAStream),
          ),
        ).pipe(
          Stream.decodeText(),
          Stream.catchTags({
            RequestError: (error) => Stream.fail(unreachable(base, error)),
            ResponseError: (error) => Stream.fail(unreachable(base, error)),
          }),
          Stream.timeoutFail(() => silent(base, quiet), quiet),
        )
      }
      return { url: base, request, follow }
    }),
  ).pipe(Layer.provide(FetchHttpClient.layer))

const patience = Duration.seconds(30)

const silent = (url: string, duration: Duration.Duration) =>
  new ServerUnreachable({ url, reason: `it has not answered for ${Duration.format(duration)}` })

const notAStream = new CommandFailed({
  reason: "The answer is no event stream: is this an Eventloom server?",
})

const baseOf = (text: string): Effect.Effect<string, UsageError> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    return new UsageError({ reason: `"${text}" is not the http or https URL of a server` })
  }
  if (url.username !== "" || url.password !== "") {
    return new UsageError({ reason: "the server's URL must not hold a password; use --token" })
  }
  return Effect.succeed(`${url.origin}${url.pathname}`.replace(/\/+$/, ""))
}

const Caused = Schema.Struct({ cause: Schema.Unknown })
const Coded = Schema.Struct({ code: Schema.String })
const isCaused = Schema.is(Caused)
const isCoded = Schema.is(Coded)

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was lost",
  UND_ERR_SOCKET: "the connection was lost",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name cannot be looked up",
}

/** The system's reason is some levels down in what `fetch` throws. */
const reasonOf = (error: HttpClientError): string => {
  let at: unknown = error
  let reason = error.message
  for (let depth = 0; depth < 6; depth++) {
    if (isCoded(at)) return reasons[at.code] ?? at.code
    if (at instanceof Error && at !== error) reason = at.message
    if (at instanceof AggregateError && at.errors.length > 0) at = at.errors[0]
    else if (isCaused(at)) at = at.cause
    else break
  }
  return reason
}

const unreachable = (url: string, error: HttpClientError) =>
  new ServerUnreachable({ url, reason: reasonOf(error) })

const ProblemDocument = Schema.Struct({
  detail: Schema.String,
  field: Schema.optional(Schema.String),
})
const decodeProblem = Schema.decodeUnknownEither(ProblemDocument)

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const answerOf = (
  response: HttpClientResponse,
): Effect.Effect<unknown, HttpClientError | RequestRefused | CommandFailed> =>
  Effect.flatMap(response.text, (text): Effect.Effect<unknown, RequestRefused | CommandFailed> => {
    const { status } = response
    const value = parseJson(text)
    if (status >= 200 && status < 300) {
      return text !== "" && value === undefined
        ? new CommandFailed({ reason: "The answer is no JSON: is this an Eventloom server?" })
        : Effect.succeed(value)
    }
    return Either.match(decodeProblem(value), {
      onLeft: () => new RequestRefused({ status, detail: "The server refused the request" }),
      onRight: ({ detail, field }) =>
        new RequestRefused({ status, detail, ...(field === undefined ? {} : { field }) }),
    })
  })

/** The answer in the shape that a command needs of it. */
export const decodeAnswer =
  <A, I>(schema: Schema.Schema<A, I>) =>
  (value: unknown): Effect.Effect<A, CommandFailed> =>
    Effect.mapError(
      Schema.decodeUnknown(schema)(value),
      (error) =>
        new CommandFailed({ reason: `The server's answer is not understood: ${error.message}` }),
    )

/** Reads a list to its end, page by page; answers it as if it were one page. */
export const listAll = (
  api: ApiClientShape,
  path: ReadonlyArray<string>,
  plural: string,
  query: Readonly<Record<string, string | undefined>> = {},
  /** Where to begin. */
  from?: string,
): Effect.Effect<Readonly<Record<string, unknown>>, ApiError> =>
  Effect.gen(function* () {
    const Page = Schema.Struct({
      [plural]: Schema.Array(Schema.Unknown),
      next: Schema.NullishOr(Schema.String),
    })
    const all: Array<unknown> = []
    let after = from
    do {
      const answer = yield* api.request("GET", path, {
        query: { ...query, after, limit: pageSize },
      })
      const page = yield* decodeAnswer(Page)(answer)
      const items = page[plural]
      if (Array.isArray(items)) all.push(...items)
      after = typeof page["next"] === "string" ? page["next"] : undefined
    } while (after !== undefined)
    return { [plural]: all, next: null }
  })

const pageSize = "1000"
