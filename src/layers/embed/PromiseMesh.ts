// The mesh for those who do not use Effect. Every method that can fail rejects with a `MeshError`.

import type { MeshError } from "./MeshError.js"
import type {
  AuditQuery,
  EventHandler,
  EventTypeSpec,
  KeyOptions,
  NamespaceSettings,
  PostgresSourceOptions,
  PublishOptions,
  ReplayOptions,
  SubscriptionOptions,
  WebhookTarget,
} from "./Options.js"
import type { EventPage, EventStream, EventTail, NewEvent, PublishReceipt } from "./PlainEvent.js"
import type {
  ActorNode,
  AuditRecord,
  DeadLetterPage,
  DeadLetterQuery,
  DeliveryExplanation,
  EventTypeInfo,
  KeyInfo,
  MeshHealth,
  PublicKeyInfo,
  RemovalAccount,
  ReplayInfo,
  SourceInfo,
  SubscriptionInfo,
  TableSnapshotInfo,
} from "./Views.js"

/** Stops the function from being called. Its subscription stays, keeps its place and waits for another. */
export type Detach = () => Promise<void>

/** Keys with which the HTTP API of a server on this mesh is used in one namespace. */
export interface NamespaceKeys {
  /** `key` is what to send as the bearer token: it is in this answer only. */
  create(options: KeyOptions): Promise<KeyInfo & { readonly key: string }>
  /** The keys after an id, ascending, 100 at a time. */
  list(after?: string): Promise<ReadonlyArray<KeyInfo>>
  /** From now on it is refused. */
  revoke(id: string): Promise<void>
}

export interface MeshNamespace {
  readonly name: string
  /**
   * Publishes one event, or several: all of them or none. Resolves once they are committed. An `id` is
   * drawn and `time` is the present where they are not given; give an `id` of your own to publish
   * again without harm.
   */
  publish(event: NewEvent, options?: PublishOptions): Promise<PublishReceipt>
  publish(
    events: ReadonlyArray<NewEvent>,
    options?: PublishOptions,
  ): Promise<ReadonlyArray<PublishReceipt>>
  /** Has a function take events, as a durable subscription of that name. */
  handle(name: string, options: SubscriptionOptions, handler: EventHandler): Promise<Detach>
  handle(name: string, handler: EventHandler): Promise<Detach>
  /** Has events posted to a URL. A secret that was drawn is in the answer, this once. */
  webhook(
    name: string,
    target: WebhookTarget,
    options?: SubscriptionOptions,
  ): Promise<{ readonly secret?: string }>
  /**
   * Replaces the secret that a webhook signs with; one that was drawn is in the answer, this once. The
   * secret before it signs as well for `overlap`, "24h" by default, and is erased after that.
   */
  rotateSecret(
    name: string,
    rotation?: {
      /** `whsec_…`; drawn when absent. */
      readonly secret?: string | undefined
      readonly overlap?: string | undefined
    },
  ): Promise<{ readonly secret?: string; readonly previousUntil?: Date }>
  /** The public keys that receivers verify signatures of the kind "v1a" with, the present one first. */
  signingKeys(): Promise<ReadonlyArray<PublicKeyInfo>>
  /** A new key signs; the one before it signs as well for `overlap`, "24h" by default. */
  rotateSigningKey(rotation?: {
    readonly overlap?: string | undefined
  }): Promise<ReadonlyArray<PublicKeyInfo>>
  /** What is published from this call on, at most once, in memory. */
  stream(options?: { readonly types?: ReadonlyArray<string> | undefined }): EventStream
  /**
   * The journal after a sequence, then what is published: every event once, in order. Without `after`,
   * what is published from this call on.
   */
  tail(options?: {
    readonly after?: number | undefined
    readonly types?: ReadonlyArray<string> | undefined
  }): EventTail
  /** The journal after a sequence, a page at a time; from its start without one. */
  read(options?: {
    readonly after?: number | undefined
    /** 1 to 1000, 100 by default. */
    readonly limit?: number | undefined
    readonly types?: ReadonlyArray<string> | undefined
  }): Promise<EventPage>
  /** What became of an event for each subscription, and why; for one that is named, or for all. */
  explain(
    sequence: number,
    options?: { readonly subscription?: string | undefined },
  ): Promise<ReadonlyArray<DeliveryExplanation>>
  /** Registers what events of a type carry; `schemaEnforcement` says what becomes of others. */
  registerEventType(type: string, spec: EventTypeSpec): Promise<void>
  /** The types that are registered, those inherited too, ascending. */
  eventTypes(): Promise<ReadonlyArray<EventTypeInfo>>
  removeEventType(type: string): Promise<void>
  subscriptions(): Promise<ReadonlyArray<SubscriptionInfo>>
  pause(subscription: string): Promise<void>
  resume(subscription: string): Promise<void>
  /**
   * Delivers a part of the journal once more to one subscription, beside its live flow; marked with
   * the extension attribute `replay`, and with delivery ids of its own. Resolves when it has begun.
   */
  replay(subscription: string, options: ReplayOptions): Promise<ReplayInfo>
  /** Those that run and the latest that have ended. */
  replays(subscription: string): Promise<ReadonlyArray<ReplayInfo>>
  /** Ends one before its time. */
  cancelReplay(subscription: string, replay: string): Promise<ReplayInfo>
  /** Deletes a subscription, its position, and its sink of the same name. */
  unsubscribe(subscription: string): Promise<void>
  /** Deliveries that were given up on, in the order of death: 100 at a time, unless said otherwise. */
  deadLetters(query?: DeadLetterQuery): Promise<DeadLetterPage>
  /**
   * Has a dead letter tried again, its attempts counted anew. Once this resolves it is no dead letter
   * any more; if it fails again, it becomes one with a new id.
   */
  redeliver(deadLetter: string): Promise<void>
  /**
   * Likewise for all that the query leaves, of which at most 1,000 are looked at, unless said
   * otherwise. Those that cannot be tried again now are skipped and stay.
   */
  redeliverAll(query?: DeadLetterQuery): Promise<{
    readonly redelivered: number
    readonly skipped: number
    readonly next: string | undefined
  }>
  /** Forgets a dead letter and its event. */
  discard(deadLetter: string): Promise<void>
  readonly keys: NamespaceKeys
  /** Who changed what in the namespace, the oldest first. */
  audit(query?: AuditQuery): Promise<ReadonlyArray<AuditRecord>>
  /** Takes no events until it is enabled. */
  disable(): Promise<void>
  enable(): Promise<void>
  /**
   * Removes the namespace and all that is its own, and waits for the end of it: a minute, or as long
   * as is said. The removal goes on after that, and after a crash.
   */
  remove(options?: { readonly wait?: string | undefined }): Promise<RemovalAccount>
}

/** What brings events in from outside. */
export interface MeshSources {
  /**
   * Has the committed changes of a Postgres database become events: starts the source, or starts it
   * anew with other options. It connects in its own time; `get` says how that goes.
   */
  postgres(name: string, options: PostgresSourceOptions): Promise<SourceInfo>
  get(name: string): Promise<SourceInfo>
  /** The sources after a name, ascending, 100 at a time. */
  list(after?: string): Promise<ReadonlyArray<SourceInfo>>
  /**
   * Has all rows of a table, such as "public.orders", told while its changes go on. Resolves with the
   * snapshot that is under way, or a new one; whether there is such a table is found out later.
   */
  snapshot(name: string, table: string): Promise<TableSnapshotInfo>
  /**
   * Stops a source and drops the replication slot that was created for it; one that was there before
   * is `kept`. `remains`: it should have been dropped, but the server could not be asked.
   */
  remove(name: string): Promise<{ readonly slot: "dropped" | "kept" | "remains" }>
}

export interface PromiseMesh {
  /** The namespace of that name, registered if it is new. Settings that are given replace those it has. */
  namespace(name: string, settings?: NamespaceSettings): Promise<MeshNamespace>
  /** The names after one, ascending, 100 at a time. */
  namespaces(after?: string): Promise<ReadonlyArray<string>>
  readonly sources: MeshSources
  /** Who made, changed and removed namespaces and host types, the oldest first. */
  audit(query?: AuditQuery): Promise<ReadonlyArray<AuditRecord>>
  /** The live supervision tree. */
  actors(): Promise<ActorNode>
  health(): Promise<MeshHealth>
  /**
   * Resolves, with the reason, when another process has taken the store: nothing can be published any
   * more, so close this mesh. Else it never does.
   */
  readonly lost: Promise<MeshError>
  /** Lets deliveries in flight end, up to the deadline, then lets go of everything. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
