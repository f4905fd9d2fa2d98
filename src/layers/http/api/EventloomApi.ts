// The whole HTTP API as one description: routes, shapes and answers.

import { HttpApi, OpenApi } from "@effect/platform"
import { Predicate } from "effect"
import { problemContentType, problemJsonSchema, problems } from "../Problem.js"
import { DeadLettersApi } from "./DeadLettersApi.js"
import { AuditApi } from "./AuditApi.js"
import { DeliveriesApi } from "./DeliveriesApi.js"
import { EventsApi } from "./EventsApi.js"
import { EventTypesApi } from "./EventTypesApi.js"
import { HealthApi } from "./HealthApi.js"
import { HostTypesApi } from "./HostTypesApi.js"
import { KeysApi } from "./KeysApi.js"
import { NamespacesApi } from "./NamespacesApi.js"
import { OperationsApi } from "./OperationsApi.js"
import { KeySetApi, SigningKeysApi } from "./SigningKeysApi.js"
import { SinksApi } from "./SinksApi.js"
import { ReplaysApi } from "./ReplaysApi.js"
import { SourcesApi } from "./SourcesApi.js"
import { SubscriptionsApi } from "./SubscriptionsApi.js"

const unreadable = "The request cannot be read: `field` says which part of it."

/**
 * Requests that do not fit the description are answered with a problem, not with the built-in error,
 * and the schema of problems is stated once.
 */
const withProblems = (spec: Readonly<Record<string, unknown>>) => {
  const schema = { $ref: "#/components/schemas/Problem" }
  const content = { [problemContentType]: { schema } }
  for (const { responses } of recordsIn(spec["paths"]).flatMap(recordsIn)) {
    if (!Predicate.isRecord(responses)) continue
    for (const status of Object.keys(responses).filter((status) => Number(status) >= 400)) {
      const described = status === "400" ? { description: unreadable } : responses[status]
      responses[status] = Object.assign({}, described, { content })
    }
  }
  const { components } = spec
  if (Predicate.isRecord(components) && Predicate.isRecord(components["schemas"])) {
    const { HttpApiDecodeError: _, Issue: __, PropertyKey: ___, ...rest } = components["schemas"]
    components["schemas"] = { ...rest, Problem: problemJsonSchema }
  }
  return spec
}

const recordsIn = (value: unknown): ReadonlyArray<Record<string | number, unknown>> =>
  Predicate.isRecord(value) ? Object.values(value).filter(Predicate.isRecord) : []

export class EventloomApi extends HttpApi.make("eventloom")
  .add(HealthApi)
  .add(OperationsApi)
  .add(HostTypesApi)
  .add(SourcesApi)
  .add(NamespacesApi)
  .add(KeysApi)
  .add(AuditApi)
  .add(SinksApi)
  .add(SigningKeysApi)
  .add(KeySetApi)
  .add(SubscriptionsApi)
  .add(ReplaysApi)
  .add(EventTypesApi)
  .add(EventsApi)
  .add(DeliveriesApi)
  .add(DeadLettersApi)
  .addError(problems(400, unreadable))
  .addError(
    problems(
      403,
      "The key lacks the `scope`, or it takes the operator. Without an operator's token: a foreign Host or Origin.",
    ),
  )
  .addError(problems(500, "A fault of the server; its log has more under the `id`."))
  .annotate(OpenApi.Title, "Eventloom")
  .annotate(OpenApi.Version, "1")
  .annotate(
    OpenApi.Description,
    "Event mesh for multi-tenant services. Problems are RFC 9457 documents; sequences are strings.",
  )
  .annotate(OpenApi.Transform, withProblems) {}
