// What the failures of the mesh and of decoding are as problem documents: one table, used by every
// route, so that the same mistake has the same answer everywhere.

import type { HttpApiError } from "@effect/platform"
import type { ParseResult } from "effect"
import type {
  MeshOverloaded,
  StoreUnavailable,
  TooManyFollowers,
  TooManyUnknownKeys,
} from "../../actors/index.js"
import {
  batchContentType,
  type CatalogueFull,
  type DeadLetterNotFound,
  type DeliveryUnderWay,
  type EventNotFound,
  type EventProblem,
  type EventTypeNotFound,
  type HostTypeInUse,
  type HostTypeNotFound,
  type InvalidSetting,
  type JournalFull,
  type KeyNotFound,
  type NamespaceDisabled,
  type NamespaceNotFound,
  type NamespaceRemoving,
  type PublishExceedsBurst,
  type PublishRateExceeded,
  type QuotaReached,
  type RotationUnderWay,
  type SchemaMismatch,
  type RedeliveryFull,
  type ReplayNotFound,
  type SinkInUse,
  type SinkNotFound,
  type SourceNotFound,
  structuredContentType,
  type SubscriptionInactive,
  type SubscriptionNotFound,
  type TooManyReplays,
  type UnregisteredType,
} from "../../domain/index.js"
import { Problem } from "./Problem.js"

export type MeshFailure =
  | CatalogueFull
  | DeadLetterNotFound
  | DeliveryUnderWay
  | EventNotFound
  | EventProblem
  | EventTypeNotFound
  | HostTypeInUse
  | HostTypeNotFound
  | InvalidSetting
  | JournalFull
  | KeyNotFound
  | MeshOverloaded
  | NamespaceDisabled
  | NamespaceNotFound
  | NamespaceRemoving
  | Problem
  | PublishExceedsBurst
  | PublishRateExceeded
  | QuotaReached
  | RotationUnderWay
  | SchemaMismatch
  | RedeliveryFull
  | ReplayNotFound
  | SinkInUse
  | SinkNotFound
  | SourceNotFound
  | StoreUnavailable
  | SubscriptionInactive
  | SubscriptionNotFound
  | UnregisteredType
  | TooManyFollowers
  | TooManyUnknownKeys
  | TooManyReplays

const owners = { Namespace: "namespace", HostType: "hostType" } as const

const retryAfter = (millis: number) => ({ "retry-after": String(Math.ceil(millis / 1000)) })

/** Later, when what is under way has ended: a removal, a pause of the store. */
const soonMillis = 1_000

export const problemOf = (error: MeshFailure): Problem => {
  const detail = error.message
  switch (error._tag) {
    case "Problem":
      return error
    case "NamespaceNotFound": {
      const facts = { namespace: error.namespace }
      return new Problem({ status: 404, kind: "namespace-not-found", detail, facts })
    }
    case "HostTypeNotFound": {
      const facts = { hostType: error.hostType }
      return new Problem({ status: 404, kind: "host-type-not-found", detail, facts })
    }
    case "SinkNotFound": {
      const facts = { namespace: error.namespace, sink: error.sink }
      return new Problem({ status: 404, kind: "sink-not-found", detail, facts })
    }
    case "SubscriptionNotFound": {
      const facts = { namespace: error.namespace, subscription: error.subscription }
      return new Problem({ status: 404, kind: "subscription-not-found", detail, facts })
    }
    case "ReplayNotFound": {
      const { namespace, subscription, replay } = error
      const facts = { namespace, subscription, replay }
      return new Problem({ status: 404, kind: "replay-not-found", detail, facts })
    }
    case "TooManyReplays": {
      const { namespace, subscription, limit } = error
      const facts = { namespace, subscription, limit }
      return new Problem({ status: 409, kind: "too-many-replays", detail, facts })
    }
    case "SourceNotFound": {
      const facts = { source: error.source }
      return new Problem({ status: 404, kind: "source-not-found", detail, facts })
    }
    case "NamespaceDisabled": {
      const facts = { namespace: error.namespace }
      return new Problem({ status: 409, kind: "namespace-disabled", detail, facts })
    }
    case "NamespaceRemoving": {
      const facts = { namespace: error.namespace }
      const headers = retryAfter(soonMillis)
      return new Problem({ status: 409, kind: "namespace-removing", detail, facts, headers })
    }
    case "HostTypeInUse": {
      const facts = { hostType: error.hostType, namespaces: error.namespaces }
      return new Problem({ status: 409, kind: "host-type-in-use", detail, facts })
    }
    case "SinkInUse": {
      const { namespace, sink, subscriptions } = error
      const facts = { namespace, sink, subscriptions }
      return new Problem({ status: 409, kind: "sink-in-use", detail, facts })
    }
    case "RotationUnderWay": {
      const { namespace, sink, until } = error
      const facts = { namespace, ...(sink === undefined ? {} : { sink }), until: instant(until) }
      return new Problem({ status: 409, kind: "rotation-under-way", detail, facts })
    }
    case "DeadLetterNotFound": {
      const facts = { namespace: error.namespace, deadLetter: error.deadLetter }
      return new Problem({ status: 404, kind: "dead-letter-not-found", detail, facts })
    }
    case "EventNotFound": {
      const { namespace, sequence } = error
      const facts = { namespace, sequence: String(sequence) }
      return new Problem({ status: 404, kind: "event-not-found", detail, facts })
    }
    case "SubscriptionInactive": {
      const { namespace, subscription, status } = error
      const facts = { namespace, subscription, subscriptionStatus: status }
      return new Problem({ status: 409, kind: `subscription-${status}`, detail, facts })
    }
    case "DeliveryUnderWay": {
      const { namespace, subscription, sequence } = error
      const facts = { namespace, subscription, sequence: String(sequence) }
      return new Problem({ status: 409, kind: "delivery-under-way", detail, facts })
    }
    case "RedeliveryFull": {
      const { namespace, subscription, waiting } = error
      const facts = { namespace, subscription, waiting }
      const headers = retryAfter(soonMillis)
      return new Problem({ status: 503, kind: "redelivery-full", detail, facts, headers })
    }
    case "InvalidSetting":
      return invalidField(error.field, error.reason, error.position)
    case "MalformedJson": {
      const { field, position } = error
      const facts = position === undefined ? {} : { position }
      return new Problem({ status: 400, kind: "malformed-json", detail, field, facts })
    }
    case "InvalidUtf8":
      return new Problem({ status: 400, kind: "invalid-utf8", detail, field: error.field })
    case "InvalidEvent": {
      const { field, index } = error
      return new Problem({ status: 400, kind: "invalid-event", detail, field, facts: at(index) })
    }
    case "TooDeep": {
      const { field, index, limit } = error
      const facts = { ...at(index), limit }
      return new Problem({ status: 400, kind: "nested-too-deep", detail, field, facts })
    }
    case "EventTooLarge": {
      const { field, index, limitBytes } = error
      const facts = { ...at(index), limitBytes }
      return new Problem({ status: 413, kind: "event-too-large", detail, field, facts })
    }
    case "BatchTooLarge": {
      const { field, limit, unit } = error
      const facts = { limit, unit }
      return new Problem({ status: 413, kind: "batch-too-large", detail, field, facts })
    }
    case "UnsupportedContentType": {
      const headers = { accept: `${structuredContentType}, ${batchContentType}` }
      const { field } = error
      return new Problem({ status: 415, kind: "unsupported-content-type", detail, field, headers })
    }
    case "PublishRateExceeded": {
      const { limit, namespace, quota, retryAfterMillis } = error
      const facts = { namespace, quota, limit, retryAfterMillis }
      const headers = retryAfter(retryAfterMillis)
      return new Problem({ status: 429, kind: "publish-rate-exceeded", detail, facts, headers })
    }
    case "PublishExceedsBurst": {
      const { actual, burst, limit, namespace, quota } = error
      const facts = { namespace, quota, limit, burst, actual }
      return new Problem({ status: 413, kind: "publish-exceeds-burst", detail, facts })
    }
    case "JournalFull": {
      const { currentBytes, limitBytes, namespace, retryAfterMillis } = error
      const facts = { namespace, quota: "maxJournalBytes", limitBytes, currentBytes }
      const headers = retryAfter(retryAfterMillis)
      return new Problem({ status: 429, kind: "journal-full", detail, facts, headers })
    }
    case "QuotaReached": {
      const { current, limit, namespace, quota } = error
      const facts = { namespace, quota, limit, current }
      return new Problem({ status: 409, kind: "quota-reached", detail, facts })
    }
    case "SchemaMismatch": {
      const { field, index, namespace, pointer, type } = error
      const facts = { namespace, eventType: type, index }
      return new Problem({ status: 422, kind: "schema-mismatch", detail, field, pointer, facts })
    }
    case "UnregisteredType": {
      const { index, namespace, type } = error
      const facts = { namespace, eventType: type, index }
      return new Problem({ status: 422, kind: "unregistered-type", detail, field: "type", facts })
    }
    case "EventTypeNotFound": {
      const facts = { [owners[error.owner._tag]]: error.owner.name, eventType: error.type }
      return new Problem({ status: 404, kind: "event-type-not-found", detail, facts })
    }
    case "CatalogueFull": {
      const { limit, unit } = error
      return new Problem({ status: 409, kind: "catalogue-full", detail, facts: { limit, unit } })
    }
    case "TooManyFollowers": {
      const { limit, scope } = error
      const headers = retryAfter(error.retryAfterMillis)
      const status = scope === "namespace" ? 429 : 503
      return new Problem({ status, kind: "too-many-streams", detail, facts: { limit }, headers })
    }
    case "KeyNotFound": {
      const facts = { namespace: error.namespace, key: error.key }
      return new Problem({ status: 404, kind: "key-not-found", detail, facts })
    }
    case "TooManyUnknownKeys": {
      const headers = retryAfter(error.retryAfterMillis)
      return new Problem({ status: 503, kind: "too-many-unknown-keys", detail, headers })
    }
    case "MeshOverloaded": {
      const headers = retryAfter(error.retryAfterMillis)
      return new Problem({ status: 503, kind: "overloaded", detail, headers })
    }
    case "StoreUnavailable": {
      // Its reason is the operator's to read, in the log.
      const detail = "The store did not answer. Whether it did anything is not known; try again."
      const headers = retryAfter(soonMillis)
      return new Problem({ status: 503, kind: "store-unavailable", detail, headers })
    }
  }
}

const instant = (millis: number) => new Date(millis).toISOString()

const at = (index: number | undefined) => (index === undefined ? {} : { index })

/** A value that can be read and not be accepted. */
export const invalidField = (field: string, reason: string, position?: number): Problem =>
  new Problem({
    status: 422,
    kind: "invalid-field",
    detail: `${field}: ${reason}`,
    field,
    facts: position === undefined ? {} : { position },
  })

/** The first thing that is wrong with a body that is JSON. */
export const invalidBody = (error: ParseResult.ArrayFormatterIssue | undefined): Problem => {
  const path = error?.path ?? []
  const names = path.map(String)
  const reason = error === undefined ? "is invalid" : reasonOf(error)
  const field = names.length === 0 ? "body" : names.join(".")
  return new Problem({
    status: 422,
    kind: "invalid-field",
    detail: `${field}: ${reason}`,
    field,
    pointer: names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
  })
}

type Issue = Pick<ParseResult.ArrayFormatterIssue, "_tag" | "message">

const reasonOf = ({ _tag, message }: Issue) => (_tag === "Missing" ? "is required" : message)

/**
 * A part of the path or a query parameter that cannot be read. Nothing has a name that is none: that
 * is 404, but 422 for who wants to make such a thing.
 */
export const invalidTarget = (
  { issues: [issue] }: HttpApiError.HttpApiDecodeError,
  method: string,
  pathParameters: ReadonlyArray<string>,
): Problem => {
  const field = issue === undefined ? "path" : issue.path.map(String).join(".")
  const reason = issue === undefined ? "is invalid" : reasonOf(issue)
  if (!pathParameters.includes(String(issue?.path[0]))) {
    const detail = `${field}: ${reason}`
    return new Problem({ status: 400, kind: "invalid-parameter", detail, field })
  }
  if (method === "PUT") return invalidField(field, reason)
  const detail = `There is no such ${field}: ${reason}.`
  return new Problem({ status: 404, kind: "not-found", detail, field })
}

export const internalError = (id: string): Problem =>
  new Problem({
    status: 500,
    kind: "internal",
    detail: `Something is wrong with the server. Its log says what, under the id ${id}.`,
    facts: { id },
  })
