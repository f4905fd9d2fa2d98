// Health, for whoever keeps the process running. It is open to all; tenants are named only to those
// who are let in elsewhere too.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { NamespaceName, SinkName, SourceName } from "../../../domain/index.js"
import { fault, problems } from "../Problem.js"
import { Instant } from "./Instant.js"

/** How many parked sinks, and how many problems, are named. */
export const maxNamed = 100

const Live = Schema.Struct({ status: Schema.Literal("live") })

const Parked = Schema.Struct({
  namespace: NamespaceName,
  sink: SinkName,
  since: Instant,
  cause: Schema.String,
})

export const Ready = Schema.Struct({
  status: Schema.Literal("ready"),
  parkedSinks: Schema.Int.annotations({
    description: "Sinks that take nothing for the moment. Their owners' affair: the mesh is well.",
  }),
  parked: Schema.optional(
    Schema.Array(Parked).annotations({
      description: `The first ${maxNamed} of them, for callers who may know.`,
    }),
  ),
  stuckSources: Schema.optional(
    Schema.Array(Schema.Struct({ source: SourceName, problem: Schema.String })).annotations({
      description: "Sources that bring nothing until somebody does something, for the operator.",
    }),
  ),
})

export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/health/live")
      .addSuccess(Live)
      .annotate(OpenApi.Summary, "The process is up"),
  )
  .add(
    HttpApiEndpoint.get("ready", "/health/ready")
      .addSuccess(Ready)
      .addError(fault)
      .addError(problems(503, "Not ready: `problems` names what is stuck."))
      .annotate(OpenApi.Summary, "The store answers and nothing is stuck"),
  ) {}
