// Sinks over HTTP. What a sink can be told depends on its kind, and its transport checks it.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { SinkState } from "../../../actors/index.js"
import {
  defaultOverlap,
  NamespaceName,
  Overlap,
  SinkConcurrency,
  SinkName,
} from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Needs } from "./Needs.js"
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
      '`mode` ("structured", "binary", "batch"), `signature` ("v1", "v1a", "both"), `timeout`, ' +
      "`connectTimeout`, `handshake`, `requestRate`.",
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
    state: SinkState,
    hasSecret: Schema.Boolean,
    secret: Schema.optional(
      Schema.String.annotations({
        description: "A secret that was generated. Shown once, in the answer that drew it.",
      }),
    ),
    previousSecretUntil: Schema.optional(Instant).annotations({
      description: "While the secret is being rotated: until when the one before it signs as well.",
    }),
    createdAt: Instant,
    updatedAt: Instant,
  },
  options,
).annotations({ identifier: "Sink" })

export const SecretRotation = Schema.Struct({
  secret: Schema.optional(
    Schema.Redacted(Schema.String).annotations({
      jsonSchema: { type: "string", description: "`whsec_...`; generated when it is absent." },
    }),
  ),
  overlap: Schema.optionalWith(Overlap, { default: () => defaultOverlap }),
}).annotations({ identifier: "SecretRotation" })

const inNamespace = Schema.Struct({ namespace: NamespaceName })
const path = Schema.Struct({ namespace: NamespaceName, sink: SinkName })
const notFound = problems(404, "No such namespace or sink.")
const conflict = problems(
  409,
  "The namespace is being removed or has as many sinks as it may, subscriptions use the sink, or its secret is being rotated.",
)

export class SinksApi extends HttpApiGroup.make("sinks")
  .add(
    HttpApiEndpoint.put("putSink", "/v1/namespaces/:namespace/sinks/:sink")
      .setPath(path)
      .annotate(Needs, "manage")
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
      .annotate(Needs, "read")
      .addSuccess(SinkShape)
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.get("listSinks", "/v1/namespaces/:namespace/sinks")
      .setPath(inNamespace)
      .annotate(Needs, "read")
      .setUrlParams(Schema.Struct(pageParameters(SinkName)))
      .addSuccess(Schema.Struct({ sinks: Schema.Array(SinkShape), next: Next(SinkName) }))
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.post("rotateSecret", "/v1/namespaces/:namespace/sinks/:sink/rotate-secret")
      .setPath(path)
      .annotate(Needs, "manage")
      .setPayload(SecretRotation)
      .addSuccess(SinkShape)
      .addError(notFound)
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(422, "The secret or overlap is not valid: `field` says which."))
      .annotate(OpenApi.Summary, "Replaces the secret that a sink signs with")
      .annotate(
        OpenApi.Description,
        "The secret before it signs as well until the overlap ends (24 hours unless told otherwise), " +
          'then it is erased. During an overlap another rotation is refused with 409, but for one with an overlap of "0s".',
      ),
  )
  .add(
    HttpApiEndpoint.del("deleteSink", "/v1/namespaces/:namespace/sinks/:sink")
      .setPath(path)
      .annotate(Needs, "manage")
      .addError(notFound),
  )
  .addError(conflict)
  .middleware(Authorization) {}
