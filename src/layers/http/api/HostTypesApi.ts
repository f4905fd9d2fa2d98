// Host types over HTTP: the defaults that namespaces inherit.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { HostTypeName, Settings } from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Next, pageParameters } from "./Paging.js"
import { shownSettings } from "./SettingsShape.js"

export const HostTypeShape = Schema.Struct({
  name: HostTypeName,
  ...shownSettings,
  createdAt: Instant,
  updatedAt: Instant,
}).annotations({ identifier: "HostType" })

const path = Schema.Struct({ hostType: HostTypeName })
const notFound = problems(404, "No such host type.")

export class HostTypesApi extends HttpApiGroup.make("hostTypes")
  .add(
    HttpApiEndpoint.put("putHostType", "/v1/host-types/:hostType")
      .setPath(path)
      .setPayload(Settings)
      .addSuccess(HostTypeShape)
      .addSuccess(HostTypeShape, { status: 201 })
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(413, "The body is too large."))
      .addError(problems(422, "A name or setting is not valid: `field` says which."))
      .annotate(OpenApi.Summary, "Creates or replaces a host type"),
  )
  .add(
    HttpApiEndpoint.get("getHostType", "/v1/host-types/:hostType")
      .setPath(path)
      .addSuccess(HostTypeShape)
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.get("listHostTypes", "/v1/host-types")
      .setUrlParams(Schema.Struct(pageParameters(HostTypeName)))
      .addSuccess(
        Schema.Struct({ hostTypes: Schema.Array(HostTypeShape), next: Next(HostTypeName) }),
      ),
  )
  .add(
    HttpApiEndpoint.del("deleteHostType", "/v1/host-types/:hostType")
      .setPath(path)
      .addError(notFound)
      .addError(problems(409, "Namespaces use it.")),
  )
  .middleware(Authorization) {}
