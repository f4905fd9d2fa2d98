// Events over HTTP: published in the HTTP binding of CloudEvents, and read from the journal.

import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import {
  batchContentType,
  CloudEventWire,
  NamespaceName,
  SequenceFromString,
  structuredContentType,
  TypePattern,
} from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { eventStreamContentType } from "../ServerSentEvents.js"
import { Needs } from "./Needs.js"
import { Limit, Next } from "./Paging.js"

export const Durability = Schema.Literal("journalled", "ephemeral").annotations({
  message: () => ({ message: 'must be "journalled" or "ephemeral"', override: true }),
  description:
    "`journalled` (the default): acknowledged once committed, delivered at least once. " +
    "`ephemeral`: delivered at most once to those who keep up, not stored; its sequence is 0.",
})

const Receipt = Schema.Struct({
  source: Schema.String,
  id: Schema.String,
  sequence: SequenceFromString,
  duplicate: Schema.Boolean.annotations({
    description: "It was published before, with this sequence, and nothing was delivered.",
  }),
})

const Mended = Schema.Struct({
  index: Schema.optional(Schema.Int),
  field: Schema.String,
  what: Schema.String,
})

export const Accepted = Schema.Struct({
  accepted: Schema.Array(Receipt),
  mended: Schema.optional(
    Schema.Array(Mended).annotations({ description: "What lenient reading changed." }),
  ),
}).annotations({ identifier: "Accepted" })

export const StoredEvent = Schema.Struct({
  sequence: SequenceFromString,
  event: CloudEventWire,
}).annotations({ identifier: "StoredEvent" })

/** The bodies of structured and batch mode. In binary mode the body is the data, whatever it is. */
const published = Schema.Union(
  CloudEventWire.pipe(
    HttpApiSchema.withEncoding({ kind: "Json", contentType: structuredContentType }),
  ),
  Schema.Array(CloudEventWire).pipe(
    HttpApiSchema.withEncoding({ kind: "Json", contentType: batchContentType }),
  ),
)

const inNamespace = Schema.Struct({ namespace: NamespaceName })
const notFound = problems(404, "No such namespace.")

/** Repeated, with commas between them, or both. */
const TypePatterns = Schema.transform(Schema.Array(Schema.String), Schema.Array(TypePattern), {
  strict: true,
  decode: (texts) => texts.flatMap((text) => text.split(",")),
  encode: (patterns) => patterns,
}).pipe(Schema.minItems(1), Schema.maxItems(64))

const StreamStart = Schema.Union(Schema.Literal("now"), SequenceFromString).annotations({
  message: () => ({ message: 'must be "now" or a sequence', override: true }),
  description: "The journal after this sequence comes first; `now` (the default): what comes next.",
})

const EventStreamText = Schema.String.pipe(
  HttpApiSchema.withEncoding({ kind: "Text", contentType: eventStreamContentType }),
)

export const durabilityHeader = "eventloom-durability"

export class EventsApi extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.post("publishEvents", "/v1/namespaces/:namespace/events")
      .setPath(inNamespace)
      .annotate(Needs, "publish")
      .setUrlParams(
        Schema.Struct({
          durability: Schema.optional(Durability),
          lenient: Schema.optional(
            Schema.Literal("true", "false").annotations({
              message: () => ({ message: 'must be "true" or "false"', override: true }),
              description: "Mends events that are not quite CloudEvents 1.0, and reports `mended`.",
            }),
          ),
        }),
      )
      .setHeaders(Schema.Struct({ [durabilityHeader]: Schema.optional(Durability) }))
      .setPayload(published)
      .addSuccess(Accepted, { status: 202 })
      .addError(notFound)
      .addError(problems(409, "The namespace is disabled or being removed."))
      .addError(
        problems(
          413,
          "The body, the batch or an event is too large, or more than may come at once.",
        ),
      )
      .addError(problems(415, "Neither a CloudEvents media type nor binary mode."))
      .addError(problems(429, "A quota of the namespace is used up: see `quota`, `Retry-After`."))
      .addError(problems(422, "An event does not carry what its type is registered with."))
      .annotate(OpenApi.Summary, "Publishes events, all of them or none")
      .annotate(
        OpenApi.Description,
        "The HTTP binding of CloudEvents 1.0: structured mode, batch mode, or binary mode with the " +
          "attributes in `ce-*` headers and the data as the body. Answered after the commit.",
      ),
  )
  .add(
    HttpApiEndpoint.get("readEvents", "/v1/namespaces/:namespace/events")
      .setPath(inNamespace)
      .annotate(Needs, "read")
      .setUrlParams(
        Schema.Struct({
          after: Schema.optional(SequenceFromString),
          type: Schema.optional(
            Schema.Array(TypePattern).pipe(Schema.minItems(1), Schema.maxItems(64)),
          ),
          limit: Schema.optional(Limit),
        }),
      )
      .addSuccess(
        Schema.Struct({ events: Schema.Array(StoredEvent), next: Next(SequenceFromString) }),
      )
      .addError(notFound)
      .annotate(OpenApi.Summary, "Reads the journal after a sequence")
      .annotate(
        OpenApi.Description,
        "A page may hold fewer events than the limit, even none: read on until `next` is null.",
      ),
  )
  .add(
    HttpApiEndpoint.get("streamEvents", "/v1/namespaces/:namespace/events/stream")
      .setPath(inNamespace)
      .annotate(Needs, "read")
      .setUrlParams(
        Schema.Struct({
          after: Schema.optional(StreamStart),
          type: Schema.optional(TypePatterns),
          filter: Schema.optional(
            Schema.NonEmptyString.annotations({
              description: "Only events of which this CloudEvents SQL expression is true.",
            }),
          ),
        }),
      )
      .setHeaders(
        Schema.Struct({
          "last-event-id": Schema.optional(
            Schema.Union(SequenceFromString, Schema.Literal("")).annotations({
              message: () => ({ message: "must be the id of an event", override: true }),
              description: "Where to go on after; counts more than `after`.",
            }),
          ),
        }),
      )
      .addSuccess(EventStreamText)
      .addError(notFound)
      .addError(problems(406, "The Accept header takes no event stream."))
      .addError(problems(409, "The namespace is being removed."))
      .addError(problems(429, "The namespace has as many open streams as it may."))
      .annotate(OpenApi.Summary, "Follows the events of a namespace")
      .annotate(
        OpenApi.Description,
        "Server-sent events: `message` with the CloudEvent in its JSON format and the sequence as " +
          "the id; `dropped` and `expired` with `{count}` of events that were lost; `removed` at " +
          "the end of the namespace.",
      ),
  )
  .add(
    HttpApiEndpoint.get("getEvent", "/v1/namespaces/:namespace/events/:sequence")
      .setPath(Schema.Struct({ namespace: NamespaceName, sequence: SequenceFromString }))
      .annotate(Needs, "read")
      .addSuccess(StoredEvent)
      .addError(problems(404, "No such namespace, or no such event in its journal.")),
  )
  .addError(problems(503, "Overloaded, or the store does not answer: see `Retry-After`."))
  .middleware(Authorization) {}
