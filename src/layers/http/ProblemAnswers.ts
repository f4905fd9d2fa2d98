// Every failure of a route becomes a problem document, whatever it is. Faults of the server are
// logged under an id and say nothing of themselves to the caller.

import {
  HttpApiError,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse,
} from "@effect/platform"
import type { HttpApp } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Cause, Effect, Option, Predicate } from "effect"
import { Problem, problemContentType } from "./Problem.js"
import { internalError, invalidTarget } from "./ProblemOf.js"
import { refuseRest } from "./RequestBody.js"
import { pathOf, type RouteTable } from "./RouteTable.js"

/** Answers OPTIONS and failures. */
export const answerProblems =
  (routes: RouteTable) =>
  (app: HttpApp.Default<unknown>): HttpApp.Default =>
    Effect.catchAllCause(app, (cause) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
        if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
        const error = Option.getOrUndefined(Cause.failureOption(cause))
        const route = routes(pathOf(request.url))
        if (HttpServerError.isServerError(error) && error._tag === "RouteNotFound") {
          return respond(request, noRoute(request.method, route?.methods))
        }
        if (error instanceof HttpApiError.HttpApiDecodeError) {
          return respond(request, invalidTarget(error, request.method, route?.parameters ?? []))
        }
        if (error instanceof Problem) return respond(request, error)
        return Effect.flatMap(logFault(cause), (problem) => respond(request, problem))
      }),
    )

/** Logs a fault of the server; answers what the caller is told. */
export const logFault = (cause: Cause.Cause<unknown>): Effect.Effect<Problem> =>
  Effect.suspend(() => {
    const id = crypto.randomUUID()
    return Effect.as(
      Effect.annotateLogs(Effect.logError("A request failed", cause), { id }),
      internalError(id),
    )
  })

const noRoute = (method: string, allowed: ReadonlyArray<string> | undefined) => {
  if (allowed === undefined) {
    return new Problem({ status: 404, kind: "no-such-path", detail: "There is nothing here." })
  }
  const headers = { allow: allowed.join(", ") }
  if (method === "OPTIONS") return HttpServerResponse.empty({ status: 204, headers })
  const detail = `Allowed here: ${headers.allow}.`
  return new Problem({ status: 405, kind: "method-not-allowed", detail, headers })
}

const respond = (
  request: HttpServerRequest.HttpServerRequest,
  answer: Problem | HttpServerResponse.HttpServerResponse,
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.sync(() => {
    refuseRest(
      NodeHttpServerRequest.toIncomingMessage(request),
      NodeHttpServerRequest.toServerResponse(request),
    )
    if (!Predicate.isTagged(answer, "Problem")) return answer
    const { document, status, headers } = answer
    return HttpServerResponse.text(document, {
      status,
      contentType: problemContentType,
      ...(headers === undefined ? {} : { headers }),
    })
  })
