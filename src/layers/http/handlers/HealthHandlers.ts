// Health: is the process up, is the mesh well.

import { HttpApiBuilder, HttpServerRequest } from "@effect/platform"
import { Effect, Option } from "effect"
import { type HealthProblem, Mesh } from "../../../actors/index.js"
import { canSee } from "../../../domain/index.js"
import { Access } from "../Access.js"
import { EventloomApi, maxNamed } from "../api/index.js"
import { Problem } from "../Problem.js"

/** A problem as the operator sees it. */
const shown = ({ since, ...problem }: HealthProblem) => ({
  ...problem,
  ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
})

/** As anybody may: what it is, and where unless that names a tenant. */
const anonymous = ({ namespace, what, where }: HealthProblem) =>
  namespace === undefined ? { what, where } : { what }

export const healthHandlers = HttpApiBuilder.group(EventloomApi, "health", (handlers) =>
  Effect.gen(function* () {
    const mesh = yield* Mesh
    const access = yield* Access
    return handlers
      .handle("live", () => Effect.succeed({ status: "live" as const }))
      .handle("ready", () =>
        Effect.gen(function* () {
          const { headers } = yield* HttpServerRequest.HttpServerRequest
          const { ready, problems, parkedSinks, stuckSources } = yield* mesh.health
          const caller = Option.getOrUndefined(yield* Effect.option(access.authenticate(headers)))
          const seen = caller && parkedSinks.filter(({ namespace }) => canSee(caller, namespace))
          const mayKnow = ({ namespace }: HealthProblem) =>
            caller !== undefined &&
            (namespace === undefined ? caller.kind === "operator" : canSee(caller, namespace))
          const parking = {
            parkedSinks: parkedSinks.length,
            ...(seen === undefined ? {} : { parked: seen.slice(0, maxNamed) }),
            ...(caller?.kind === "operator" && stuckSources.length > 0 ? { stuckSources } : {}),
          }
          if (ready) return { status: "ready" as const, ...parking }
          return yield* new Problem({
            status: 503,
            kind: "not-ready",
            detail: `Not ready: ${problems.map(({ what }) => what).join(", ")}.`,
            facts: {
              problems: problems
                .slice(0, maxNamed)
                .map((problem) => (mayKnow(problem) ? shown(problem) : anonymous(problem))),
              ...parking,
            },
            headers: { "retry-after": "1" },
          })
        }),
      )
  }),
)
