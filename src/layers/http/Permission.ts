// Whether a caller may use a route: one decision for all routes, and for the fast path.
//
// Who bears a namespace key is told of every other namespace that there is none, before anything is
// looked up: what there is and what there is not has the same answer, in the same time.

import { HttpApi, HttpRouter, HttpServerRequest } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Context, Effect, Layer, Option } from "effect"
import { type Caller, NamespaceNotFound, namespaceName, permits } from "../../domain/index.js"
import { Access } from "./Access.js"
import { Authorization, EventloomApi, type Need, Needs } from "./api/index.js"
import { Problem } from "./Problem.js"
import { problemOf } from "./ProblemOf.js"
import { requestIdHeader } from "./SendAnswer.js"

/** Why the caller may not; `need` is undefined where it takes the operator, `namespace` where the path has none. */
export const refusalOf = (
  caller: Caller,
  need: Need | undefined,
  namespace: string | undefined,
): Problem | undefined => {
  if (caller.kind !== "key") return undefined
  if (need === undefined) return operatorOnly
  const { key } = caller
  if (namespace !== undefined && namespace !== key.namespace) {
    const name = namespaceName(namespace)
    // What is no name is for the route to say.
    return name === undefined ? undefined : problemOf(new NamespaceNotFound({ namespace: name }))
  }
  return need === "any" || permits(key.scopes, need) ? undefined : missing(need)
}

const operatorOnly = new Problem({
  status: 403,
  kind: "operator-only",
  detail: "This takes the operator's token.",
})

const missing = (scope: Exclude<Need, "any">) =>
  new Problem({
    status: 403,
    kind: "scope-missing",
    detail: `This takes a key with the scope "${scope}".`,
    facts: { scope },
  })

/** What each route needs, by method and path as it is declared. */
const needs = new Map<string, Need>()
HttpApi.reflect(EventloomApi, {
  onGroup: () => {},
  onEndpoint: ({ endpoint }) => {
    const need = Option.getOrUndefined(Context.getOption(endpoint.annotations, Needs))
    if (need !== undefined) needs.set(`${endpoint.method} ${endpoint.path}`, need)
  },
})

/** Lets a request through to its route in the name of who sends it, or not at all. */
export const authorizationLayer: Layer.Layer<Authorization, never, Access> = Layer.effect(
  Authorization,
  Effect.map(Access, ({ authenticate }) => ({
    // What the header holds besides a token counts too, so it is read whole.
    bearer: () =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const { params, route } = yield* HttpRouter.RouteContext
        const caller = yield* authenticate(request.headers)
        const need = needs.get(`${route.method} ${route.path}`)
        const refusal = refusalOf(caller, need, params["namespace"])
        if (refusal !== undefined) return yield* refusal
        const id = NodeHttpServerRequest.toServerResponse(request).getHeader(requestIdHeader)
        return { caller, ...(typeof id === "string" ? { requestId: id } : {}) }
      }),
  })),
)
