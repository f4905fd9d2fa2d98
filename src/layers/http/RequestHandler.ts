// From a mesh to what a Node server calls for each request: the checks that come before any route,
// the fast path, and the routes.

import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { HttpApiBuilder, HttpApiSwagger, HttpRouter } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer, type Scope } from "effect"
import { Mesh } from "../../actors/index.js"
import { Access, type AccessRules } from "./Access.js"
import { EventloomApi } from "./api/index.js"
import { EventStreams, type EventStreamsShape } from "./EventStreams.js"
import { fastPublish } from "./FastPublish.js"
import { allHandlers } from "./handlers/index.js"
import { authorizationLayer } from "./Permission.js"
import { answerProblems } from "./ProblemAnswers.js"
import { Problem } from "./Problem.js"
import { makeRefusalPace, RefusalPace } from "./RefusalPace.js"
import { unexpectedBody } from "./RequestBody.js"
import { pathOf, routeTable } from "./RouteTable.js"
import { requestIdHeader, sendProblem } from "./SendAnswer.js"

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/** A path is one thing, whoever reads it; the longest names of namespaces have 253 characters. */
const routing = {
  caseSensitive: true,
  ignoreDuplicateSlashes: false,
  ignoreTrailingSlash: false,
  maxParamLength: 2_048,
}

const docsPath = "/docs"
const routes = routeTable(EventloomApi, ["/openapi.json", docsPath])

/** The page of the documentation brings all it needs; whatever it tries, it gets nothing else. */
const docsPolicy =
  "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'none'; form-action 'none'"

const appLayer = Layer.mergeAll(
  HttpApiBuilder.middlewareOpenApi(),
  HttpApiSwagger.layer({ path: docsPath }),
  HttpApiBuilder.middleware(answerProblems(routes)),
).pipe(
  Layer.provideMerge(HttpApiBuilder.api(EventloomApi)),
  Layer.provide(allHandlers),
  Layer.provide(authorizationLayer),
  Layer.provideMerge(HttpApiBuilder.Router.Live),
  Layer.provideMerge(HttpApiBuilder.Middleware.layer),
  Layer.provideMerge(NodeHttpServer.layerContext),
)

export interface RequestHandlerOptions {
  readonly access: AccessRules
  readonly streams: EventStreamsShape
  /** Whether publishing may pass by the router. True but for tests that compare the two ways. */
  readonly fastPath?: boolean
}

export const makeRequestHandler = ({
  access,
  streams,
  fastPath = true,
}: RequestHandlerOptions): Effect.Effect<RequestHandler, never, Mesh | Scope.Scope> =>
  Effect.gen(function* () {
    const mesh = yield* Mesh
    const runtime = yield* Effect.runtime()
    const pace = yield* makeRefusalPace
    const context = yield* Layer.build(
      Layer.fresh(appLayer).pipe(
        Layer.provide(Layer.succeed(Access, access)),
        Layer.provide(Layer.succeed(EventStreams, streams)),
        Layer.provide(Layer.succeed(RefusalPace, pace)),
      ),
    )
    const routed = yield* HttpApiBuilder.httpApp.pipe(
      HttpRouter.withRouterConfig(routing),
      Effect.flatMap((app) => NodeHttpServer.makeHandler(app)),
      Effect.provide(context),
    )
    const fast = fastPath ? fastPublish({ mesh, access, runtime, pace }) : () => false
    return (request, response) => {
      const refusal =
        hostless(request) ??
        access.refusal(request.headers) ??
        malformedPath(request) ??
        unexpectedBody(request)
      if (refusal !== undefined) return sendProblem(request, response, refusal)
      if (!fast(request, response)) {
        response.setHeader("x-content-type-options", "nosniff")
        response.setHeader(requestIdHeader, randomUUID())
        if (pathOf(request.url ?? "") === docsPath) {
          response.setHeader("content-security-policy", docsPolicy)
        }
        routed(request, response)
      }
    }
  })

/** RFC 9112, section 3.2: a request of HTTP/1.1 without Host is malformed. */
const hostless = ({ headers, httpVersion }: IncomingMessage): Problem | undefined =>
  headers.host === undefined && httpVersion === "1.1"
    ? new Problem({
        status: 400,
        kind: "no-host",
        detail: "The header Host is required.",
        field: "host",
      })
    : undefined

const malformedPath = ({ url = "" }: IncomingMessage): Problem | undefined => {
  const path = pathOf(url)
  if (!path.includes("%")) return undefined
  try {
    decodeURIComponent(path)
    return undefined
  } catch {
    // It throws for escapes that are no UTF-8, and for nothing else.
    return new Problem({
      status: 400,
      kind: "malformed-path",
      detail: "The path has a percent sign that begins no escape of UTF-8.",
      field: "path",
    })
  }
}
