// What every route but those of health demands: a caller who may use it. Says who it is to the
// handlers, and to the mesh, for the audit log.

import { HttpApiMiddleware, HttpApiSecurity, OpenApi } from "@effect/platform"
import { CurrentOrigin } from "../../../actors/index.js"
import { Schema } from "effect"
import { fault, problems, storeUnavailable } from "../Problem.js"

const bearer = HttpApiSecurity.bearer.pipe(
  HttpApiSecurity.annotate(
    OpenApi.Description,
    "The operator's token, or a key of the namespace (`elk_…`) with the scope that the route takes. " +
      "Without an operator's token configured, the server is reachable from its machine only.",
  ),
)

export class Authorization extends HttpApiMiddleware.Tag<Authorization>()(
  "eventloom/http/Authorization",
  {
    failure: Schema.Union(
      problems(401, "No token, or not the right one; a key that is revoked or expired."),
      fault,
      storeUnavailable,
    ),
    provides: CurrentOrigin,
    security: { bearer },
  },
) {}
