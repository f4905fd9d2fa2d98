// Events whose data TypeScript knows: registered, published and handled by their definition.

import { Effect, Either, type ParseResult, type Scope } from "effect"
import {
  type CatalogueFull,
  type CatalogueOwner,
  type CloudEvent,
  type EventTypeDefinition,
  type EventTypeEntry,
  type EventValueProblem,
  type HostTypeNotFound,
  type InvalidSetting,
  type NamespaceName,
  type NamespaceNotFound,
  type NamespaceRemoving,
  Outcome,
  type QuotaReached,
  type TypedEventInput,
} from "../../domain/index.js"
import type { Receipt } from "../journal/GroupCommit.js"
import type { Delivery, Handler, HandlerAttached, StoreUnavailable } from "../ports/index.js"
import type { HandlerOptions, MeshService } from "./Mesh.js"
import type { Put } from "./service/Answers.js"
import type { EventTypeCatalogue } from "./service/EventTypeService.js"
import type { Durability, PublishError } from "./Publisher.js"

/** A `Handler` that gets the data as its schema decodes it. */
export type TypedHandler<A> = (
  data: A,
  event: CloudEvent,
  delivery: Delivery,
) => ReturnType<Handler>

export interface TypedEvents {
  /** Puts what a definition says into a catalogue. */
  readonly register: <A, I>(
    owner: CatalogueOwner,
    definition: EventTypeDefinition<A, I>,
  ) => Effect.Effect<
    Put<EventTypeEntry>,
    | InvalidSetting
    | CatalogueFull
    | NamespaceNotFound
    | NamespaceRemoving
    | HostTypeNotFound
    | StoreUnavailable
  >
  /** Publishes one event of a defined type. */
  readonly publish: <A, I>(
    namespace: NamespaceName,
    definition: EventTypeDefinition<A, I>,
    event: TypedEventInput<A>,
    durability?: Durability,
  ) => Effect.Effect<Receipt, PublishError | EventValueProblem | ParseResult.ParseError>
  /**
   * As `handle` of the mesh, for events of a defined type. One whose data the schema does not decode
   * becomes a dead letter at once.
   */
  readonly handle: <A, I>(
    namespace: NamespaceName,
    name: string,
    definition: EventTypeDefinition<A, I>,
    options: Omit<HandlerOptions, "types">,
    handler: TypedHandler<A>,
  ) => Effect.Effect<
    void,
    | InvalidSetting
    | HandlerAttached
    | NamespaceNotFound
    | NamespaceRemoving
    | QuotaReached
    | StoreUnavailable,
    Scope.Scope
  >
}

export const makeTypedEvents = ({
  handle,
  publish,
  put,
}: Pick<MeshService, "handle" | "publish"> & Pick<EventTypeCatalogue, "put">): TypedEvents => ({
  register: (owner, { spec, type }) => put(owner, type, spec),
  publish: (namespace, definition, input, durability) =>
    Effect.gen(function* () {
      const event = yield* definition.event(input)
      const [receipt] = yield* publish(namespace, [event], durability)
      return receipt ?? (yield* Effect.dieMessage("an event was published without a receipt"))
    }),
  handle: (namespace, name, { decode, pattern }, options, handler) =>
    handle(namespace, name, { ...options, types: [pattern] }, (event, delivery) =>
      Either.match(decode(event), {
        onLeft: ({ message }) => Outcome.reject(message),
        onRight: (data) => handler(data, event, delivery),
      }),
    ),
})
