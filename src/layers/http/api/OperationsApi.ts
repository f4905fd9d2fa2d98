// What the operator looks at: metrics and the live supervision tree.

import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"

export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8"

const PrometheusText = Schema.String.pipe(
  HttpApiSchema.withEncoding({ kind: "Text", contentType: metricsContentType }),
)

const actorFields = {
  path: Schema.String,
  kind: Schema.String,
  state: Schema.String,
  since: Instant,
  restarts: Schema.Int,
  queueDepth: Schema.Int,
  handled: Schema.Int.annotations({ description: "Messages taken since its last start." }),
}

interface Actor extends Schema.Struct.Type<typeof actorFields> {
  readonly children: ReadonlyArray<Actor>
}

interface ActorEncoded extends Schema.Struct.Encoded<typeof actorFields> {
  readonly children: ReadonlyArray<ActorEncoded>
}

const Actor = Schema.Struct({
  ...actorFields,
  children: Schema.Array(
    Schema.suspend((): Schema.Schema<Actor, ActorEncoded> => Actor).annotations({
      identifier: "Actor",
    }),
  ),
}).annotations({ identifier: "Actor" })

export class OperationsApi extends HttpApiGroup.make("operations")
  .add(
    HttpApiEndpoint.get("metrics", "/metrics")
      .addSuccess(PrometheusText)
      .annotate(OpenApi.Summary, "Metrics in the text format of Prometheus"),
  )
  .add(
    HttpApiEndpoint.get("actors", "/v1/actors")
      .addSuccess(Actor)
      .annotate(OpenApi.Summary, "The live supervision tree"),
  )
  .middleware(Authorization) {}
