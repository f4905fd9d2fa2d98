// The catalogues of event types over HTTP: of namespaces, and of host types, whose namespaces inherit
// them.

import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import {
  CataloguedType,
  EventTypeSpec,
  HostTypeName,
  NamespaceName,
} from "../../../domain/index.js"
import { problems } from "../Problem.js"
import { Authorization } from "./Authorization.js"
import { Instant } from "./Instant.js"
import { Needs } from "./Needs.js"
import { Next, pageParameters } from "./Paging.js"

export const EventTypeBody = EventTypeSpec.annotations({ identifier: "EventTypeSpec" })

export const EventTypeShape = Schema.Struct({
  type: CataloguedType,
  ...EventTypeSpec.fields,
  inheritedFrom: Schema.optional(
    HostTypeName.annotations({
      description: "The host type whose catalogue it is in; absent when it is in the one asked.",
    }),
  ),
  createdAt: Instant,
  updatedAt: Instant,
}).annotations({ identifier: "EventType" })

const Page = Schema.Struct({
  eventTypes: Schema.Array(EventTypeShape),
  next: Next(CataloguedType),
})

const inNamespace = "/v1/namespaces/:namespace/event-types"
const inHostType = "/v1/host-types/:hostType/event-types"
const namespacePath = Schema.Struct({ namespace: NamespaceName })
const namespaceTypePath = Schema.Struct({ namespace: NamespaceName, type: CataloguedType })
const hostTypePath = Schema.Struct({ hostType: HostTypeName })
const hostTypeTypePath = Schema.Struct({ hostType: HostTypeName, type: CataloguedType })

const notFound = problems(404, "No such namespace, host type or event type.")
const removing = problems(409, "The namespace is being removed.")
const full = problems(409, "The catalogue is full.")
const removingOrFull = problems(409, "The namespace is being removed, or its catalogue is full.")
const badBody = {
  tooLarge: problems(413, "The body is too large."),
  notJson: problems(415, "The body is not JSON."),
  invalid: problems(422, "The schema is none, or the example does not match it: see `field`."),
}

export class EventTypesApi extends HttpApiGroup.make("eventTypes")
  .add(
    HttpApiEndpoint.put("putEventType", `${inNamespace}/:type`)
      .setPath(namespaceTypePath)
      .annotate(Needs, "manage")
      .setPayload(EventTypeBody)
      .addSuccess(EventTypeShape)
      .addSuccess(EventTypeShape, { status: 201 })
      .addError(notFound)
      .addError(removingOrFull)
      .addError(badBody.tooLarge)
      .addError(badBody.notJson)
      .addError(badBody.invalid)
      .annotate(OpenApi.Summary, "Registers an event type, or replaces what it is registered with"),
  )
  .add(
    HttpApiEndpoint.get("getEventType", `${inNamespace}/:type`)
      .setPath(namespaceTypePath)
      .annotate(Needs, "read")
      .addSuccess(EventTypeShape)
      .addError(notFound)
      .addError(removing),
  )
  .add(
    HttpApiEndpoint.get("listEventTypes", inNamespace)
      .setPath(namespacePath)
      .annotate(Needs, "read")
      .setUrlParams(Schema.Struct(pageParameters(CataloguedType)))
      .addSuccess(Page)
      .addError(notFound)
      .addError(removing)
      .annotate(OpenApi.Summary, "Lists the event types of a namespace, those inherited too"),
  )
  .add(
    HttpApiEndpoint.del("deleteEventType", `${inNamespace}/:type`)
      .setPath(namespaceTypePath)
      .annotate(Needs, "manage")
      .addError(notFound)
      .addError(removing),
  )
  .add(
    HttpApiEndpoint.put("putHostTypeEventType", `${inHostType}/:type`)
      .setPath(hostTypeTypePath)
      .setPayload(EventTypeBody)
      .addSuccess(EventTypeShape)
      .addSuccess(EventTypeShape, { status: 201 })
      .addError(notFound)
      .addError(full)
      .addError(badBody.tooLarge)
      .addError(badBody.notJson)
      .addError(badBody.invalid)
      .annotate(OpenApi.Summary, "Registers an event type for all namespaces of a host type"),
  )
  .add(
    HttpApiEndpoint.get("getHostTypeEventType", `${inHostType}/:type`)
      .setPath(hostTypeTypePath)
      .addSuccess(EventTypeShape)
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.get("listHostTypeEventTypes", inHostType)
      .setPath(hostTypePath)
      .setUrlParams(Schema.Struct(pageParameters(CataloguedType)))
      .addSuccess(Page)
      .addError(notFound),
  )
  .add(
    HttpApiEndpoint.del("deleteHostTypeEventType", `${inHostType}/:type`)
      .setPath(hostTypeTypePath)
      .addError(notFound),
  )
  .middleware(Authorization) {}
