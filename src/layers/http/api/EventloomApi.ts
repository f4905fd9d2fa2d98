// The whole HTTP API as one description: routes, shapes and answers.

import { HttpApi, OpenApi } from "@effect/platform"
import { Context, Option } from "effect"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { describeAnswers, unreadable } from "./examples/DescribeAnswers.js"
import type { DescribedOperation } from "./examples/ProblemExamples.js"
import { Needs } from "./Needs.js"
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

/** Who may use each operation, by its id. */
const needs = (): ReadonlyMap<string, DescribedOperation["need"]> => {
  const found = new Map<string, DescribedOperation["need"]>()
  HttpApi.reflect(EventloomApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group, middleware }) => {
      const stated = Option.getOrUndefined(Context.getOption(endpoint.annotations, Needs))
      const isOpen = ![...middleware].some(({ key }) => key === Authorization.key)
      found.set(`${group.identifier}.${endpoint.name}`, isOpen ? undefined : (stated ?? "operator"))
    },
  })
  return found
}

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
  .annotate(OpenApi.Title, "Eventloom")
  .annotate(OpenApi.Version, "1")
  .annotate(
    OpenApi.Description,
    "Event mesh for multi-tenant services. Problems are RFC 9457 documents; sequences are strings.",
  )
  .annotate(OpenApi.Transform, (document) => describeAnswers(document, needs())) {}
