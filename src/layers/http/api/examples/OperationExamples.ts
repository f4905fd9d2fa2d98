// What each operation takes and answers, by example. Every operation is listed; its errors are in
// ProblemExamples.

import { batchContentType, structuredContentType } from "../../../../domain/index.js"
import * as Sample from "./Samples.js"

export interface OperationExample {
  /** The body of a request; by content type where there are several. */
  readonly request?: unknown
  readonly requests?: Readonly<Record<string, unknown>>
  /** Bodies of successful answers, by status. What has no body has no entry. */
  readonly answers: Readonly<Record<number, unknown>>
}

const get = (answer: unknown): OperationExample => ({ answers: { 200: answer } })

const put = (request: unknown, created: unknown, replaced = created): OperationExample => ({
  request,
  answers: { 200: replaced, 201: created },
})

const post = (request: unknown, status: number, answer: unknown): OperationExample => ({
  request,
  answers: { [status]: answer },
})

const page = (name: string, ...items: ReadonlyArray<unknown>): OperationExample =>
  get({ [name]: items, next: null })

const noContent: OperationExample = { answers: {} }

/** By the id of the operation. */
export const operationExamples: Readonly<Record<string, OperationExample>> = {
  "health.live": get({ status: "live" }),
  "health.ready": get({ status: "ready", parkedSinks: 0, parked: [] }),
  "operations.metrics": get(Sample.metrics),
  "operations.actors": get(Sample.actors),

  "hostTypes.putHostType": put(Sample.hostTypeSettings, Sample.hostType),
  "hostTypes.getHostType": get(Sample.hostType),
  "hostTypes.listHostTypes": page("hostTypes", Sample.hostType),
  "hostTypes.deleteHostType": noContent,

  "sources.putSource": put(Sample.sourceSpec, {
    ...Sample.source,
    state: "connecting",
    position: null,
    lag: null,
    walStatus: null,
    snapshots: [],
  }),
  "sources.getSource": get(Sample.source),
  "sources.listSources": page("sources", Sample.source),
  "sources.snapshotTable": post({ table: "public.orders" }, 202, {
    ...Sample.snapshot,
    state: "waiting",
    rows: 0,
    estimatedRows: null,
  }),
  "sources.deleteSource": get({ slot: "dropped" }),

  "namespaces.putNamespace": put(Sample.namespaceSpec, Sample.shownNamespace),
  "namespaces.setNamespaceStatus": {
    request: { status: "disabled" },
    answers: { 200: { ...Sample.shownNamespace, status: "disabled" } },
  },
  "namespaces.getNamespace": get(Sample.namespaceDetail),
  "namespaces.listNamespaces": page("namespaces", Sample.shownNamespace),
  "namespaces.removeNamespace": {
    answers: { 200: Sample.removalDone, 202: Sample.removalUnderWay },
  },
  "namespaces.getRemoval": get(Sample.removalUnderWay),

  "keys.whoAmI": get(Sample.whoAmI),
  "keys.createKey": post(Sample.keySpec, 201, Sample.newKey),
  "keys.listKeys": page("keys", Sample.key),
  "keys.getKey": get(Sample.key),
  "keys.revokeKey": noContent,

  "audit.listNamespaceAudit": page("entries", Sample.auditEntry),
  "audit.listOperatorAudit": page("entries", Sample.operatorAuditEntry),

  "sinks.putSink": put(Sample.sinkSpec, Sample.newSink, Sample.sink),
  "sinks.getSink": get(Sample.sink),
  "sinks.listSinks": page("sinks", Sample.sink),
  "sinks.rotateSecret": post({ overlap: "24h" }, 200, Sample.rotatedSink),
  "sinks.deleteSink": noContent,

  "signingKeys.getSigningKeys": get(Sample.signingKeys),
  "signingKeys.rotateSigningKey": post({ overlap: "24h" }, 200, Sample.signingKeys),
  "keySets.getKeySet": get(Sample.keySet),

  "subscriptions.putSubscription": put(Sample.subscriptionSpec, Sample.subscription),
  "subscriptions.getSubscription": get(Sample.subscription),
  "subscriptions.listSubscriptions": page("subscriptions", Sample.subscription),
  "subscriptions.pauseSubscription": get({
    ...Sample.subscription,
    status: "paused",
    state: "paused",
  }),
  "subscriptions.resumeSubscription": get(Sample.subscription),
  "subscriptions.deleteSubscription": noContent,

  "replays.startReplay": post(Sample.replaySpec, 202, Sample.replay),
  "replays.listReplays": page("replays", Sample.replay),
  "replays.getReplay": get(Sample.replay),
  "replays.cancelReplay": get({
    ...Sample.replay,
    state: "cancelled",
    endedAt: "2026-03-02T10:00:02.000Z",
  }),

  "eventTypes.putEventType": put(Sample.eventTypeSpec, Sample.eventType),
  "eventTypes.getEventType": get(Sample.eventType),
  "eventTypes.listEventTypes": page("eventTypes", Sample.eventType),
  "eventTypes.deleteEventType": noContent,
  "eventTypes.putHostTypeEventType": put(Sample.eventTypeSpec, Sample.eventType),
  "eventTypes.getHostTypeEventType": get(Sample.eventType),
  "eventTypes.listHostTypeEventTypes": page("eventTypes", Sample.eventType),
  "eventTypes.deleteHostTypeEventType": noContent,

  "events.publishEvents": {
    requests: {
      [structuredContentType]: Sample.event,
      [batchContentType]: [Sample.event, Sample.secondEvent],
    },
    answers: { 202: Sample.accepted },
  },
  "events.readEvents": page("events", Sample.storedEvent),
  "events.getEvent": get(Sample.storedEvent),
  "events.streamEvents": get(Sample.eventStream),
  "deliveries.explainDeliveries": get({
    sequence: "1042",
    event: {
      source: Sample.event.source,
      id: Sample.event.id,
      type: Sample.event.type,
      acceptedAt: "2026-03-02T09:31:12.490Z",
    },
    deliveries: [Sample.delivery],
    next: null,
  }),

  "deadLetters.listDeadLetters": page("deadLetters", Sample.deadLetter),
  "deadLetters.getDeadLetter": get(Sample.deadLetter),
  "deadLetters.redeliverDeadLetters": post(
    { subscription: "orders", reason: "rejected", limit: 100 },
    202,
    Sample.redelivered,
  ),
  "deadLetters.redeliverDeadLetter": {
    answers: {
      202: { deadLetter: Sample.deadLetter.id, subscription: "orders", sequence: "1042" },
    },
  },
  "deadLetters.discardDeadLetter": noContent,
}
