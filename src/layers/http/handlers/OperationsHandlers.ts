// Metrics and the supervision tree.

import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Mesh } from "../../../actors/index.js"
import { EventloomApi } from "../api/index.js"
import { metricsText } from "../MetricsText.js"
import { watchProcess } from "../ProcessMetrics.js"

export const operationsHandlers = HttpApiBuilder.group(EventloomApi, "operations", (handlers) =>
  Effect.gen(function* () {
    const mesh = yield* Mesh
    const processMetrics = yield* watchProcess
    return handlers
      .handle("metrics", () =>
        Effect.map(Effect.all([mesh.metrics, processMetrics]), ([counts, process]) =>
          metricsText(counts, process),
        ),
      )
      .handle("actors", () => mesh.actors)
  }),
)
