// Dead letters over HTTP: deliveries that were given up on, to look at, try again or discard.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import {
  CloudEventWire,
  NamespaceName,
  ReplayId,
  SequenceFromString,
  SubscriptionName,
} from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Needs } from "./Needs.js"
import { Limit, Next } from "./Paging.js"

export const DeadLetterReasonName = Schema.Literal(
  "attempts-exhausted",
  "rejected",
  "parked-too-long",
  "filter-failed",
  "transform-failed",
)
export type DeadLetterReasonName = typeof DeadLetterReasonName.Type

export const DeadLetterShape = Schema.Struct({
  id: Schema.String.annotations({ description: "Ids ascend in the order of death." }),
  subscription: SubscriptionName,
  sequence: SequenceFromString,
  reason: DeadLetterReasonName,
  detail: Schema.String.annotations({ description: "The reason in a sentence." }),
  attempts: Schema.Int.annotations({ description: "Attempts that counted." }),
  acceptedAt: Instant,
  firstAttemptAt: Instant,
  deadAt: Instant,
  replay: Schema.optional(
    ReplayId.annotations({ description: "The replay that it was a delivery of." }),
  ),
  event: CloudEventWire.annotations({
    description: "The whole event as it was published, however old.",
  }),
}).annotations({ identifier: "DeadLetter" })

/** A time on the wire that is checked; the shapes of answers need no check. */
const InstantGiven = Schema.String.pipe(
  Schema.filter((text) => !Number.isNaN(Date.parse(text)) || "must be a time (RFC 3339)"),
  Schema.compose(Instant),
)

const filter = {
  subscription: Schema.optional(SubscriptionName),
  reason: Schema.optional(DeadLetterReasonName),
  since: Schema.optional(
    InstantGiven.annotations({ description: "Given up on at or after this time." }),
  ),
  before: Schema.optional(
    InstantGiven.annotations({ description: "Given up on before this time." }),
  ),
}

const Id = Schema.String.pipe(Schema.maxLength(100))

/** Which to try again: all that the filter leaves, from a place on. */
export const RedeliverRequest = Schema.Struct({
  ...filter,
  after: Schema.optional(Id),
  /** How many to look at, at most. */
  limit: Schema.optional(Schema.Int.pipe(Schema.between(1, 10_000))),
})

export const defaultRedeliveries = 1_000

export const Redelivered = Schema.Struct({
  redelivered: Schema.Int,
  skipped: Schema.Int.annotations({
    description:
      "Those whose subscription is gone or not active, whose event is on its way, or that found no room.",
  }),
  next: Next(Schema.String),
}).annotations({ identifier: "Redelivered" })

const inNamespace = Schema.Struct({ namespace: NamespaceName })
const path = Schema.Struct({ namespace: NamespaceName, deadLetter: Id })
const notFound = problems(404, "No such namespace or dead letter.")
const removing = problems(409, "The namespace is being removed.")
const notNow = problems(
  409,
  "The namespace is disabled or being removed, the subscription is paused or disabled, or the event is on its way to it already.",
)

export class DeadLettersApi extends HttpApiGroup.make("deadLetters")
  .add(
    HttpApiEndpoint.get("listDeadLetters", "/v1/namespaces/:namespace/dead-letters")
      .setPath(inNamespace)
      .annotate(Needs, "read")
      .setUrlParams(
        Schema.Struct({
          ...filter,
          after: Schema.optional(
            Id.annotations({ description: "The id of the last one of the page before." }),
          ),
          limit: Schema.optional(Limit),
        }),
      )
      .addSuccess(
        Schema.Struct({ deadLetters: Schema.Array(DeadLetterShape), next: Next(Schema.String) }),
      )
      .addError(notFound)
      .addError(removing)
      .annotate(OpenApi.Summary, "Lists dead letters in the order of death")
      .annotate(
        OpenApi.Description,
        "A page may hold fewer than the limit where events are large: read on until `next` is null.",
      ),
  )
  .add(
    HttpApiEndpoint.get("getDeadLetter", "/v1/namespaces/:namespace/dead-letters/:deadLetter")
      .setPath(path)
      .annotate(Needs, "read")
      .addSuccess(DeadLetterShape)
      .addError(notFound)
      .addError(removing),
  )
  .add(
    HttpApiEndpoint.post("redeliverDeadLetters", "/v1/namespaces/:namespace/dead-letters/redeliver")
      .setPath(inNamespace)
      .annotate(Needs, "manage")
      .setPayload(RedeliverRequest)
      .addSuccess(Redelivered, { status: 202 })
      .addError(notFound)
      .addError(notNow)
      .addError(problems(413, "The body is too large."))
      .addError(problems(415, "The body is not JSON."))
      .addError(problems(422, "A field is not valid: `field` says which."))
      .annotate(OpenApi.Summary, "Has many dead letters tried again")
      .annotate(
        OpenApi.Description,
        `Looks at up to \`limit\` (${defaultRedeliveries}) of them; where \`next\` is not null there are more.`,
      ),
  )
  .add(
    HttpApiEndpoint.post(
      "redeliverDeadLetter",
      "/v1/namespaces/:namespace/dead-letters/:deadLetter/redeliver",
    )
      .setPath(path)
      .annotate(Needs, "manage")
      .addSuccess(
        Schema.Struct({
          deadLetter: Schema.String,
          subscription: SubscriptionName,
          sequence: SequenceFromString,
        }),
        { status: 202 },
      )
      .addError(notFound)
      .addError(notNow)
      .annotate(OpenApi.Summary, "Has a dead letter tried again, its attempts counted anew")
      .annotate(
        OpenApi.Description,
        "Answered once that is stored: it is no dead letter any more. If it fails again, it becomes one with a new id.",
      ),
  )
  .add(
    HttpApiEndpoint.del("discardDeadLetter", "/v1/namespaces/:namespace/dead-letters/:deadLetter")
      .setPath(path)
      .annotate(Needs, "manage")
      .addError(notFound)
      .addError(removing)
      .annotate(OpenApi.Summary, "Forgets a dead letter and its event"),
  )
  .middleware(Authorization) {}
