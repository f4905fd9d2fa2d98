// Health, for whoever keeps the process running. Open to all, so it names nobody's sinks.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { problems } from "../Problem.js"

const Live = Schema.Struct({ status: Schema.Literal("live") })

const Ready = Schema.Struct({
  status: Schema.Literal("ready"),
  parkedSinks: Schema.Int.annotations({
    description: "Sinks that take nothing for the moment. Their owners' affair: the mesh is well.",
  }),
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
      .addError(problems(503, "Not ready: `problems` names what is stuck."))
      .annotate(OpenApi.Summary, "The store answers and nothing is stuck"),
  ) {}
