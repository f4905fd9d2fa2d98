// What a store in memory holds. Made apart from the layers that open it, it outlives them: opening
// another store over the same state is what a restart is for a store on disk.

import { Effect, PubSub } from "effect"
import type { DeadLetter, Deferral, KeptEvent, StoredKey } from "../../../actors/index.js"
import type {
  AuditEntry,
  CataloguedType,
  EventTypeEntry,
  HostType,
  HostTypeName,
  KeyId,
  Namespace,
  NamespaceName,
  RemovalReport,
  Replay,
  Sequence,
  SigningKey,
  Sink,
  SinkName,
  Source,
  SourceName,
  Subscription,
  SubscriptionName,
  TableSnapshot,
} from "../../../domain/index.js"
import { AttemptTable } from "./AttemptTable.js"
import { EventLog } from "./EventLog.js"
import { SortedTable } from "./SortedTable.js"

/** How far a subscription is. */
export interface Progress {
  readonly startedAfter: Sequence
  position: Sequence
  acknowledged: string
  readonly deferrals: SortedTable<Sequence, Deferral>
  /** Events of deferrals that were dead letters. */
  readonly kept: Map<Sequence, KeptEvent>
}

/** A replay and how far it is. */
export interface HeldReplay {
  replay: Replay
  acknowledged: string
  readonly deferrals: SortedTable<Sequence, Deferral>
}

/** Everything that belongs to one namespace, besides its own record. */
export interface Holdings {
  readonly log: EventLog
  readonly sinks: SortedTable<SinkName, Sink>
  readonly subscriptions: SortedTable<SubscriptionName, Subscription>
  readonly progress: SortedTable<SubscriptionName, Progress>
  /** By subscription and id. */
  readonly replays: SortedTable<string, HeldReplay>
  readonly deadLetters: SortedTable<string, DeadLetter>
  readonly attempts: AttemptTable
  readonly eventTypes: SortedTable<CataloguedType, EventTypeEntry>
  readonly keys: SortedTable<KeyId, StoredKey>
  readonly signingKeys: SortedTable<string, SigningKey>
  readonly audit: SortedTable<string, AuditEntry>
}

export interface MemoryState {
  readonly hostTypes: SortedTable<HostTypeName, HostType>
  readonly hostTypeEventTypes: Map<HostTypeName, SortedTable<CataloguedType, EventTypeEntry>>
  readonly namespaces: SortedTable<NamespaceName, Namespace>
  /** Only of namespaces that have something. */
  readonly holdings: Map<NamespaceName, Holdings>
  readonly removals: SortedTable<NamespaceName, RemovalReport>
  readonly sources: SortedTable<SourceName, Source>
  /** Only of sources that are there. */
  readonly snapshots: Map<SourceName, SortedTable<string, TableSnapshot>>
  /** The operator's audit log. */
  readonly audit: SortedTable<string, AuditEntry>
  readonly invalidations: PubSub.PubSub<NamespaceName>
}

export const MemoryState = {
  /** A new, empty state. */
  make: Effect.map(
    PubSub.unbounded<NamespaceName>(),
    (invalidations): MemoryState => ({
      hostTypes: new SortedTable(),
      hostTypeEventTypes: new Map(),
      namespaces: new SortedTable(),
      holdings: new Map(),
      removals: new SortedTable(),
      sources: new SortedTable(),
      snapshots: new Map(),
      audit: new SortedTable(),
      invalidations,
    }),
  ),
}

/** What a namespace holds, to be added to. */
export const holdingsOf = (state: MemoryState, namespace: NamespaceName): Holdings => {
  const present = state.holdings.get(namespace)
  if (present !== undefined) return present
  const holdings: Holdings = {
    log: new EventLog(),
    sinks: new SortedTable(),
    subscriptions: new SortedTable(),
    progress: new SortedTable(),
    replays: new SortedTable(),
    deadLetters: new SortedTable(),
    attempts: new AttemptTable(),
    eventTypes: new SortedTable(),
    keys: new SortedTable(),
    signingKeys: new SortedTable(),
    audit: new SortedTable(),
  }
  state.holdings.set(namespace, holdings)
  return holdings
}

export const holdsNothing = (holdings: Holdings): boolean =>
  holdings.log.bounds.head === 0 &&
  holdings.sinks.size === 0 &&
  holdings.subscriptions.size === 0 &&
  holdings.progress.size === 0 &&
  holdings.replays.size === 0 &&
  holdings.attempts.isEmpty &&
  holdings.deadLetters.size === 0 &&
  holdings.eventTypes.size === 0 &&
  holdings.keys.size === 0 &&
  holdings.signingKeys.size === 0 &&
  holdings.audit.size === 0
