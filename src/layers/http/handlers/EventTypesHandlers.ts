// Catalogues of event types: from requests to the mesh and back.

import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Mesh } from "../../../actors/index.js"
import {
  type CataloguedType,
  type CatalogueOwner,
  hostTypeCatalogue,
  namespaceCatalogue,
} from "../../../domain/index.js"
import { EventloomApi, EventTypeBody, EventTypeShape, pageFrom } from "../api/index.js"
import { jsonBody } from "../JsonBody.js"
import { answering, putAnswer } from "./Answering.js"

export const eventTypesHandlers = HttpApiBuilder.group(EventloomApi, "eventTypes", (handlers) =>
  Effect.map(Mesh, ({ eventTypes }) => {
    const put = (owner: CatalogueOwner, type: CataloguedType) =>
      Effect.gen(function* () {
        const spec = yield* jsonBody(EventTypeBody)
        return yield* putAnswer(EventTypeShape, yield* eventTypes.put(owner, type, spec))
      }).pipe(answering)
    const get = (owner: CatalogueOwner, type: CataloguedType) =>
      answering(eventTypes.get(owner, type))
    const list = (
      owner: CatalogueOwner,
      page: { readonly after?: CataloguedType | undefined; readonly limit?: number | undefined },
    ) =>
      Effect.map(answering(eventTypes.list(owner)), (all) => {
        const named = all.map((entry) => ({ name: entry.type, entry }))
        const { items, next } = pageFrom(named, page.after, page.limit)
        return { eventTypes: items.map(({ entry }) => entry), next }
      })
    const remove = (owner: CatalogueOwner, type: CataloguedType) =>
      answering(eventTypes.remove(owner, type))
    return handlers
      .handleRaw("putEventType", ({ path: { namespace, type } }) =>
        put(namespaceCatalogue(namespace), type),
      )
      .handle("getEventType", ({ path: { namespace, type } }) =>
        get(namespaceCatalogue(namespace), type),
      )
      .handle("listEventTypes", ({ path: { namespace }, urlParams }) =>
        list(namespaceCatalogue(namespace), urlParams),
      )
      .handle("deleteEventType", ({ path: { namespace, type } }) =>
        remove(namespaceCatalogue(namespace), type),
      )
      .handleRaw("putHostTypeEventType", ({ path: { hostType, type } }) =>
        put(hostTypeCatalogue(hostType), type),
      )
      .handle("getHostTypeEventType", ({ path: { hostType, type } }) =>
        get(hostTypeCatalogue(hostType), type),
      )
      .handle("listHostTypeEventTypes", ({ path: { hostType }, urlParams }) =>
        list(hostTypeCatalogue(hostType), urlParams),
      )
      .handle("deleteHostTypeEventType", ({ path: { hostType, type } }) =>
        remove(hostTypeCatalogue(hostType), type),
      )
  }),
)
