// Explanations: from the mesh to the wire. Written without a schema's help, for there may be thousands.

import { HttpApiBuilder, HttpServerResponse } from "@effect/platform"
import { Effect } from "effect"
import { type DeliveryView, Mesh } from "../../../actors/index.js"
import {
  type DeliveryAttempt,
  type DeliveryStanding,
  describeDeadLetter,
  describeStanding,
  standingName,
  type WaitingCause,
  waitingName,
} from "../../../domain/index.js"
import { defaultExplained, EventloomApi } from "../api/index.js"
import { answering } from "./Answering.js"

const time = (millis: number) => new Date(millis).toISOString()

const shownAttempt = (attempt: DeliveryAttempt) => ({
  attempt: attempt.attempt,
  startedAt: time(attempt.startedAt),
  durationMs: attempt.durationMillis,
  outcome: attempt.outcome.toLowerCase(),
  status: attempt.status,
  reason: attempt.reason,
  replay: attempt.replay,
})

const causeFacts = (cause: WaitingCause) => {
  switch (cause._tag) {
    case "Behind":
      return { eventsBefore: cause.events }
    case "RateLimited":
      return { dueAt: time(cause.until) }
    case "InFlight":
      return { attempt: cause.attempt }
    case "OrderedBehind":
      return { behind: cause.sequence === undefined ? undefined : String(cause.sequence) }
    case "Retry":
      return { attempt: cause.attempt, dueAt: time(cause.dueAt), reason: cause.last }
    case "Parked":
      return { since: time(cause.since), reason: cause.cause }
    case "Disabled":
      return { reason: cause.reason }
    default:
      return {}
  }
}

const facts = (standing: DeliveryStanding) => {
  switch (standing._tag) {
    case "Filtered":
      return { clauses: standing.failures.map(({ clause, reason }) => ({ clause, reason })) }
    case "Skipped":
      return { startedAfter: String(standing.startedAfter) }
    case "Waiting":
      return { because: waitingName(standing.cause), ...causeFacts(standing.cause) }
    case "Delivered": {
      const { attempt } = standing
      return attempt === undefined
        ? {}
        : {
            attempt: attempt.attempt,
            deliveredAt: time(attempt.startedAt + attempt.durationMillis),
          }
    }
    case "DeadLettered":
      return {
        deadLetter: standing.deadLetter,
        deadAt: time(standing.deadAt),
        reason: describeDeadLetter(standing.reason),
      }
    default:
      return {}
  }
}

const shown = ({ subscription, sink, standing, attempts, changedAt }: DeliveryView) => ({
  subscription,
  sink,
  status: standingName(standing),
  text: describeStanding(standing),
  ...facts(standing),
  changedAt: changedAt === undefined ? undefined : time(changedAt),
  attempts: attempts.map(shownAttempt),
})

export const deliveriesHandlers = HttpApiBuilder.group(EventloomApi, "deliveries", (handlers) =>
  Effect.map(Mesh, ({ explain }) =>
    handlers.handle(
      "explainDeliveries",
      ({ path: { namespace, sequence }, urlParams: { limit = defaultExplained, ...page } }) =>
        Effect.map(
          explain(namespace, sequence, { ...page, limit }),
          ({ event, deliveries, next }) =>
            HttpServerResponse.text(
              JSON.stringify({
                sequence: String(sequence),
                event:
                  event === undefined
                    ? null
                    : {
                        source: event.event.source,
                        id: event.event.id,
                        type: event.type,
                        acceptedAt: time(event.acceptedAt),
                      },
                deliveries: deliveries.map(shown),
                next: next ?? null,
              }),
              { contentType: "application/json" },
            ),
        ).pipe(answering),
    ),
  ),
)
