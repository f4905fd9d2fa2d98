/**
 * Something that an operator would want to be told of, wherever they are.
 *
 * Alerts are CloudEvents of the system namespace, so any sink can carry them. The type says what
 * happened, the subject to what; together they are the cause, by which repetitions are counted.
 */
import { Match, Schema } from "effect"
import { describeDeadLetter, DeadLetterReason, Reason } from "../delivery/index.js"
import { type CloudEventInput } from "../event/index.js"
import { SequenceFromString } from "../journal/index.js"
import { NamespaceName, SinkName, SubscriptionName } from "../namespace/index.js"
import type { Report } from "./AlertDigest.js"

/** Whose events alerts are. Its sinks and subscriptions are the operator's. */
export const systemNamespace = NamespaceName.make("eventloom.system")

export const Alert = Schema.Union(
  /** A delivery was given up on. */
  Schema.TaggedStruct("DeadLettered", {
    namespace: NamespaceName,
    subscription: SubscriptionName,
    deadLetter: Schema.String,
    sequence: SequenceFromString,
    event: Schema.Struct({ source: Schema.String, id: Schema.String, type: Schema.String }),
    reason: DeadLetterReason,
    /** The beginning of the event as JSON. */
    excerpt: Schema.String,
  }),
  /** A sink takes nothing; its events wait. */
  Schema.TaggedStruct("SinkParked", {
    namespace: NamespaceName,
    sink: SinkName,
    cause: Schema.Literal("outage", "misconfigured"),
    reason: Schema.String,
  }),
  Schema.TaggedStruct("SinkRecovered", { namespace: NamespaceName, sink: SinkName }),
  /** The destination asked to be sent nothing more. */
  Schema.TaggedStruct("SubscriptionDisabled", {
    namespace: NamespaceName,
    subscription: SubscriptionName,
    reason: Reason,
  }),
  /** Retention let events go that a subscription had not had, as it was told to. */
  Schema.TaggedStruct("EventsDropped", {
    namespace: NamespaceName,
    /** Counted for each subscription that had not had them. */
    events: Schema.Number,
    /** Some of those subscriptions. */
    subscriptions: Schema.Array(SubscriptionName),
  }),
  /** A step of a removal fails again and again. */
  Schema.TaggedStruct("RemovalStuck", {
    namespace: NamespaceName,
    step: Schema.String,
    failures: Schema.Number,
    reason: Schema.String,
  }),
  /** The server keeps more of its log for a source than the source is allowed. */
  Schema.TaggedStruct("SourceLagging", {
    source: Schema.String,
    lagBytes: Schema.Number,
    budgetBytes: Schema.Number,
  }),
  /** A source brings nothing, and not for a moment only. */
  Schema.TaggedStruct("SourceFailed", { source: Schema.String, reason: Schema.String }),
)
export type Alert = typeof Alert.Type

export type AlertSeverity = "info" | "warning" | "error"

interface Kind {
  readonly type: string
  readonly severity: AlertSeverity
}

const kinds: { readonly [Tag in Alert["_tag"]]: Kind } = {
  DeadLettered: { type: "eventloom.delivery.dead-lettered", severity: "error" },
  SinkParked: { type: "eventloom.sink.parked", severity: "warning" },
  SinkRecovered: { type: "eventloom.sink.recovered", severity: "info" },
  SubscriptionDisabled: { type: "eventloom.subscription.disabled", severity: "error" },
  EventsDropped: { type: "eventloom.journal.events-dropped", severity: "error" },
  RemovalStuck: { type: "eventloom.removal.stuck", severity: "error" },
  SourceLagging: { type: "eventloom.source.lagging", severity: "warning" },
  SourceFailed: { type: "eventloom.source.failed", severity: "error" },
}

export const alertType = ({ _tag }: Alert): string => kinds[_tag].type

/** To what it happened, as a path below `/v1/namespaces` or `/v1/sources`. */
export const alertSubject: (alert: Alert) => string = Match.typeTags<Alert, string>()({
  DeadLettered: ({ namespace, subscription }) => `${namespace}/subscriptions/${subscription}`,
  SinkParked: ({ namespace, sink }) => `${namespace}/sinks/${sink}`,
  SinkRecovered: ({ namespace, sink }) => `${namespace}/sinks/${sink}`,
  SubscriptionDisabled: ({ namespace, subscription }) =>
    `${namespace}/subscriptions/${subscription}`,
  EventsDropped: ({ namespace }) => namespace,
  RemovalStuck: ({ namespace }) => namespace,
  SourceLagging: ({ source }) => source,
  SourceFailed: ({ source }) => source,
})

/** One line for a person. */
export const describeAlert: (alert: Alert) => string = Match.typeTags<Alert, string>()({
  DeadLettered: ({ event, reason }) =>
    `event ${event.id} (${event.type}) was given up on: ${describeDeadLetter(reason)}`,
  SinkParked: ({ cause, reason }) =>
    `the sink ${cause === "outage" ? "takes nothing" : "refuses every event"}, which wait: ${reason}`,
  SinkRecovered: () => "the sink takes events again",
  SubscriptionDisabled: ({ reason }) => `the subscription was disabled: ${reason}`,
  EventsDropped: ({ events, subscriptions }) =>
    `retention let ${events} events go that subscriptions had not had, such as ${subscriptions.join(", ")}`,
  RemovalStuck: ({ step, failures, reason }) =>
    `the removal fails at "${step}", ${failures} times by now: ${reason}`,
  SourceLagging: ({ lagBytes, budgetBytes }) =>
    `the source is ${lagBytes} bytes behind, of which ${budgetBytes} are allowed`,
  SourceFailed: ({ reason }) => `the source brings nothing: ${reason}`,
})

/** The namespace that an alert is about; undefined for what is the operator's own. */
export const alertedNamespace = (alert: Alert): NamespaceName | undefined =>
  "namespace" in alert ? alert.namespace : undefined

/** By which repetitions are counted. */
export const alertCause = (alert: Alert): string => `${alertType(alert)} ${alertSubject(alert)}`

const encode = Schema.encodeSync(Alert)

/** The report as an event; `time` is in milliseconds since the epoch. */
export const alertEvent = (
  { alert, count, since }: Report<Alert>,
  { id, time }: { readonly id: string; readonly time: number },
): CloudEventInput => {
  const { _tag, ...facts } = encode(alert)
  return {
    id,
    source: "/eventloom",
    type: kinds[_tag].type,
    subject: alertSubject(alert),
    time: new Date(time).toISOString(),
    severity: kinds[_tag].severity,
    data: { ...facts, text: describeAlert(alert), count, since: new Date(since).toISOString() },
  }
}
