// Subscriptions over HTTP: what they are, and how far each is.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import {
  NamespaceName,
  SequenceFromString,
  SubscriptionName,
  SubscriptionSpec,
  SubscriptionStatus,
} from "../../../domain/index.js"
import { SubscriptionState } from "../../../actors/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Needs } from "./Needs.js"
import { Next, pageParameters } from "./Paging.js"

export const SubscriptionShape = Schema.Struct({
  namespace: NamespaceName,
  name: SubscriptionName,
  ...SubscriptionSpec.fields,
  status: SubscriptionStatus,
  reason: Schema.optional(Schema.String),
  state: SubscriptionState,
  position: SequenceFromString.annotations({
    description: "Everything up to here is delivered, set aside, dead or of no interest.",
  }),
  lag: Schema.Number.annotations({
    description: "Events behind the head of the namespace, matching or not.",
  }),
  rateLimitedUntil: Schema.optional(
    Instant.annotations({ description: "Until when its rate limit holds back what is ready." }),
  ),
  dropped: Schema.optional(
    Schema.Number.annotations({
      description:
        "Events, matching or not, that retention took before the subscription had them, since the process started. Absent while there are none.",
    }),
  ),
  createdAt: Instant,
  updatedAt: Instant,
}).annotations({ identifier: "Subscription" })

const inNamespace = Schema.Struct({ namespace: NamespaceName })
const path = Schema.Struct({ namespace: NamespaceName, subscription: SubscriptionName })
const notFound = problems(404, "No such namespace or subscription.")

export class SubscriptionsApi extends HttpApiGroup.make("subscriptions")
  .add(
    HttpApiEndpoint.put("putSubscription", "/v1/namespaces/:namespace/subscriptions/:subscription")
      .setPath(path)
      .annotate(Needs, "manage")
      .setPayload(SubscriptionSpec)
      .addSuccess(SubscriptionShape)
      .addSuccess(SubscriptionShape, { status: 201 })
      .addError(notFound)
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(422, "A name or setting is not valid: `field` says which."))
      .annotate(OpenApi.Summary, "Creates a subscription, or replaces its settings"),
  )
  .add(
    HttpApiEndpoint.get("getSubscription", "/v1/namespaces/:namespace/subscriptions/:subscription")
      .setPath(path)
      .annotate(Needs, "read")
      .addSuccess(SubscriptionShape)
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.get("listSubscriptions", "/v1/namespaces/:namespace/subscriptions")
      .setPath(inNamespace)
      .annotate(Needs, "read")
      .setUrlParams(Schema.Struct(pageParameters(SubscriptionName)))
      .addSuccess(
        Schema.Struct({
          subscriptions: Schema.Array(SubscriptionShape),
          next: Next(SubscriptionName),
        }),
      )
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.del(
      "deleteSubscription",
      "/v1/namespaces/:namespace/subscriptions/:subscription",
    )
      .setPath(path)
      .annotate(Needs, "manage")
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.post(
      "pauseSubscription",
      "/v1/namespaces/:namespace/subscriptions/:subscription/pause",
    )
      .setPath(path)
      .annotate(Needs, "manage")
      .addSuccess(SubscriptionShape)
      .addError(notFound)
      .annotate(OpenApi.Summary, "Stops deliveries; the position stays"),
  )
  .add(
    HttpApiEndpoint.post(
      "resumeSubscription",
      "/v1/namespaces/:namespace/subscriptions/:subscription/resume",
    )
      .setPath(path)
      .annotate(Needs, "manage")
      .addSuccess(SubscriptionShape)
      .addError(notFound)
      .annotate(OpenApi.Summary, "Delivers from the position on"),
  )
  .addError(problems(409, "The namespace is being removed, or has as many as it may: `quota`."))
  .middleware(Authorization) {}
