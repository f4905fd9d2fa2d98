// Port: the catalogues of event types, of namespaces and of host types.
//
// Lists are ascending by type (code-unit order, which is that of ASCII) and paged by the last one seen.

import { Context, type Effect, type Option } from "effect"
import type { CataloguedType, CatalogueOwner, EventTypeEntry } from "../../domain/index.js"
import type { StoreUnavailable } from "./StoreErrors.js"

export interface CatalogueSize {
  readonly types: number
  /** Of their entries as JSON. */
  readonly characters: number
}

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export class EventTypes extends Context.Tag("eventloom/EventTypes")<
  EventTypes,
  {
    /**
     * Inserts or replaces. Answers false and stores nothing when the owner is unknown or being
     * removed, so that no entry outlives it.
     */
    readonly put: (owner: CatalogueOwner, entry: EventTypeEntry) => Answer<boolean>
    readonly get: (
      owner: CatalogueOwner,
      type: CataloguedType,
    ) => Answer<Option.Option<EventTypeEntry>>
    readonly list: (
      owner: CatalogueOwner,
      page: { readonly after?: CataloguedType; readonly limit: number },
    ) => Answer<ReadonlyArray<EventTypeEntry>>
    readonly size: (owner: CatalogueOwner) => Answer<CatalogueSize>
    readonly delete: (owner: CatalogueOwner, type: CataloguedType) => Answer<boolean>
  }
>() {}
