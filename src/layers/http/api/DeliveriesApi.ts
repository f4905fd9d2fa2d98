// What became of an event, subscription by subscription.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import {
  NamespaceName,
  ReplayId,
  SequenceFromString,
  SinkName,
  StandingName,
  SubscriptionName,
  WaitingName,
} from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Needs } from "./Needs.js"
import { Limit, Next } from "./Paging.js"

export const defaultExplained = 1_000

export const AttemptShape = Schema.Struct({
  attempt: Schema.Int.annotations({
    description:
      "Its number, as the receiver was told. Tries during an outage do not count and share a number: the last is shown.",
  }),
  startedAt: Instant,
  durationMs: Schema.Number,
  outcome: Schema.Literal("delivered", "retry", "reject", "misconfigured", "gone"),
  status: Schema.optional(Schema.Int.annotations({ description: "Such as the HTTP status." })),
  reason: Schema.optional(Schema.String),
  replay: Schema.optional(ReplayId.annotations({ description: "The replay that it was of." })),
}).annotations({ identifier: "DeliveryAttempt" })

const optionalOf = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  Schema.optional(schema.annotations({ description }))

export const DeliveryShape = Schema.Struct({
  subscription: SubscriptionName,
  sink: SinkName,
  status: StandingName,
  because: optionalOf(WaitingName, "With `waiting`."),
  text: Schema.String.annotations({ description: "The whole of it in a sentence for a person." }),
  clauses: Schema.optional(
    Schema.Array(Schema.Struct({ clause: Schema.String, reason: Schema.String })).annotations({
      description: "With `filtered`: the filters that do not hold.",
    }),
  ),
  startedAfter: optionalOf(SequenceFromString, "With `skipped`: where the subscription started."),
  eventsBefore: optionalOf(Schema.Int, "With `behind`."),
  behind: optionalOf(SequenceFromString, "With `ordered-behind`: the event that goes first."),
  attempt: optionalOf(Schema.Int, "The one that is under way, due, or succeeded."),
  dueAt: optionalOf(Instant, "With `retry` and `rate-limited`."),
  reason: optionalOf(Schema.String, "Why the last attempt failed, or it was given up on."),
  since: optionalOf(Instant, "With `parked`."),
  deliveredAt: optionalOf(Instant, "With `delivered`, where the attempt was kept."),
  deadLetter: optionalOf(Schema.String, "With `dead-lettered`: its id."),
  deadAt: optionalOf(Instant, "With `dead-lettered`."),
  changedAt: optionalOf(
    Instant,
    "The subscription was changed after the event was accepted: what is said of its types and filters is as they are now.",
  ),
  attempts: Schema.Array(AttemptShape),
}).annotations({ identifier: "Delivery" })

export class DeliveriesApi extends HttpApiGroup.make("deliveries")
  .add(
    HttpApiEndpoint.get(
      "explainDeliveries",
      "/v1/namespaces/:namespace/events/:sequence/deliveries",
    )
      .setPath(Schema.Struct({ namespace: NamespaceName, sequence: SequenceFromString }))
      .setUrlParams(
        Schema.Struct({
          subscription: Schema.optional(
            SubscriptionName.annotations({ description: "This one only." }),
          ),
          after: Schema.optional(
            SubscriptionName.annotations({ description: "The last one of the page before." }),
          ),
          limit: Schema.optional(Limit),
        }),
      )
      .addSuccess(
        Schema.Struct({
          sequence: SequenceFromString,
          event: Schema.NullOr(
            Schema.Struct({
              source: Schema.String,
              id: Schema.String,
              type: Schema.String,
              acceptedAt: Instant,
            }),
          ).annotations({ description: "Null when it has left the journal." }),
          deliveries: Schema.Array(DeliveryShape),
          next: Next(SubscriptionName),
        }),
      )
      .addError(problems(404, "No such namespace, or no event was accepted with this sequence."))
      .annotate(Needs, "read")
      .annotate(OpenApi.Summary, "Tells what became of an event, and why")
      .annotate(
        OpenApi.Description,
        `Every subscription of the namespace, ascending by name, ${defaultExplained} at a time.`,
      ),
  )
  .middleware(Authorization) {}
