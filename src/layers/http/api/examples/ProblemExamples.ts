// How each operation can fail: which kinds of problems are its examples. A test has the server give
// each of these answers.

import type { Need } from "../Needs.js"

export interface DescribedOperation {
  readonly id: string
  readonly method: string
  /** As the description has it: `/v1/namespaces/{namespace}`. */
  readonly path: string
  readonly hasBody: boolean
  readonly hasQuery: boolean
  /** Who may use it; undefined for everybody. */
  readonly need: Need | "operator" | undefined
}

const missingThings: Readonly<Record<string, string>> = {
  hostType: "host-type-not-found",
  source: "source-not-found",
  namespace: "namespace-not-found",
  key: "key-not-found",
  sink: "sink-not-found",
  subscription: "subscription-not-found",
  replay: "replay-not-found",
  type: "event-type-not-found",
  sequence: "event-not-found",
  deadLetter: "dead-letter-not-found",
}

/** What is not there: the namespace, or what the path names last, unless that is to be made. */
const notFound = ({ id, method, path }: DescribedOperation): ReadonlyArray<string> => {
  if (id === "namespaces.getRemoval") return ["no-removal"]
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name)
  const looked = method === "put" ? names.slice(0, -1) : names
  return [...new Set([names[0] ?? "", looked.at(-1) ?? ""])].flatMap(
    (name) => missingThings[name] ?? [],
  )
}

/** Beside the namespace that is being removed. */
const conflicts: Readonly<Record<string, ReadonlyArray<string>>> = {
  "hostTypes.deleteHostType": ["host-type-in-use"],
  "keys.createKey": ["quota-reached"],
  "sinks.putSink": ["quota-reached"],
  "sinks.deleteSink": ["sink-in-use"],
  "sinks.rotateSecret": ["rotation-under-way"],
  "signingKeys.rotateSigningKey": ["rotation-under-way"],
  "subscriptions.putSubscription": ["quota-reached"],
  "replays.startReplay": ["too-many-replays"],
  "eventTypes.putEventType": ["catalogue-full"],
  "eventTypes.putHostTypeEventType": ["catalogue-full"],
  "events.publishEvents": ["namespace-disabled"],
  "deadLetters.redeliverDeadLetter": ["subscription-paused"],
}

const forbidden = ({ need }: DescribedOperation): string => {
  if (need === undefined || need === "any") return "foreign-host"
  return need === "operator" ? "operator-only" : "scope-missing"
}

const unreadable = ({ hasBody, hasQuery }: DescribedOperation): string =>
  hasBody ? "malformed-json" : hasQuery ? "invalid-parameter" : "no-host"

/** The kinds of problems that an operation answers with this status. */
export const problemKinds = (
  operation: DescribedOperation,
  status: number,
): ReadonlyArray<string> => {
  const { id, path } = operation
  switch (status) {
    case 400:
      return [unreadable(operation)]
    case 401:
      return ["unauthorized"]
    case 403:
      return [forbidden(operation)]
    case 404:
      return notFound(operation)
    case 406:
      return ["not-acceptable"]
    case 409:
      return [
        ...(path.startsWith("/v1/namespaces/") ? ["namespace-removing"] : []),
        ...(conflicts[id] ?? []),
      ]
    case 413:
      return ["body-too-large"]
    case 415:
      return ["unsupported-content-type"]
    case 422:
      return [id === "events.publishEvents" ? "schema-mismatch" : "invalid-field"]
    case 429:
      return [id === "events.streamEvents" ? "too-many-streams" : "publish-rate-exceeded"]
    case 500:
      return ["internal"]
    case 503:
      return [id === "health.ready" ? "not-ready" : "store-unavailable"]
    default:
      return []
  }
}
