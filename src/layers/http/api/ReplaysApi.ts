// Replays of a subscription over HTTP: asked for, watched and cancelled.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { ReplayState } from "../../../actors/index.js"
import {
  NamespaceName,
  ReplayId,
  ReplayPace,
  ReplaySpec,
  SequenceFromString,
  SubscriptionName,
} from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Needs } from "./Needs.js"
import { Next, pageParameters } from "./Paging.js"

export const ReplayShape = Schema.Struct({
  namespace: NamespaceName,
  subscription: SubscriptionName,
  id: ReplayId.annotations({
    description: "Also the value of the extension attribute `replay` of what it delivers.",
  }),
  state: ReplayState,
  from: SequenceFromString.annotations({ description: "The first event." }),
  to: SequenceFromString.annotations({ description: "The last event." }),
  pace: ReplayPace,
  position: SequenceFromString.annotations({
    description: "Everything up to here is delivered, set aside, dead, skipped or of no interest.",
  }),
  progress: Schema.Number.annotations({
    description: "How much of the way from `from` to `to` its position is, from 0 to 1.",
  }),
  delivered: Schema.Number,
  failed: Schema.Number.annotations({ description: "Attempts that ended otherwise." }),
  dead: Schema.Number.annotations({
    description: "Deliveries given up on; they are dead letters of the subscription.",
  }),
  skipped: Schema.Number.annotations({
    description: "Events, matching or not, that were no longer retained when their turn came.",
  }),
  createdAt: Instant,
  endedAt: Schema.optional(Instant),
}).annotations({ identifier: "Replay" })

const ofSubscription = Schema.Struct({ namespace: NamespaceName, subscription: SubscriptionName })
const path = Schema.Struct({ ...ofSubscription.fields, replay: ReplayId })
const at = "/v1/namespaces/:namespace/subscriptions/:subscription"

export class ReplaysApi extends HttpApiGroup.make("replays")
  .add(
    HttpApiEndpoint.post("startReplay", `${at}/replay`)
      .setPath(ofSubscription)
      .setPayload(ReplaySpec)
      .addSuccess(ReplayShape, { status: 202 })
      .addError(problems(404, "No such namespace or subscription."))
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(422, "A setting is not valid: `field` says which."))
      .annotate(Needs, "manage")
      .annotate(OpenApi.Summary, "Delivers a part of the journal once more, beside the live flow"),
  )
  .add(
    HttpApiEndpoint.get("listReplays", `${at}/replays`)
      .setPath(ofSubscription)
      .setUrlParams(Schema.Struct(pageParameters(ReplayId)))
      .addSuccess(Schema.Struct({ replays: Schema.Array(ReplayShape), next: Next(ReplayId) }))
      .addError(problems(404, "No such namespace or subscription."))
      .annotate(Needs, "read"),
  )
  .add(
    HttpApiEndpoint.get("getReplay", `${at}/replays/:replay`)
      .setPath(path)
      .addSuccess(ReplayShape)
      .addError(problems(404, "No such namespace, subscription or replay."))
      .annotate(Needs, "read"),
  )
  .add(
    HttpApiEndpoint.del("cancelReplay", `${at}/replays/:replay`)
      .setPath(path)
      .addSuccess(ReplayShape)
      .addError(problems(404, "No such namespace, subscription or replay."))
      .annotate(Needs, "manage")
      .annotate(OpenApi.Summary, "Ends a replay; what is in flight may end"),
  )
  .addError(
    problems(409, "The namespace is being removed, or as many replays run as may at a time."),
  )
  .middleware(Authorization) {}
