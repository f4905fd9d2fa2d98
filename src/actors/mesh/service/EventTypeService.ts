// What events of a type carry, registered for a namespace or a host type.

import type {
  CataloguedType,
  CatalogueFull,
  CatalogueOwner,
  EventTypeEntry,
  EventTypeNotFound,
  EventTypeSpec,
  HostTypeNotFound,
  InvalidSetting,
} from "../../../domain/index.js"
import type { EventTypeView } from "../EventTypeCatalogue.js"
import type { InNamespace, Put } from "./Answers.js"

type OfCatalogue<A, E = never> = InNamespace<A, E | HostTypeNotFound>

export interface EventTypeCatalogue {
  /** Registers a type, or replaces what it is registered with. */
  readonly put: (
    owner: CatalogueOwner,
    type: CataloguedType,
    spec: EventTypeSpec,
  ) => OfCatalogue<Put<EventTypeEntry>, InvalidSetting | CatalogueFull>
  /** Of a namespace, also what it inherits. */
  readonly get: (
    owner: CatalogueOwner,
    type: CataloguedType,
  ) => OfCatalogue<EventTypeView, EventTypeNotFound>
  /** All of them, ascending by type; of a namespace, also what it inherits. */
  readonly list: (owner: CatalogueOwner) => OfCatalogue<ReadonlyArray<EventTypeView>>
  readonly remove: (
    owner: CatalogueOwner,
    type: CataloguedType,
  ) => OfCatalogue<void, EventTypeNotFound>
}
