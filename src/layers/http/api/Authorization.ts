// What every route under /v1 demands: a caller. Says who it is to the handlers.

import { HttpApiMiddleware, HttpApiSecurity, HttpServerRequest, OpenApi } from "@effect/platform"
import { Context, Effect, Layer } from "effect"
import { Access, type Caller } from "../Access.js"
import { problems } from "../Problem.js"

export class CurrentCaller extends Context.Tag("eventloom/http/CurrentCaller")<
  CurrentCaller,
  Caller
>() {}

const bearer = HttpApiSecurity.bearer.pipe(
  HttpApiSecurity.annotate(
    OpenApi.Description,
    "The operator's token. Without one configured, the server is reachable from its machine only.",
  ),
)

export class Authorization extends HttpApiMiddleware.Tag<Authorization>()(
  "eventloom/http/Authorization",
  {
    failure: problems(401, "No token, or not the right one."),
    provides: CurrentCaller,
    security: { bearer },
  },
) {
  static readonly layer: Layer.Layer<Authorization, never, Access> = Layer.effect(
    Authorization,
    Effect.map(Access, ({ identify }) => ({
      // What the header holds besides a token counts too, so it is read whole.
      bearer: () =>
        Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => identify(headers)),
    })),
  )
}
