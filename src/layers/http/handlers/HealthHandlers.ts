// Health: is the process up, is the mesh well.

import { HttpApiBuilder, HttpServerRequest } from "@effect/platform"
import { Effect, Either } from "effect"
import { Mesh } from "../../../actors/index.js"
import { Access } from "../Access.js"
import { EventloomApi, maxParked } from "../api/index.js"
import { Problem } from "../Problem.js"

export const healthHandlers = HttpApiBuilder.group(EventloomApi, "health", (handlers) =>
  Effect.gen(function* () {
    const mesh = yield* Mesh
    const access = yield* Access
    return handlers
      .handle("live", () => Effect.succeed({ status: "live" as const }))
      .handle("ready", () =>
        Effect.gen(function* () {
          const { headers } = yield* HttpServerRequest.HttpServerRequest
          const { ready, problems, parkedSinks } = yield* mesh.health
          const known = Either.isRight(access.identify(headers))
          const parking = {
            parkedSinks: parkedSinks.length,
            ...(known ? { parked: parkedSinks.slice(0, maxParked) } : {}),
          }
          if (ready) return { status: "ready" as const, ...parking }
          return yield* new Problem({
            status: 503,
            kind: "not-ready",
            detail: `Not ready: ${problems.map(({ what, where }) => `${what} (${where})`).join(", ")}.`,
            facts: {
              problems: known ? problems : problems.map(({ what, where }) => ({ what, where })),
              ...parking,
            },
            headers: { "retry-after": "1" },
          })
        }),
      )
  }),
)
