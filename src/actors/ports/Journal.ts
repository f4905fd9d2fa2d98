// Port: the durable, ordered log of events.
//
// Laws (see test/laws): an append is all or nothing and durable before it returns; sequences of a
// namespace are dense and never reused while it lives; a reader sees every sequence up to the head
// in order; (namespace, source, id) is appended once for as long as the journal retains it.

import { Context, type Effect, type Option } from "effect"
import type { CloudEvent, JournaledEvent, NamespaceName, Sequence } from "../../domain/index.js"
import type { StoreUnavailable } from "./StoreErrors.js"

export interface JournalEntry {
  readonly namespace: NamespaceName
  readonly event: CloudEvent
  /** `event` in the CloudEvents JSON format: what is stored. */
  readonly json: string
}

export interface Appended {
  readonly sequence: Sequence
  /** The event was there before; `sequence` is its first place and nothing was stored. */
  readonly duplicate: boolean
}

export interface JournalBounds {
  /** The last sequence; 0 for a namespace that never had an event. Trimming never lowers it. */
  readonly head: Sequence
  /** The first sequence still retained; `head + 1` when there is none. */
  readonly oldest: Sequence
  /** What is retained, in bytes of JSON (UTF-8). */
  readonly bytes: number
}

export interface JournalRead {
  readonly namespace: NamespaceName
  /** Events after this sequence, ascending. */
  readonly after: Sequence
  readonly limit: number
  /** As many events are read as fit in this many bytes of JSON (UTF-8), but at least one. */
  readonly maxBytes: number
}

export interface Retention {
  /** Events may go up to the first one accepted at or after this time (ms since the epoch). */
  readonly acceptedBefore?: number
  /** Oldest events may go until the rest is at most this many bytes of JSON (UTF-8). */
  readonly maxBytes?: number
}

export class Journal extends Context.Tag("eventloom/Journal")<
  Journal,
  {
    /**
     * Appends entries of any namespaces in one atomic write, in order; the results are in the order
     * of the entries. One call at a time: the group commit is its only caller, and empties the list
     * once the effect has ended.
     * `acceptedAt` is in milliseconds since the epoch.
     */
    readonly append: (
      entries: ReadonlyArray<JournalEntry>,
      acceptedAt: number,
    ) => Effect.Effect<ReadonlyArray<Appended>, StoreUnavailable>
    readonly read: (
      read: JournalRead,
    ) => Effect.Effect<ReadonlyArray<JournaledEvent>, StoreUnavailable>
    readonly get: (
      namespace: NamespaceName,
      sequence: Sequence,
    ) => Effect.Effect<Option.Option<JournaledEvent>, StoreUnavailable>
    readonly bounds: (namespace: NamespaceName) => Effect.Effect<JournalBounds, StoreUnavailable>
    /**
     * The last retained sequence accepted before a time (ms since the epoch), `oldest - 1` when there
     * is none: where a subscription from that time starts.
     */
    readonly positionAt: (
      namespace: NamespaceName,
      time: number,
    ) => Effect.Effect<Sequence, StoreUnavailable>
    /**
     * The last sequence that retention lets go by its age or by its bytes, 0 when none. Never the
     * head, which keeps the count.
     */
    readonly expired: (
      namespace: NamespaceName,
      retention: Retention,
    ) => Effect.Effect<Sequence, StoreUnavailable>
    /** Deletes at most `limit` of the oldest events up to and including `upTo`, never the head; answers how many. */
    readonly trim: (
      namespace: NamespaceName,
      upTo: Sequence,
      limit: number,
    ) => Effect.Effect<number, StoreUnavailable>
  }
>() {}
