// What the Promise API answers, and how lists are asked for, in plain types.

import type { EventTypeSpec, PostgresSourceOptions } from "./Options.js"
import type { MeshEvent } from "./PlainEvent.js"

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

export interface KeyInfo {
  readonly id: string
  readonly name?: string
  readonly scopes: ReadonlyArray<"publish" | "read" | "manage">
  readonly createdAt: Date
  readonly expiresAt?: Date
  /** It may lag some seconds. */
  readonly lastUsedAt?: Date
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

/** Changes of a database, and how they go. */
export interface SourceInfo {
  readonly name: string
  readonly kind: "wal"
  /** As they are stated. */
  readonly options: Omit<PostgresSourceOptions, "databaseUrl">
  /** `host:port/database`. */
  readonly server: string
  /** `waiting`: after a problem that may pass. `blocked`: somebody has to do something. */
  readonly state: "connecting" | "streaming" | "waiting" | "blocked"
  readonly problem?: {
    /** Such as "slot-missing". */
    readonly code: string
    readonly reason: string
    /** What to do about it. */
    readonly remedy?: string
  }
  /** Everything before this place of the log is journalled: "16/B374D848". */
  readonly position?: string
  /** Bytes of log that the server keeps for the slot; a few seconds old. */
  readonly lagBytes?: number
  /** As the server has it, such as "reserved". */
  readonly walStatus?: string
  /** Its tables that are, or were, told whole; ascending. */
  readonly snapshots: ReadonlyArray<TableSnapshotInfo>
  /** Since it was started. */
  readonly counts: {
    /** Rows, truncations and messages that were read. */
    readonly changes: number
    readonly transactions: number
    /** Events that are journalled. */
    readonly events: number
    /** Of these, those that had been there before. */
    readonly duplicates: number
    /** Rows that were told whether they changed or not. */
    readonly snapshotRows: number
    /** Events that no namespace takes. */
    readonly skipped: number
    /** Events that went to the parking namespace instead. */
    readonly parked: number
    /** What should describe an event and does not, and events that are too large. */
    readonly unreadable: number
    /** Events that go without some columns, being too large with all. */
    readonly reduced: number
  }
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** A table whose rows are all told, and how far that is. */
export interface TableSnapshotInfo {
  readonly table: string
  readonly state: "waiting" | "reading" | "done" | "failed"
  /** Told so far. */
  readonly rows: number
  /** In all, by the server's statistics, once it has begun. */
  readonly estimatedRows?: number
  /** Why it failed. */
  readonly problem?: string
  readonly requestedAt: Date
  readonly endedAt?: Date
}

/** The account of a removal: what each step did, and what became of deliveries in flight. */
export interface RemovalAccount {
  /** Tells the removals of a name from each other. */
  readonly id: string
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
  /** Sources that do not work, or lag too much, until somebody does something. */
  readonly stuckSources: ReadonlyArray<{ readonly source: string; readonly problem: string }>
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
