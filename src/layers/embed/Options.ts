// What users of the Promise API give, in plain types.
//
// Durations are texts such as "500ms", "30s" or "1h30m", and sizes such as "64kB" or "1GiB".

import type { DeliveryInfo, MeshEvent } from "./PlainEvent.js"

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

/** What events of a type carry. */
export interface EventTypeSpec {
  /** A JSON Schema, 2020-12 unless its `$schema` says draft-07. */
  readonly schema?: unknown
  readonly description?: string | undefined
  /** Data that matches the schema. */
  readonly example?: unknown
}

export interface KeyOptions {
  /** For people, such as "checkout". */
  readonly name?: string | undefined
  /** `manage` includes the other two. */
  readonly scopes: ReadonlyArray<"publish" | "read" | "manage">
  readonly expiresAt?: Date | undefined
}

export interface AuditQuery {
  /** The id of the last one seen. */
  readonly after?: string | undefined
  /** 1 to 1000, 100 by default. */
  readonly limit?: number | undefined
}

/** Which changes of a database become events, and of which namespaces: `namespace` or `namespaceColumn`. */
export interface PostgresSourceOptions {
  /** `postgres://…`, sealed and never shown again. The one that is stored stays where none is given. */
  readonly databaseUrl?: string | undefined
  /** The replication slot, which is created if it is missing. It cannot change. */
  readonly slot: string
  readonly publication: string | ReadonlyArray<string>
  /** A publication that is missing is created for these. */
  readonly publicationTables?: "all" | ReadonlyArray<string> | undefined
  /** Tables such as "public.orders" whose rows are told before their changes. */
  readonly snapshot?: "all" | ReadonlyArray<string> | undefined
  /** Of all rows; `{{schema}}`, `{{table}}` and `{{row.<column>}}` stand for what they name. */
  readonly namespace?: string | undefined
  /** The column that names the namespace of its row. */
  readonly namespaceColumn?: string | undefined
  /** What becomes of rows that name no namespace, or none that takes events: "skip". */
  readonly unknownNamespaces?: "skip" | { readonly park: string } | undefined
  /** The first segments of the types of events: "postgres". */
  readonly typePrefix?: string | undefined
  /** Tables whose rows describe events; see docs/outbox.md. */
  readonly eventTables?: ReadonlyArray<string> | undefined
  /** Messages of `pg_logical_emit_message` with this prefix describe events. */
  readonly messagePrefix?: string | undefined
  /** Numerics, and integers beyond 2^53: "exact" (the default), as text, or the "nearest" number. */
  readonly numbers?: "exact" | "nearest" | undefined
  /** Whether large transactions are sent while they are under way: true. */
  readonly streaming?: boolean | undefined
  /** What of such transactions is kept in memory: 64 MiB. */
  readonly bufferBytes?: string | undefined
  /** An alarm is raised when the server has to keep more of its log than this. */
  readonly lagBudget?: string | undefined
  /** An idle database is written a message this often. */
  readonly heartbeat?: string | undefined
  /** The slot is kept on standbys too, from Postgres 17 on: false. */
  readonly failover?: boolean | undefined
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

export interface PublishOptions {
  /**
   * `journalled` (the default): acknowledged once committed, delivered at least once. `ephemeral`:
   * not stored, delivered at most once to those who keep up.
   */
  readonly durability?: "journalled" | "ephemeral" | undefined
}
