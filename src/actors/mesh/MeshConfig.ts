// How a mesh is tuned. Every bound on memory and time in one place; the defaults suit a server.

import { Context, Duration, Layer } from "effect"
import {
  type BreakerPolicy,
  defaultBreakerPolicy,
  defaultEventLimits,
  type EventLimits,
  type LimitDefaults,
} from "../../domain/index.js"

export interface MeshConfigShape {
  readonly eventLimits: EventLimits
  /** Events that wait to be journalled, over all namespaces; beyond it publishes are refused as overload. */
  readonly publishQueueEvents: number
  /** Likewise in characters of JSON. */
  readonly publishQueueBytes: number
  /** Events in one write to the journal. */
  readonly commitEvents: number
  /** Characters of JSON in one write to the journal, though never less than one publish. */
  readonly commitBytes: number
  /** How long progress may wait to be written together with other progress. */
  readonly progressInterval: Duration.Duration
  /** Per subscription: events admitted and not settled. */
  readonly windowEvents: number
  /** Per subscription: characters of JSON admitted and not settled. */
  readonly windowBytes: number
  /** Per subscription: deliveries set aside for a retry or behind one. */
  readonly maxDeferred: number
  /** Per subscription: settled deliveries that a crash could repeat. */
  readonly maxUnwritten: number
  readonly breaker: BreakerPolicy
  /** A namespace with nothing to do for this long is put to sleep. */
  readonly idleAfter: Duration.Duration
  /** How long in-flight deliveries may take to end when a namespace or the mesh stops. */
  readonly drainDeadline: Duration.Duration
  /** How often retention is applied. */
  readonly retentionInterval: Duration.Duration
  /** How often secrets and keys whose overlap has ended are erased from the store. */
  readonly erasureInterval: Duration.Duration
  /** Rows a purge or a trim deletes in one write at most; fewer where they take long. */
  readonly purgeRows: number
  /** Events a live stream may be behind before it loses some. */
  readonly streamBuffer: number
  /** Likewise in characters of JSON, for readers that follow the journal and lose nothing. */
  readonly streamBytes: number
  /** Readers that may follow at once, over all namespaces. */
  readonly maxFollowers: number
  readonly maxFollowersPerNamespace: number
  /** How long nothing moves, though there is work, before an actor counts as stuck. */
  readonly stuckAfter: Duration.Duration
  /** How often to look for who is stuck. */
  readonly stuckInterval: Duration.Duration
  /** How long a write may take before the store counts as too slow to be ready. */
  readonly storeLag: Duration.Duration
  /** How long further alerts of a cause are collected before they are told of. */
  readonly alertInterval: Duration.Duration
  /** Sinks and subscriptions a namespace may have, each, where its settings say nothing. */
  readonly maxPerNamespace: number
  readonly maxKeysPerNamespace: number
  /** Entries that an audit log keeps. */
  readonly auditEntries: number
  /** How long it keeps them. */
  readonly auditAge: Duration.Duration
}

export const defaultMeshConfig: MeshConfigShape = {
  eventLimits: defaultEventLimits,
  publishQueueEvents: 65_536,
  publishQueueBytes: 64 * 1024 * 1024,
  commitEvents: 512,
  commitBytes: 4 * 1024 * 1024,
  progressInterval: Duration.millis(20),
  windowEvents: 1024,
  windowBytes: 8 * 1024 * 1024,
  maxDeferred: 10_000,
  maxUnwritten: 8192,
  breaker: defaultBreakerPolicy,
  idleAfter: Duration.minutes(1),
  drainDeadline: Duration.seconds(10),
  retentionInterval: Duration.minutes(1),
  erasureInterval: Duration.minutes(10),
  purgeRows: 2000,
  streamBuffer: 1024,
  streamBytes: 256 * 1024,
  maxFollowers: 1000,
  maxFollowersPerNamespace: 100,
  stuckAfter: Duration.minutes(1),
  stuckInterval: Duration.seconds(5),
  storeLag: Duration.seconds(5),
  alertInterval: Duration.minutes(5),
  maxPerNamespace: 10_000,
  maxKeysPerNamespace: 1000,
  auditEntries: 10_000,
  auditAge: Duration.days(400),
}

/** What limits apply to a namespace whose settings state none. */
export const limitDefaults = ({
  eventLimits: { maxEventBytes },
  maxPerNamespace,
}: MeshConfigShape): LimitDefaults => ({ maxEventBytes, maxPerNamespace })

export class MeshConfig extends Context.Tag("eventloom/MeshConfig")<MeshConfig, MeshConfigShape>() {
  /** The defaults, with what is given instead. */
  static readonly layer = (config: Partial<MeshConfigShape> = {}): Layer.Layer<MeshConfig> =>
    Layer.succeed(MeshConfig, { ...defaultMeshConfig, ...config })
}
