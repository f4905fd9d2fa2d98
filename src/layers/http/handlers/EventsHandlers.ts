// Events: published, and read from the journal. What the journal holds is JSON already and is sent as
// it is.

import { HttpApiBuilder, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Effect, Option } from "effect"
import { CurrentOrigin, Mesh } from "../../../actors/index.js"
import {
  type InvalidSetting,
  isPublishRefused,
  type JournaledEvent,
  origin,
  type Sequence,
} from "../../../domain/index.js"
import { defaultLimit, durabilityHeader, EventloomApi } from "../api/index.js"
import { EventStreams, eventStreamHeaders } from "../EventStreams.js"
import { bodyWithin } from "../JsonBody.js"
import { Problem } from "../Problem.js"
import { acceptedJson, bodyLimitOf, decodePublish } from "../PublishRequest.js"
import { RefusalPace } from "../RefusalPace.js"
import { acceptsEventStream } from "../ServerSentEvents.js"
import { answering } from "./Answering.js"

const json = (text: string, status = 200) =>
  HttpServerResponse.text(text, { status, contentType: "application/json" })

const stored = ({ sequence, json }: JournaledEvent) => `{"sequence":"${sequence}","event":${json}}`

export const eventsHandlers = HttpApiBuilder.group(EventloomApi, "events", (handlers) =>
  Effect.map(Effect.all([Mesh, EventStreams, RefusalPace]), ([mesh, streams, pace]) =>
    handlers
      .handleRaw("publishEvents", ({ headers, path, urlParams: { durability, lenient } }) =>
        Effect.gen(function* () {
          const request = NodeHttpServerRequest.toIncomingMessage(
            yield* HttpServerRequest.HttpServerRequest,
          )
          const refusal = mesh.refusal(path.namespace)
          if (refusal !== undefined) return yield* refusal
          const body = yield* bodyWithin(bodyLimitOf(request, mesh.eventLimits))
          const mend = lenient === "true"
          const { events, mended } = yield* decodePublish(request, body, mesh.eventLimits, mend)
          const asked = durability ?? headers[durabilityHeader]
          const receipts = yield* mesh.publish(path.namespace, events, asked)
          return json(acceptedJson(receipts, mend ? mended : undefined), 202)
        }).pipe(
          Effect.tapError((error) =>
            isPublishRefused(error) ? pace.turn(path.namespace) : Effect.void,
          ),
          answering,
        ),
      )
      .handle(
        "readEvents",
        ({ path, urlParams: { after = origin, limit = defaultLimit, type: types } }) =>
          Effect.map(
            mesh.events.read(path.namespace, {
              after,
              limit: limit + 1,
              ...(types === undefined ? {} : { types }),
            }),
            (page) => {
              const events = page.events.slice(0, limit)
              const next = page.events.length > limit ? events.at(-1)?.sequence : page.next
              return json(`{"events":[${events.map(stored).join(",")}],"next":${shown(next)}}`)
            },
          ).pipe(answering),
      )
      .handleRaw("streamEvents", ({ headers, path, request, urlParams }) =>
        Effect.gen(function* () {
          if (!acceptsEventStream(request.headers["accept"])) return yield* notAcceptable
          if (request.method === "HEAD") {
            yield* mesh.namespaces.get(path.namespace)
            return HttpServerResponse.empty({ status: 200, headers: eventStreamHeaders })
          }
          const { after, filter, type: types } = urlParams
          const last = headers["last-event-id"]
          const start = last === undefined || last === "" ? after : last
          const reader = yield* mesh.events.reader(path.namespace, {
            after: start === "now" ? undefined : start,
            types,
            filters: filter === undefined ? [] : [{ sql: filter }],
          })
          const { caller } = yield* CurrentOrigin
          const lapse = caller.kind === "key" ? mesh.keys.lapse(caller.key) : Effect.never
          return yield* streams.answer(path.namespace, reader, lapse)
        }).pipe(Effect.catchTag("InvalidSetting", invalidFilter), answering),
      )
      .handle("getEvent", ({ path: { namespace, sequence } }) =>
        Effect.flatMap(
          mesh.events.get(namespace, sequence),
          Option.match({
            onNone: () => Effect.fail(noEvent(namespace, sequence)),
            onSome: (event) => Effect.succeed(json(stored(event))),
          }),
        ).pipe(answering),
      ),
  ),
)

const shown = (next: Sequence | undefined) => (next === undefined ? "null" : `"${next}"`)

const noEvent = (namespace: string, sequence: Sequence) =>
  new Problem({
    status: 404,
    kind: "event-not-found",
    detail: `There is no event ${sequence} in the journal of "${namespace}".`,
    facts: { namespace, sequence: String(sequence) },
  })

/** The filter is the only thing that the mesh reads, and it is a parameter. */
const invalidFilter = ({ position, reason }: InvalidSetting) =>
  new Problem({
    status: 400,
    kind: "invalid-parameter",
    detail: `filter: ${reason}`,
    field: "filter",
    facts: position === undefined ? {} : { position },
  })

const notAcceptable = new Problem({
  status: 406,
  kind: "not-acceptable",
  detail: "The answer is text/event-stream, which the Accept header does not take.",
  field: "accept",
})
