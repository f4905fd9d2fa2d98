// Health: is the process up, is the mesh well.

import { HttpApiBuilder, HttpServerRequest } from "@effect/platform"
import { Effect, Option } from "effect"
import { Mesh } from "../../../actors/index.js"
import { canSee } from "../../../domain/index.js"
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
          const caller = Option.getOrUndefined(yield* Effect.option(access.authenticate(headers)))
          const seen = caller && parkedSinks.filter(({ namespace }) => canSee(caller, namespace))
          const parking = {
            parkedSinks: parkedSinks.length,
            ...(seen === undefined ? {} : { parked: seen.slice(0, maxParked) }),
          }
          if (ready) return { status: "ready" as const, ...parking }
          return yield* new Problem({
            status: 503,
            kind: "not-ready",
            detail: `Not ready: ${problems.map(({ what, where }) => `${what} (${where})`).join(", ")}.`,
            facts: {
              problems:
                caller?.kind === "operator"
                  ? problems
                  : problems.map(({ what, where }) => ({ what, where })),
              ...parking,
            },
            headers: { "retry-after": "1" },
          })
        }),
      )
  }),
)
