// A server that takes events as Hook0's API does, by what its OpenAPI document and its problems say:
// the same required members, limits, statuses and problem ids.

import type { ServerResponse } from "node:http"
import { Effect, Either, Schema } from "effect"
import * as Receiver from "./Receiver.js"

export const applicationId = "11111111-2222-4333-8444-555555555555"
export const token = "a-token"

const text = (least: number, most: number) =>
  Schema.String.pipe(Schema.minLength(least), Schema.maxLength(most))

const texts = (least: number, most: number) =>
  Schema.Record({ key: text(1, 50), value: text(1, 50) }).pipe(
    Schema.filter((record) => {
      const count = Object.keys(record).length
      return count >= least && count <= most
    }),
  )

const EventPost = Schema.Struct({
  application_id: Schema.UUID,
  event_id: Schema.optional(Schema.UUID),
  event_type: text(1, 200),
  payload: text(0, 699_050),
  payload_content_type: text(1, 100),
  occurred_at: Schema.DateTimeUtc,
  labels: texts(1, 10),
  metadata: Schema.optional(texts(0, 50)),
})
export type EventPost = typeof EventPost.Type

const EventTypePost = Schema.Struct({
  application_id: Schema.UUID,
  service: text(1, 50),
  resource_type: text(1, 50),
  verb: text(1, 50),
})

const read =
  <A, I>(schema: Schema.Schema<A, I>) =>
  (body: Buffer) =>
    Either.getOrUndefined(
      Schema.decodeUnknownEither(Schema.parseJson(schema))(body.toString(), {
        onExcessProperty: "error",
      }),
    )
const readEvent = read(EventPost)
const readType = read(EventTypePost)

const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export interface Hook0Server {
  readonly receiver: Receiver.Receiver
  readonly apiUrl: string
  /** Events taken, by their ids. */
  readonly events: Map<string, EventPost>
  readonly types: Set<string>
  /** Answers instead of the server for as long as it is set; true when it has answered. */
  override: ((response: ServerResponse) => void) | undefined
}

const problem = (
  response: ServerResponse,
  status: number,
  id: string,
  headers: Readonly<Record<string, string>> = {},
) => {
  response.writeHead(status, { "content-type": "application/problem+json", ...headers })
  const type = `https://documentation.hook0.com/explanation/problems#${id.toLowerCase()}`
  response.end(JSON.stringify({ type, id, title: id, detail: `It is ${id}.`, status }))
}
export const answerProblem = problem

const invalidPayload = ({ payload, payload_content_type }: EventPost): string | undefined => {
  switch (payload_content_type) {
    case "text/plain":
      return undefined
    case "application/json":
      return Either.isRight(Schema.decodeUnknownEither(Schema.parseJson())(payload))
        ? undefined
        : "EventInvalidJsonPayload"
    case "application/octet-stream+base64":
      return isBase64.test(payload) ? undefined : "EventInvalidBase64Payload"
    default:
      return "EventInvalidPayloadContentType"
  }
}

export const start = Effect.gen(function* () {
  const events = new Map<string, EventPost>()
  const types = new Set<string>()
  const receiver: Receiver.Receiver = yield* Receiver.http((request, response) => {
    if (server.override !== undefined) return server.override(response)
    const { authorization } = request.headers
    if (authorization === undefined) return problem(response, 401, "AuthNoAuthorizationHeader")
    if (authorization !== `Bearer ${token}`) return problem(response, 403, "AuthInvalidBiscuit")
    switch (request.url) {
      case "/api/v1/event": {
        const event = readEvent(request.body)
        if (event === undefined) return problem(response, 422, "Validation")
        if (event.application_id !== applicationId) return problem(response, 403, "Forbidden")
        const fault = invalidPayload(event)
        if (fault !== undefined) return problem(response, 400, fault)
        if (!types.has(event.event_type)) return problem(response, 400, "EventTypeDoesNotExist")
        const id = event.event_id ?? "00000000-0000-7000-8000-000000000000"
        if (events.has(id)) return problem(response, 409, "EventAlreadyIngested")
        events.set(id, event)
        response.writeHead(201, { "content-type": "application/json" })
        return response.end(
          JSON.stringify({
            application_id: applicationId,
            event_id: id,
            received_at: "2026-01-02T03:04:05Z",
          }),
        )
      }
      case "/api/v1/event_types": {
        const type = readType(request.body)
        if (type === undefined) return problem(response, 422, "Validation")
        types.add(`${type.service}.${type.resource_type}.${type.verb}`)
        return response.writeHead(201, { "content-type": "application/json" }).end("{}")
      }
      default:
        return problem(response, 404, "NotFound")
    }
  })
  const server: Hook0Server = {
    receiver,
    apiUrl: `${receiver.url}/api/v1`,
    events,
    types,
    override: undefined,
  }
  return server
})
