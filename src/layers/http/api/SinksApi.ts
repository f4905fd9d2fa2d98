// Sinks over HTTP. What a sink can be told depends on its kind, and its transport checks it.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { NamespaceName, SinkConcurrency, SinkName } from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Next, pageParameters } from "./Paging.js"

const options = { key: Schema.String, value: Schema.Unknown }

export const SinkSpec = Schema.Struct(
  { kind: Schema.String, concurrency: Schema.optional(SinkConcurrency) },
  options,
).annotations({
  identifier: "SinkSpec",
  jsonSchema: {
    type: "object",
    required: ["kind"],
    description:
      "The options of the kind stand beside it. Those of a webhook: `url`, `headers`, `secret`, " +
      '`mode` ("structured", "binary", "batch"), `timeout`, `connectTimeout`.',
    properties: {
      kind: { type: "string", examples: ["webhook", "stdout"] },
      concurrency: { type: "integer", minimum: 1, maximum: 1024 },
    },
    additionalProperties: true,
  },
})

export const SinkShape = Schema.Struct(
  {
    namespace: NamespaceName,
    name: SinkName,
    kind: Schema.String,
    concurrency: Schema.Number,
    state: Schema.Literal("connected", "parked", "misconfigured", "waiting", "asleep"),
    hasSecret: Schema.Boolean,
    secret: Schema.optional(
      Schema.String.annotations({
        description: "A secret that was generated. Shown once, in the answer to the PUT.",
      }),
    ),
    createdAt: Instant,
    updatedAt: Instant,
  },
  options,
).annotations({ identifier: "Sink" })

const inNamespace = Schema.Struct({ namespace: NamespaceName })
const path = Schema.Struct({ namespace: NamespaceName, sink: SinkName })
const notFound = problems(404, "No such namespace or sink.")
const conflict = problems(409, "The namespace is being removed, or subscriptions use the sink.")

export class SinksApi extends HttpApiGroup.make("sinks")
  .add(
    HttpApiEndpoint.put("putSink", "/v1/namespaces/:namespace/sinks/:sink")
      .setPath(path)
      .setPayload(SinkSpec)
      .addSuccess(SinkShape)
      .addSuccess(SinkShape, { status: 201 })
      .addError(notFound)
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(422, "A name or option is not valid: `field` says which."))
      .annotate(OpenApi.Summary, "Creates or replaces a sink"),
  )
  .add(
    HttpApiEndpoint.get("getSink", "/v1/namespaces/:namespace/sinks/:sink")
      .setPath(path)
      .addSuccess(SinkShape)
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.get("listSinks", "/v1/namespaces/:namespace/sinks")
      .setPath(inNamespace)
      .setUrlParams(Schema.Struct(pageParameters(SinkName)))
      .addSuccess(Schema.Struct({ sinks: Schema.Array(SinkShape), next: Next(SinkName) }))
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.del("deleteSink", "/v1/namespaces/:namespace/sinks/:sink")
      .setPath(path)
      .addError(notFound),
  )
  .addError(conflict)
  .addError(problems(503, "The store does not answer; try again after `Retry-After`."))
  .middleware(Authorization) {}
