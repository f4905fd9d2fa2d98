// The mesh: the one service that embedders, the HTTP API and the command line talk to.

import { Context, type Effect, type Scope, type Stream } from "effect"
import type {
  EventLimits,
  EventNotFound,
  InvalidSetting,
  JournaledEvent,
  NamespaceName,
  NamespaceNotFound,
  NamespaceRemoving,
  QuotaReached,
  Sequence,
  SubscriptionName,
  SubscriptionSpec,
  TypePattern,
} from "../../domain/index.js"
import type { ActorTree } from "../kernel/index.js"
import type { Handler, HandlerAttached, StoreUnavailable } from "../ports/index.js"
import type { LiveTap } from "./LiveStream.js"
import type { Publisher } from "./Publisher.js"
import type { TypedEvents } from "./TypedEvents.js"
import type { DeliveryView } from "./Views.js"
import type { AuditService, KeyService } from "./service/AccessService.js"
import type { Stored } from "./service/Answers.js"
import type { DeadLetterService } from "./service/DeadLetterService.js"
import type { EventService } from "./service/EventService.js"
import type { EventTypeCatalogue } from "./service/EventTypeService.js"
import type { Health, MeshMetrics } from "./service/HealthReport.js"
import type { HostTypeService, NamespaceService } from "./service/NamespaceService.js"
import type { SigningKeyService, SinkService } from "./service/SinkService.js"
import type { SourceService } from "./service/SourceService.js"
import type { ReplayService, SubscriptionService } from "./service/SubscriptionService.js"

export interface HandlerOptions extends Omit<SubscriptionSpec, "sink"> {}

export interface MeshService extends Publisher {
  /** What readers of events from outside hold to. */
  readonly eventLimits: EventLimits
  readonly hostTypes: HostTypeService
  readonly namespaces: NamespaceService
  readonly sinks: SinkService
  readonly signingKeys: SigningKeyService
  readonly sources: SourceService
  readonly subscriptions: SubscriptionService
  readonly keys: KeyService
  readonly audit: AuditService
  readonly replays: ReplayService
  /** What events of a type carry; enforced as `schemaEnforcement` of the namespace says. */
  readonly eventTypes: EventTypeCatalogue & TypedEvents
  readonly events: EventService
  /**
   * How it stands with an event and each subscription, ascending by name, or the one named: what
   * happened, or what it waits for. Wakes nothing. The event is undefined when it has left the journal.
   */
  readonly explain: (
    namespace: NamespaceName,
    sequence: Sequence,
    options: {
      readonly subscription?: SubscriptionName | undefined
      readonly after?: SubscriptionName | undefined
      readonly limit: number
    },
  ) => Stored<
    {
      readonly event: JournaledEvent | undefined
      readonly deliveries: ReadonlyArray<DeliveryView>
      /** What to give as `after` to read on; undefined at the end. */
      readonly next: SubscriptionName | undefined
    },
    NamespaceNotFound | EventNotFound
  >
  readonly deadLetters: DeadLetterService
  /** Attaches a function as a durable sink and subscription of that name, until the scope closes. */
  readonly handle: (
    namespace: NamespaceName,
    name: string,
    options: HandlerOptions,
    handler: Handler,
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
  /** What is published from now on; bounded, at most once. Ends when the namespace is removed. */
  readonly stream: (
    namespace: NamespaceName,
    types?: ReadonlyArray<TypePattern>,
  ) => Stream.Stream<JournaledEvent, NamespaceNotFound | NamespaceRemoving | StoreUnavailable>
  /** The same, attached when this answers, until the scope closes. */
  readonly tap: (
    namespace: NamespaceName,
    types?: ReadonlyArray<TypePattern>,
  ) => Effect.Effect<LiveTap, NamespaceNotFound | NamespaceRemoving | StoreUnavailable, Scope.Scope>
  /** The live supervision tree. */
  readonly actors: Effect.Effect<ActorTree>
  readonly health: Effect.Effect<Health>
  readonly metrics: Effect.Effect<MeshMetrics>
}

export class Mesh extends Context.Tag("eventloom/Mesh")<Mesh, MeshService>() {}
