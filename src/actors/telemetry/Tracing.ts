// Traces from publish to delivery, carried by the event itself: a publish inside a span gives its
// events a `traceparent` extension (CloudEvents "Distributed Tracing"), and the delivery of an event
// that has one, sampled, is a span of that trace. Nothing is done for events without.
//
// Names and attributes follow the OpenTelemetry semantic conventions for messaging and CloudEvents.

import { Context, Effect, Either, Option, Tracer } from "effect"
import {
  type CloudEvent,
  isSampled,
  type NamespaceName,
  type Outcome,
  parseTraceParent,
  withTraceContext,
} from "../../domain/index.js"
import type { Delivery } from "../ports/index.js"

const system = { "messaging.system": "eventloom" }

const eventAttributes = ({ id, source, type }: CloudEvent) => ({
  "cloudevents.event_id": id,
  "cloudevents.event_source": source,
  "cloudevents.event_type": type,
})

/** Runs a publish in a span of its own where the caller is in a sampled one, and has the events carry it. */
export const tracedPublish = <A, E>(
  namespace: NamespaceName,
  events: ReadonlyArray<CloudEvent>,
  publish: (events: ReadonlyArray<CloudEvent>) => Effect.Effect<A, E>,
): Effect.Effect<A, E> =>
  Effect.contextWithEffect((context: Context.Context<never>) => {
    const parent = Context.getOption(context, Tracer.ParentSpan)
    if (Option.isNone(parent) || !parent.value.sampled) return publish(events)
    const [first] = events
    return Effect.useSpan(
      `send ${namespace}`,
      {
        kind: "producer",
        parent: parent.value,
        attributes: {
          ...system,
          "messaging.operation.type": "send",
          "messaging.destination.name": namespace,
          "messaging.batch.message_count": events.length,
          ...(events.length === 1 && first !== undefined ? eventAttributes(first) : {}),
        },
      },
      (span) => publish(events.map((event) => carrying(event, span))),
    )
  })

/** An event that says already which trace it belongs to keeps it; so does one that would break a limit. */
const carrying = (event: CloudEvent, { traceId, spanId }: Tracer.Span): CloudEvent =>
  event["traceparent"] === undefined
    ? Either.getOrElse(
        withTraceContext(event, { traceId, parentId: spanId, flags: 1 }),
        () => event,
      )
    : event

/** Runs an attempt at a delivery in a span of the trace that the event carries, if any. */
export const tracedAttempt = (
  delivery: Delivery,
  attempt: Effect.Effect<Outcome>,
): Effect.Effect<Outcome> => {
  const text = delivery.event.traceparent
  if (text === undefined) return attempt
  const parent = parseTraceParent(text)
  if (Option.isNone(parent) || !isSampled(parent.value)) return attempt
  const { namespace, subscription, id, event } = delivery
  return Effect.useSpan(
    `process ${namespace}`,
    {
      kind: "consumer",
      parent: Tracer.externalSpan({
        traceId: parent.value.traceId,
        spanId: parent.value.parentId,
        sampled: true,
      }),
      attributes: {
        ...system,
        "messaging.operation.type": "process",
        "messaging.destination.name": namespace,
        "messaging.destination.subscription.name": subscription,
        "messaging.message.id": id,
        "eventloom.delivery.attempt": delivery.attempt,
        ...eventAttributes(event.event),
      },
    },
    (span) =>
      Effect.tap(attempt, (outcome) =>
        Effect.sync(() => {
          span.attribute("eventloom.delivery.outcome", outcome._tag)
          if (outcome._tag !== "Delivered") span.attribute("error.type", outcome._tag)
        }),
      ),
  )
}
