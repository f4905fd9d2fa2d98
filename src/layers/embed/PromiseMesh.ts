// The mesh for those who do not use Effect: what they give and what they get, in plain types.
//
// Every method that can fail rejects with a `MeshError`. Durations are texts such as "500ms", "30s" or
// "1h30m", and sizes such as "64kB" or "1GiB".

import type { MeshError } from "./MeshError.js"
import type {
  DeliveryInfo,
  EventPage,
  EventStream,
  EventTail,
  MeshEvent,
  NewEvent,
  PublishReceipt,
} from "./PlainEvent.js"

/** Where events and configuration are kept: in memory, in a folder, or on a Postgres server. */
export type StoreChoice =
  /** Nothing outlives the mesh. */
  | "memory"
  /** A folder, made if it is missing. Survives the death of the process, not that of the power. */
  | { readonly dataDir: string }
  /** `postgres://…`, in a schema of its own, "eventloom" by default. */
  | { readonly databaseUrl: string; readonly schema?: string | undefined }

export interface LogRecord {
  readonly level: "trace" | "debug" | "info" | "warning" | "error" | "fatal"
  readonly message: string
  /** What it is about, and the failure behind it. */
  readonly facts: Readonly<Record<string, unknown>>
}

export interface MeshOptions {
  readonly store: StoreChoice
  /**
   * 32 bytes in base64 or hex, under which secrets are sealed. Else `EVENTLOOM_MASTER_KEY`, else, in a
   * folder, the file `master.key` of it, which is made with mode 0600. A Postgres server needs one.
   */
  readonly masterKey?: string | undefined
  /** Webhooks may go to private, loopback and link-local addresses. Default false. */
  readonly allowPrivateTargets?: boolean | undefined
  /** Takes what the mesh logs. Without it, warnings and worse go to the standard error. */
  readonly log?: ((record: LogRecord) => void) | undefined
  readonly tuning?: MeshTuning | undefined
}

export interface MeshTuning {
  /** How long deliveries in flight may take to end when a namespace or the mesh stops: 10 s. */
  readonly drainDeadline?: string | undefined
  /** A namespace with nothing to do for this long is put to sleep: 1 min. */
  readonly idleAfter?: string | undefined
  /** Per subscription, the events held in memory: 1024. */
  readonly windowEvents?: number | undefined
  /** Events a live stream may be behind before it loses some: 1024. */
  readonly streamBuffer?: number | undefined
  readonly breaker?:
    | {
        /** Transient failures in a row that park a sink: 5. */
        readonly failures?: number | undefined
        /** The longest wait before the first probe of a parked sink: 1 s. */
        readonly probeInitial?: string | undefined
        /** The longest wait before any probe: 5 min. */
        readonly probeMax?: string | undefined
      }
    | undefined
}

export interface RetryOptions {
  /** Attempts at one event, the first included: 5. */
  readonly attempts?: number | undefined
  /** The longest wait before the second attempt: 1 s. */
  readonly initial?: string | undefined
  /** The longest wait before any attempt: 30 s. */
  readonly max?: string | undefined
  /** What the longest wait is multiplied by after each attempt: 2. */
  readonly factor?: number | undefined
  /** How long a delivery may be parked before it becomes a dead letter: 3 days. */
  readonly giveUpAfter?: string | undefined
}

export interface NamespaceSettings {
  /** The host type to inherit from. */
  readonly hostType?: string | undefined
  /** Of subscriptions that state none. */
  readonly retry?: RetryOptions | null | undefined
  /** Events older than this may leave the journal. */
  readonly retentionAge?: string | null | undefined
  /** The journal may be trimmed to this many bytes of events. */
  readonly retentionBytes?: string | null | undefined
  /** Trim even past events that a subscription has not had. */
  readonly dropUndelivered?: boolean | null | undefined
  /** The largest event accepted, in its JSON form: 1 MiB. */
  readonly maxEventBytes?: string | null | undefined
  /** Events that may be published, such as "100/s" or "100/s burst 500". */
  readonly publishRate?: string | null | undefined
  /** Likewise in bytes, such as "10MiB/s". */
  readonly publishByteRate?: string | null | undefined
  /** At this many bytes of events in the journal publishes are refused. */
  readonly maxJournalBytes?: string | null | undefined
  readonly maxSinks?: number | null | undefined
  readonly maxSubscriptions?: number | null | undefined
  /** Deliveries in flight at once, over all sinks. */
  readonly maxConcurrentDeliveries?: number | null | undefined
  /** What becomes of events that do not match what their type is registered with: "off". */
  readonly schemaEnforcement?: "off" | "warn" | "reject" | null | undefined
  /** Whether types that are not registered match: "accept". */
  readonly unregisteredTypes?: "accept" | "refuse" | null | undefined
  /** The kinds of sinks that may be used. */
  readonly sinkKinds?: ReadonlyArray<string> | null | undefined
  /** Where webhooks go that state no URL, and what they sign with: one unit. */
  readonly webhookUrl?: string | null | undefined
  readonly webhookSecret?: string | null | undefined
}

/** A filter of the CloudEvents Subscriptions API: exactly one of the members. */
export interface FilterOption {
  readonly exact?: Readonly<Record<string, string>> | undefined
  readonly prefix?: Readonly<Record<string, string>> | undefined
  readonly suffix?: Readonly<Record<string, string>> | undefined
  readonly all?: ReadonlyArray<FilterOption> | undefined
  readonly any?: ReadonlyArray<FilterOption> | undefined
  readonly not?: FilterOption | undefined
  /** A CloudEvents SQL expression over the attributes. */
  readonly sql?: string | undefined
  /** A CEL expression over `event`, with its attributes and `data`. */
  readonly cel?: string | undefined
}

export interface SubscriptionOptions {
  /** Type patterns such as "order.*"; every event without. */
  readonly types?: ReadonlyArray<string> | undefined
  /** Content filters, all of which must hold; see docs/filters.md. */
  readonly filters?: ReadonlyArray<FilterOption> | undefined
  /** CEL expressions for what is delivered in place of each event; what is not stated stays. */
  readonly transform?:
    | {
        readonly data?: string | undefined
        readonly type?: string | undefined
        readonly subject?: string | undefined
      }
    | undefined
  /**
   * `none` (the default): events overtake each other. `key`: events of one `partitionkey`, else
   * `subject`, one after the other. `strict`: one at a time.
   */
  readonly ordering?: "none" | "key" | "strict" | undefined
  /** Deliveries in flight at once: 16. */
  readonly concurrency?: number | undefined
  /** Which attempts are kept for `explain`: those that failed with what followed (default), or all. */
  readonly audit?: "failures" | "all" | undefined
  /** Where a new subscription starts; one that exists keeps its place. Default "now". */
  readonly startAt?:
    | "now"
    | "earliest"
    | { readonly sequence: number }
    | { readonly time: Date }
    | undefined
  readonly retry?: RetryOptions | undefined
  /** What fits into one request of a webhook in batch mode, and how long it may wait to be filled. */
  readonly batch?:
    | {
        /** 100. */
        readonly maxEvents?: number | undefined
        /** 1 MiB. */
        readonly maxBytes?: string | undefined
        /** Not at all. */
        readonly maxWait?: string | undefined
      }
    | undefined
  /** Deliveries that may start, retries included, such as "100/s" or "600/m burst 10". */
  readonly rateLimit?: string | undefined
}

export interface WebhookTarget {
  /** http or https. Absent only where the namespace has a default. */
  readonly url?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** `whsec_…`, or two with a space between them while they are rotated; drawn when absent. */
  readonly secret?: string | undefined
  readonly mode?: "structured" | "binary" | "batch" | undefined
  /** Whether the endpoint is asked for its consent first, as CloudEvents defines, and its rate kept to. */
  readonly handshake?: boolean | undefined
  /** The requests per minute that are asked for. */
  readonly requestRate?: number | undefined
  /** What signs: "v1" (the default), the secret; "v1a", the key pair of the namespace; or both. */
  readonly signature?: "v1" | "v1a" | "both" | undefined
  /** How long an attempt may take: 15 s. */
  readonly timeout?: string | undefined
  /** How long it may take to get a connection: 10 s. */
  readonly connectTimeout?: string | undefined
  /** Requests in flight at once: 64. */
  readonly concurrency?: number | undefined
}

/**
 * Takes one event. Returning means delivered. Throwing means "try again", except `RejectEvent`
 * (never again) and `RetryLater` (not before a time).
 */
export type EventHandler = (event: MeshEvent, delivery: DeliveryInfo) => void | Promise<void>

/** Stops the function from being called. Its subscription stays, keeps its place and waits for another. */
export type Detach = () => Promise<void>

/** What events of a type carry. */
export interface EventTypeSpec {
  /** A JSON Schema, 2020-12 unless its `$schema` says draft-07. */
  readonly schema?: unknown
  readonly description?: string | undefined
  /** Data that matches the schema. */
  readonly example?: unknown
}

export interface EventTypeInfo extends EventTypeSpec {
  readonly type: string
  /** The host type that it is registered for; absent when it is the namespace. */
  readonly inheritedFrom?: string
}

export interface SubscriptionInfo {
  readonly name: string
  readonly sink: string
  readonly state:
    | "live"
    | "behind"
    | "parked"
    | "paused"
    | "disabled"
    | "starting"
    | "asleep"
    | "suspended"
  /** Why it is disabled. */
  readonly reason?: string
  /** Everything up to here is delivered, set aside, dead or of no interest. */
  readonly position: number
  /** Events behind the head of the namespace, matching or not. */
  readonly lag: number
  /** Events that retention took before it had them, since the process started; if any. */
  readonly dropped?: number
}

/** A delivery that was given up on. */
export interface DeadLetterInfo {
  /** Ids ascend in the order of death. */
  readonly id: string
  readonly subscription: string
  readonly sequence: number
  readonly reason:
    | "AttemptsExhausted"
    | "Rejected"
    | "ParkedTooLong"
    | "FilterFailed"
    | "TransformFailed"
  /** The reason in a sentence. */
  readonly detail: string
  readonly attempts: number
  readonly firstAttemptAt: Date
  readonly deadAt: Date
  /** The id of the replay that it was a delivery of. */
  readonly replay?: string
  /** The whole event as it was published, however old. */
  readonly event: MeshEvent
}

/** One try at a delivery that was kept. */
export interface AttemptInfo {
  readonly attempt: number
  readonly startedAt: Date
  readonly durationMillis: number
  readonly outcome: "Delivered" | "Retry" | "Reject" | "Misconfigured" | "Gone"
  /** Such as the HTTP status. */
  readonly status?: number
  readonly reason?: string
  /** The id of the replay that it was of. */
  readonly replay?: string
}

/** How it stands with an event and a subscription. */
export interface DeliveryExplanation {
  readonly subscription: string
  readonly sink: string
  readonly status:
    | "not-interested"
    | "filtered"
    | "skipped"
    | "waiting"
    | "delivered"
    | "dead-lettered"
    | "discarded"
    | "forgotten"
  /** What it waits for. */
  readonly because?: string
  /** The whole of it in a sentence. */
  readonly text: string
  /** Failed attempts with what followed; all of them where the subscription has `audit: "all"`. */
  readonly attempts: ReadonlyArray<AttemptInfo>
}

export interface DeadLetterQuery {
  readonly subscription?: string | undefined
  readonly reason?: DeadLetterInfo["reason"] | undefined
  /** Given up on at or after this time. */
  readonly since?: Date | undefined
  /** Given up on before this time. */
  readonly before?: Date | undefined
  /** The id of the last one seen. */
  readonly after?: string | undefined
  /** 1 to 10,000. */
  readonly limit?: number | undefined
}

export interface DeadLetterPage {
  readonly deadLetters: ReadonlyArray<DeadLetterInfo>
  /** What to give as `after` to read on; undefined at the end. */
  readonly next: string | undefined
}

export interface KeyOptions {
  /** For people, such as "checkout". */
  readonly name?: string | undefined
  /** `manage` includes the other two. */
  readonly scopes: ReadonlyArray<"publish" | "read" | "manage">
  readonly expiresAt?: Date | undefined
}

export interface KeyInfo {
  readonly id: string
  readonly name?: string
  readonly scopes: ReadonlyArray<"publish" | "read" | "manage">
  readonly createdAt: Date
  readonly expiresAt?: Date
  /** It may lag some seconds. */
  readonly lastUsedAt?: Date
}

/** Keys with which the HTTP API of a server on this mesh is used in one namespace. */
export interface NamespaceKeys {
  /** `key` is what to send as the bearer token: it is in this answer only. */
  create(options: KeyOptions): Promise<KeyInfo & { readonly key: string }>
  /** The keys after an id, ascending, 100 at a time. */
  list(after?: string): Promise<ReadonlyArray<KeyInfo>>
  /** From now on it is refused. */
  revoke(id: string): Promise<void>
}

export interface AuditQuery {
  /** The id of the last one seen. */
  readonly after?: string | undefined
  /** 1 to 1000, 100 by default. */
  readonly limit?: number | undefined
}

/** A change of what is configured: who made it, and when. Never a value that was set. */
export interface AuditRecord {
  readonly id: string
  readonly at: Date
  readonly by: {
    readonly kind: "operator" | "key" | "process"
    readonly id?: string
    readonly name?: string
  }
  /** Such as "sink.put". */
  readonly action: string
  readonly resource: { readonly kind: string; readonly name: string }
  /** The names of the fields that were stated. */
  readonly fields?: ReadonlyArray<string>
  /** What a removal took: `rows`, and deliveries `completed` and `abandoned`. */
  readonly counts?: Readonly<Record<string, number>>
  readonly requestId?: string
}

export interface ReplayOptions {
  /** The first event: the oldest there is, a sequence, or the first accepted at or after a time. */
  readonly from: "earliest" | { readonly sequence: number } | { readonly time: Date }
  /** The last event: a sequence, or the last accepted before a time. Default: the last there is now. */
  readonly to?: { readonly sequence: number } | { readonly time: Date } | undefined
  readonly pace?:
    | {
        /** Attempts that may start, such as "100/s" or "10/s burst 1". */
        readonly rate?: string | undefined
        /** Deliveries in flight at once. */
        readonly concurrency?: number | undefined
      }
    | undefined
}

export interface ReplayInfo {
  /** Also the value of the extension attribute `replay` of what it delivers. */
  readonly id: string
  readonly state: "running" | "paused" | "parked" | "suspended" | "completed" | "cancelled"
  readonly from: number
  readonly to: number
  /** Everything up to here is over or set aside. */
  readonly position: number
  /** From 0 to 1. */
  readonly progress: number
  readonly delivered: number
  /** Attempts that ended otherwise. */
  readonly failed: number
  /** Deliveries given up on. */
  readonly dead: number
  /** Events that were no longer retained. */
  readonly skipped: number
}

/** The account of a removal: what each step did, and what became of deliveries in flight. */
export interface RemovalAccount {
  readonly namespace: string
  /** Every step is done: the name is free. */
  readonly complete: boolean
  readonly steps: ReadonlyArray<{
    readonly step: string
    readonly outcome: "done" | "failing"
    readonly rows: number
    readonly durationMs: number
    readonly retried: number
    readonly reason?: string
  }>
  readonly inFlight: { readonly completed: number; readonly abandoned: number }
}

export interface ActorNode {
  readonly path: string
  readonly kind: string
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly restarts: number
  readonly queueDepth: number
  /** Messages taken since its last start. */
  readonly handled: number
  readonly children: ReadonlyArray<ActorNode>
}

export interface MeshHealth {
  readonly ready: boolean
  readonly problems: ReadonlyArray<{
    /** `store`, `progress`, `removal` or `actor`. */
    readonly what: string
    readonly where: string
    readonly problem: string
    /** Since when, in milliseconds since the epoch, where that is known. */
    readonly since?: number
    readonly namespace?: string
  }>
  readonly parkedSinks: ReadonlyArray<{
    readonly namespace: string
    readonly sink: string
    readonly since: number
    readonly cause: string
  }>
}

export interface PublicKeyInfo {
  /** The thumbprint of the key (RFC 7638). */
  readonly kid: string
  /** `whpk_…`, as Standard Webhooks writes it. */
  readonly publicKey: string
  readonly createdAt: Date
  /** It was rotated out, and signs until then. */
  readonly until?: Date
}

export interface PublishOptions {
  /**
   * `journalled` (the default): acknowledged once committed, delivered at least once. `ephemeral`:
   * not stored, delivered at most once to those who keep up.
   */
  readonly durability?: "journalled" | "ephemeral" | undefined
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

export interface PromiseMesh {
  /** The namespace of that name, registered if it is new. Settings that are given replace those it has. */
  namespace(name: string, settings?: NamespaceSettings): Promise<MeshNamespace>
  /** The names after one, ascending, 100 at a time. */
  namespaces(after?: string): Promise<ReadonlyArray<string>>
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
