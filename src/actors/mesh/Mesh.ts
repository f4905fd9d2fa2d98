// The mesh: the one service that embedders, the HTTP API and the command line talk to.

import {
  Context,
  type Duration,
  type Effect,
  type Option,
  type Redacted,
  type Scope,
  type Stream,
} from "effect"
import type {
  AuditEntry,
  DeadLetterNotFound,
  DeliveryUnderWay,
  CataloguedType,
  CatalogueFull,
  CatalogueOwner,
  EventLimits,
  EventNotFound,
  EventTypeEntry,
  EventTypeNotFound,
  EventTypeSpec,
  HostTypeInUse,
  HostTypeName,
  HostTypeNotFound,
  InvalidSetting,
  JournaledEvent,
  KeyId,
  KeyNotFound,
  KeyScope,
  KeySetId,
  NamespaceDisabled,
  NamespaceKey,
  NamespaceName,
  NamespaceNotFound,
  NamespaceRemoving,
  NamespaceStatus,
  PublicJwk,
  QuotaReached,
  RedeliveryFull,
  RemovalReport,
  RotationUnderWay,
  ReplayNotFound,
  ReplaySpec,
  Sequence,
  Settings,
  SinkInUse,
  SinkName,
  SinkNotFound,
  SubscriptionInactive,
  SourceName,
  SourceNotFound,
  SubscriptionName,
  SubscriptionNotFound,
  SubscriptionSpec,
  TooManyReplays,
  TypePattern,
} from "../../domain/index.js"
import type { TooManyUnknownKeys } from "../access/KeyRing.js"
import type { ActorTree } from "../kernel/index.js"
import type { PublishRefusals } from "../namespace/PublishQuota.js"
import type {
  DeadLetter,
  DeadLetterFilter,
  Handler,
  HandlerAttached,
  ReplayKey,
  StoreUnavailable,
} from "../ports/index.js"
import type { DeliveryCounts } from "../subscription/FeedWorld.js"
import type { EventTypeView } from "./EventTypeCatalogue.js"
import type { EventReader, FollowError, FollowOptions } from "./Follow.js"
import type { LiveTap } from "./LiveStream.js"
import type { Publisher } from "./Publisher.js"
import type { SourceView, TableSnapshotView } from "./SourceView.js"
import type {
  DeliveryView,
  HostTypeView,
  NamespaceDetail,
  NamespaceView,
  SigningKeysView,
  ReplayView,
  SinkView,
  SubscriptionView,
} from "./Views.js"
import type { TypedEvents } from "./TypedEvents.js"

export interface Listing<Name> {
  /** The last name of the page before. */
  readonly after?: Name
  readonly limit: number
}

/** What a put answers: whether the thing is new, and how it is now. */
export interface Put<A> {
  readonly created: boolean
  readonly value: A
}

/** A sink's kind, its concurrency, and whatever its transport can be told. */
export interface SinkInput {
  readonly kind: string
  readonly concurrency?: number | undefined
  readonly [option: string]: unknown
}

export interface SecretRotationInput {
  /** Drawn when absent. */
  readonly secret?: Redacted.Redacted | undefined
  /** How long the secret before it signs as well. */
  readonly overlap?: Duration.Duration | undefined
}

export interface NamespaceInput {
  readonly hostType?: HostTypeName | undefined
  readonly overrides?: Settings
}

export interface KeyInput {
  /** For people. */
  readonly name?: string | undefined
  readonly scopes: ReadonlyArray<KeyScope>
  /** Milliseconds since the epoch. Never, without one; a key made by a key ends with it. */
  readonly expiresAt?: number | undefined
}

export interface HandlerOptions extends Omit<SubscriptionSpec, "sink"> {}

/** Which dead letters, and how many of them; `after` is the id of the last one seen. */
export interface DeadLetterListing extends DeadLetterFilter {
  readonly after?: string | undefined
  readonly limit: number
}

/** What became of the dead letters that were looked at. */
export interface RedeliveryCount {
  readonly redelivered: number
  /** Those whose subscription is gone or inactive, whose event is on its way, or that found no room. */
  readonly skipped: number
  /** The last one looked at, if there are more: what to give as `after`. */
  readonly next: string | undefined
}

/**
 * `store`: it does not answer, or not in time. `progress`: what became of deliveries is not written.
 * `removal`: a step of one fails again and again. `actor`: it has work to do and does not move.
 */
export interface HealthProblem {
  readonly what: "store" | "progress" | "removal" | "actor"
  readonly where: string
  readonly problem: string
  /** Since when, in milliseconds since the epoch, where that is known. */
  readonly since?: number
  /** Whose affair it is; absent for what is the mesh's own. */
  readonly namespace?: NamespaceName
}

export interface Health {
  readonly ready: boolean
  /** Why it is not ready; empty when it is. */
  readonly problems: ReadonlyArray<HealthProblem>
  /** Sinks that take nothing for the moment: their owners' affair, the mesh is well. */
  readonly parkedSinks: ReadonlyArray<{
    readonly namespace: NamespaceName
    readonly sink: SinkName
    readonly since: number
    readonly cause: string
  }>
  /** Sources that do not work, or lag too much, until somebody does something. */
  readonly stuckSources: ReadonlyArray<{ readonly source: SourceName; readonly problem: string }>
}

/** A source's kind, the URL of its database, and the options of the kind. */
export interface SourceInput {
  readonly kind: string
  /** The one that is stored stays where none is given. */
  readonly databaseUrl?: string | undefined
  readonly [option: string]: unknown
}

/** What became of a source's replication slot: one that was there before the source is kept. */
export interface SourceRemoval {
  /** `remains`: it should have been dropped, but the server could not be asked. */
  readonly slot: "dropped" | "kept" | "remains"
}

/** Totals count from the start of the mesh; the rest is how it is at the moment. */
export interface MeshMetrics {
  readonly publishedEvents: number
  readonly duplicateEvents: number
  readonly deliveries: DeliveryCounts
  /** Publishes refused, by the setting that said so. */
  readonly publishRefusals: PublishRefusals
  readonly awakeNamespaces: number
  readonly publishQueueEvents: number
  readonly activeSubscriptions: number
  readonly behindSubscriptions: number
  readonly inFlightDeliveries: number
  readonly deferredDeliveries: number
  readonly parkedSinks: number
  /** Actors that have work to do and do not move. */
  readonly stuckActors: number
  /** How long the present write to the journal has been under way. */
  readonly commitLagMillis: number
  /** Writes of progress that have failed in a row. */
  readonly progressFailures: number
  /** Alerts raised, by type. */
  readonly alerts: ReadonlyMap<string, number>
  /** Readers that follow a journal. */
  readonly followers: number
  readonly sources: ReadonlyArray<SourceView>
  /** Publishes refused for an event that its catalogue does not allow. */
  readonly schemaRejections: number
  /** Events accepted that their catalogue does not allow. */
  readonly schemaWarnings: number
}

type Stored<A, E = never> = Effect.Effect<A, E | StoreUnavailable>
type OfCatalogue<A, E = never> = InNamespace<A, E | HostTypeNotFound>
type InNamespace<A, E = never> = Effect.Effect<
  A,
  E | NamespaceNotFound | NamespaceRemoving | StoreUnavailable
>

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

export interface MeshService extends Publisher {
  /** What readers of events from outside hold to. */
  readonly eventLimits: EventLimits
  readonly hostTypes: {
    readonly put: (
      name: HostTypeName,
      defaults: Settings,
    ) => Stored<Put<HostTypeView>, InvalidSetting>
    readonly get: (name: HostTypeName) => Stored<HostTypeView, HostTypeNotFound>
    readonly list: (page: Listing<HostTypeName>) => Stored<ReadonlyArray<HostTypeView>>
    readonly remove: (name: HostTypeName) => Stored<void, HostTypeNotFound | HostTypeInUse>
  }
  readonly namespaces: {
    readonly put: (
      name: NamespaceName,
      input?: NamespaceInput,
    ) => Stored<Put<NamespaceView>, HostTypeNotFound | InvalidSetting | NamespaceRemoving>
    readonly setStatus: (
      name: NamespaceName,
      status: Exclude<NamespaceStatus, "removing">,
    ) => InNamespace<NamespaceView>
    /** With what it may use and what it does use. */
    readonly get: (name: NamespaceName) => Stored<NamespaceDetail, NamespaceNotFound>
    readonly list: (
      page: Listing<NamespaceName> & { readonly hostType?: HostTypeName },
    ) => Stored<ReadonlyArray<NamespaceView>>
    /**
     * Removes it whole. Answers the account as it stands once the removal is sure to happen, or, with
     * `wait`, the complete one if it is there in time.
     */
    readonly remove: (
      name: NamespaceName,
      options?: { readonly wait?: Duration.DurationInput },
    ) => Stored<RemovalReport, NamespaceNotFound>
    /** The account of a removal under way. */
    readonly removal: (name: NamespaceName) => Stored<Option.Option<RemovalReport>>
  }
  readonly sinks: {
    /** Secrets that were drawn for it are in `generated`, this once. */
    readonly put: (
      namespace: NamespaceName,
      name: SinkName,
      input: SinkInput,
    ) => InNamespace<
      Put<SinkView> & { readonly generated: Readonly<Record<string, Redacted.Redacted>> },
      InvalidSetting | QuotaReached
    >
    /**
     * Replaces the secret that the sink signs with. The one before it signs as well until the overlap
     * ends, 24 hours by default; then it is erased. A secret that was drawn is in `generated`, this
     * once. Asked again with the same `secret`, it changes nothing.
     */
    readonly rotateSecret: (
      namespace: NamespaceName,
      name: SinkName,
      options?: SecretRotationInput,
    ) => InNamespace<
      {
        readonly value: SinkView
        readonly generated: Readonly<Record<string, Redacted.Redacted>>
      },
      InvalidSetting | RotationUnderWay | SinkNotFound
    >
    readonly get: (namespace: NamespaceName, name: SinkName) => InNamespace<SinkView, SinkNotFound>
    readonly list: (namespace: NamespaceName) => InNamespace<ReadonlyArray<SinkView>>
    readonly remove: (
      namespace: NamespaceName,
      name: SinkName,
    ) => InNamespace<void, SinkNotFound | SinkInUse>
  }
  /** What webhooks of signature "v1a" or "both" are signed with, and their receivers verify with. */
  readonly signingKeys: {
    /** None before a sink needs one, or one is rotated in. */
    readonly get: (namespace: NamespaceName) => InNamespace<SigningKeysView>
    /** A new key signs; the one before signs beside it until the overlap ends, 24 hours by default. */
    readonly rotate: (
      namespace: NamespaceName,
      options?: { readonly overlap?: Duration.Duration | undefined },
    ) => InNamespace<SigningKeysView, RotationUnderWay>
    /** The keys of a set, for whoever has its id; none of an unknown one. */
    readonly published: (keySet: KeySetId) => Stored<ReadonlyArray<PublicJwk>>
  }
  readonly sources: {
    /** Starts it, or starts it anew with other options. It connects in its own time. */
    readonly put: (name: SourceName, input: SourceInput) => Stored<Put<SourceView>, InvalidSetting>
    readonly get: (name: SourceName) => Stored<SourceView, SourceNotFound>
    readonly list: (page: Listing<SourceName>) => Stored<ReadonlyArray<SourceView>>
    /**
     * Has all rows of a table told, while its changes go on; answers the snapshot that is under way, or
     * a new one. Whether there is such a table is found out later.
     */
    readonly snapshot: (
      name: SourceName,
      /** `schema.table` */
      table: string,
    ) => Stored<TableSnapshotView, SourceNotFound | InvalidSetting>
    /** Stops it and drops the slot that was created for it. */
    readonly remove: (name: SourceName) => Stored<SourceRemoval, SourceNotFound>
  }
  readonly subscriptions: {
    readonly put: (
      namespace: NamespaceName,
      name: SubscriptionName,
      spec: SubscriptionSpec,
    ) => InNamespace<Put<SubscriptionView>, SinkNotFound | InvalidSetting | QuotaReached>
    readonly get: (
      namespace: NamespaceName,
      name: SubscriptionName,
    ) => InNamespace<SubscriptionView, SubscriptionNotFound>
    readonly list: (namespace: NamespaceName) => InNamespace<ReadonlyArray<SubscriptionView>>
    readonly remove: (
      namespace: NamespaceName,
      name: SubscriptionName,
    ) => InNamespace<void, SubscriptionNotFound>
    readonly pause: (
      namespace: NamespaceName,
      name: SubscriptionName,
    ) => InNamespace<SubscriptionView, SubscriptionNotFound>
    readonly resume: (
      namespace: NamespaceName,
      name: SubscriptionName,
    ) => InNamespace<SubscriptionView, SubscriptionNotFound>
  }
  /** Keys that let their bearers do some things in a namespace. */
  readonly keys: {
    /** The token is in the answer, this once. */
    readonly create: (
      namespace: NamespaceName,
      input: KeyInput,
    ) => InNamespace<
      { readonly key: NamespaceKey; readonly token: Redacted.Redacted },
      InvalidSetting | QuotaReached
    >
    readonly get: (namespace: NamespaceName, id: KeyId) => InNamespace<NamespaceKey, KeyNotFound>
    readonly list: (
      namespace: NamespaceName,
      page: Listing<KeyId>,
    ) => InNamespace<ReadonlyArray<NamespaceKey>>
    /** From now on it is refused. */
    readonly revoke: (namespace: NamespaceName, id: KeyId) => InNamespace<void, KeyNotFound>
    /** The key of a token, if that can be said without a fiber: none for a token that is no good. */
    readonly known: (token: string) => Option.Option<NamespaceKey> | undefined
    readonly authenticate: (
      token: string,
    ) => Effect.Effect<Option.Option<NamespaceKey>, StoreUnavailable | TooManyUnknownKeys>
    /** Returns when a key that was good is good no more. */
    readonly lapse: (key: NamespaceKey) => Effect.Effect<void>
  }
  /** Who changed what, the oldest first. */
  readonly audit: {
    readonly ofNamespace: (
      namespace: NamespaceName,
      page: Listing<string>,
    ) => InNamespace<ReadonlyArray<AuditEntry>>
    /** Of the mesh as a whole: host types, and namespaces as they come and go. */
    readonly ofOperator: (page: Listing<string>) => Stored<ReadonlyArray<AuditEntry>>
  }
  /** Parts of the journal delivered once more to one subscription, beside its live flow. */
  readonly replays: {
    /** Starts one. It pauses with its subscription, survives a crash and ends by itself. */
    readonly start: (
      namespace: NamespaceName,
      subscription: SubscriptionName,
      spec: ReplaySpec,
    ) => InNamespace<ReplayView, SubscriptionNotFound | InvalidSetting | TooManyReplays>
    readonly get: (key: ReplayKey) => InNamespace<ReplayView, SubscriptionNotFound | ReplayNotFound>
    /** Those that run and the latest that have ended, in the order in which they were asked for. */
    readonly list: (
      namespace: NamespaceName,
      subscription: SubscriptionName,
    ) => InNamespace<ReadonlyArray<ReplayView>, SubscriptionNotFound>
    /** Ends one before its time; what is in flight may end. One that has ended stays as it is. */
    readonly cancel: (
      key: ReplayKey,
    ) => InNamespace<ReplayView, SubscriptionNotFound | ReplayNotFound>
  }
  /** What events of a type carry; enforced as `schemaEnforcement` of the namespace says. */
  readonly eventTypes: EventTypeCatalogue & TypedEvents
  readonly events: {
    /** The journal of a namespace after a sequence. `types`: only matching events are in the answer. */
    readonly read: (
      namespace: NamespaceName,
      options: {
        readonly after: Sequence
        readonly limit: number
        readonly types?: ReadonlyArray<TypePattern>
      },
    ) => Stored<
      {
        readonly events: ReadonlyArray<JournaledEvent>
        /** Where to read on; undefined when the head is reached. */
        readonly next: Sequence | undefined
      },
      NamespaceNotFound
    >
    readonly get: (
      namespace: NamespaceName,
      sequence: Sequence,
    ) => Stored<Option.Option<JournaledEvent>, NamespaceNotFound>
    /**
     * The journal after a sequence, then what is committed, in order, without gap or repeat, however
     * slowly it is read; ephemeral events, with the sequence 0, for as long as it keeps up. Ends when
     * the namespace is removed or the mesh closes.
     */
    readonly follow: (
      namespace: NamespaceName,
      options?: FollowOptions,
    ) => Stream.Stream<JournaledEvent, FollowError>
    /** The same for a consumer with a pace of its own, who is told of what was lost and of the end. */
    readonly reader: (
      namespace: NamespaceName,
      options?: FollowOptions,
    ) => Effect.Effect<EventReader, FollowError, Scope.Scope>
  }
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
  readonly deadLetters: {
    /** In the order in which they were given up on; fewer than the limit where their events are large. */
    readonly list: (
      namespace: NamespaceName,
      page: DeadLetterListing,
    ) => InNamespace<{
      readonly deadLetters: ReadonlyArray<DeadLetter>
      /** What to give as `after` to read on; undefined at the end. */
      readonly next: string | undefined
    }>
    readonly get: (
      namespace: NamespaceName,
      id: string,
    ) => InNamespace<DeadLetter, DeadLetterNotFound>
    /**
     * Has it tried again, under the same delivery id, with its attempts counted anew; it is no dead
     * letter any more once this answers what it was. If it fails again, it becomes one with a new id.
     */
    readonly redeliver: (
      namespace: NamespaceName,
      id: string,
    ) => InNamespace<
      DeadLetter,
      | DeadLetterNotFound
      | DeliveryUnderWay
      | NamespaceDisabled
      | RedeliveryFull
      | SubscriptionInactive
      | SubscriptionNotFound
    >
    /** Likewise for many: at most `limit` are looked at. */
    readonly redeliverAll: (
      namespace: NamespaceName,
      page: DeadLetterListing,
    ) => InNamespace<
      RedeliveryCount,
      NamespaceDisabled | SubscriptionInactive | SubscriptionNotFound
    >
    readonly discard: (
      namespace: NamespaceName,
      id: string,
    ) => InNamespace<void, DeadLetterNotFound>
  }
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
