// Namespaces over HTTP: registered, changed, switched off and on, removed.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Duration, Schema } from "effect"
import {
  durationBetween,
  HostTypeName,
  InFlightReport,
  NamespaceLimits,
  NamespaceName,
  NamespaceStatus,
  NamespaceUsage,
  RemovalId,
  RemovalStepReport,
  Settings,
} from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Needs } from "./Needs.js"
import { Next, pageParameters } from "./Paging.js"
import { shownSettings } from "./SettingsShape.js"

/** Everything but the host type is an override of what it gives. */
export const NamespaceSpec = Schema.Struct({
  hostType: Schema.optional(HostTypeName),
  ...Settings.fields,
}).annotations({ identifier: "NamespaceSpec" })

export const NamespaceChange = Schema.Struct({
  status: Schema.Literal("enabled", "disabled"),
}).annotations({ identifier: "NamespaceChange" })

export const NamespaceShape = Schema.Struct({
  name: NamespaceName,
  hostType: Schema.optional(HostTypeName),
  status: NamespaceStatus,
  ...shownSettings,
  createdAt: Instant,
  updatedAt: Instant,
}).annotations({ identifier: "Namespace" })

export const NamespaceDetailShape = Schema.Struct({
  ...NamespaceShape.fields,
  limits: NamespaceLimits.annotations({ description: "What holds, wherever it comes from." }),
  usage: NamespaceUsage,
}).annotations({ identifier: "NamespaceDetail" })

export const RemovalShape = Schema.Struct({
  id: RemovalId,
  namespace: NamespaceName,
  status: Schema.Literal("removing", "removed"),
  startedAt: Instant,
  steps: Schema.Array(RemovalStepReport),
  inFlight: InFlightReport,
}).annotations({ identifier: "Removal" })

const path = Schema.Struct({ namespace: NamespaceName })
const notFound = problems(404, "No such namespace.")
const removing = problems(409, "The namespace is being removed.")
const invalid = problems(422, "A name or setting is not valid: `field` says which.")

/** The longest that a request may wait for the end of a removal. */
const maxWait = Duration.minutes(10)

export class NamespacesApi extends HttpApiGroup.make("namespaces")
  .add(
    HttpApiEndpoint.put("putNamespace", "/v1/namespaces/:namespace")
      .setPath(path)
      .setPayload(NamespaceSpec)
      .addSuccess(NamespaceShape)
      .addSuccess(NamespaceShape, { status: 201 })
      .addError(removing)
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(invalid)
      .annotate(OpenApi.Summary, "Creates a namespace, or replaces its settings"),
  )
  .add(
    HttpApiEndpoint.patch("setNamespaceStatus", "/v1/namespaces/:namespace")
      .setPath(path)
      .setPayload(NamespaceChange)
      .addSuccess(NamespaceShape)
      .addError(notFound)
      .addError(removing)
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(invalid)
      .annotate(OpenApi.Summary, "Switches a namespace off or on"),
  )
  .add(
    HttpApiEndpoint.get("getNamespace", "/v1/namespaces/:namespace")
      .setPath(path)
      .annotate(Needs, "read")
      .addSuccess(NamespaceDetailShape)
      .addError(notFound)
      .annotate(OpenApi.Summary, "A namespace, what it may use and what it uses"),
  )
  .add(
    HttpApiEndpoint.get("listNamespaces", "/v1/namespaces")
      .setUrlParams(
        Schema.Struct({
          hostType: Schema.optional(HostTypeName),
          ...pageParameters(NamespaceName),
        }),
      )
      .addSuccess(
        Schema.Struct({ namespaces: Schema.Array(NamespaceShape), next: Next(NamespaceName) }),
      ),
  )
  .add(
    HttpApiEndpoint.del("removeNamespace", "/v1/namespaces/:namespace")
      .setPath(path)
      .setUrlParams(
        Schema.Struct({
          wait: Schema.optional(
            durationBetween(Duration.zero, maxWait).annotations({
              description:
                "How long to wait for the end, up to 10m. Then the answer is the account.",
              jsonSchema: { type: "string", examples: ["30s"] },
            }),
          ),
        }),
      )
      .addSuccess(RemovalShape)
      .addSuccess(RemovalShape, { status: 202 })
      .addError(notFound)
      .annotate(OpenApi.Summary, "Removes a namespace and everything in it")
      .annotate(
        OpenApi.Description,
        "202 as soon as the removal is sure to happen, whatever crashes; 200 with `wait` when it " +
          "ends in time, with what became of each step.",
      ),
  )
  .add(
    HttpApiEndpoint.get("getRemoval", "/v1/namespaces/:namespace/removal")
      .setPath(path)
      .addSuccess(RemovalShape)
      .addError(problems(404, "No removal of such a namespace is under way."))
      .annotate(OpenApi.Summary, "The account of a removal under way"),
  )
  .middleware(Authorization) {}
