// Port: who changed what, a log for each namespace and one of the operator's, which is about the mesh
// as a whole and outlives every namespace. Without a namespace, it is the operator's that is meant.

import { Context, type Effect } from "effect"
import type { AuditEntry, NamespaceName } from "../../domain/index.js"
import type { StoreUnavailable } from "./StoreErrors.js"

type Log = NamespaceName | undefined

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export interface AuditTrim {
  /** Entries beyond this many may go, the oldest first. */
  readonly keep: number
  /** Entries from before this time (ms since the epoch) may go. */
  readonly before: number
  /** Entries to delete at most. */
  readonly limit: number
}

export class AuditLog extends Context.Tag("eventloom/AuditLog")<
  AuditLog,
  {
    /**
     * Adds an entry, in place of one of its id. Answers false and stores nothing when the namespace is unknown or being removed,
     * so that no entry outlives it.
     */
    readonly record: (log: Log, entry: AuditEntry) => Answer<boolean>
    /** Takes an entry back: its change was refused. */
    readonly retract: (log: Log, id: string) => Answer<void>
    /** The entries after an id, ascending. */
    readonly list: (
      log: Log,
      page: { readonly after?: string; readonly limit: number },
    ) => Answer<ReadonlyArray<AuditEntry>>
    /** Deletes the oldest entries that may go; answers how many. */
    readonly trim: (log: Log, trim: AuditTrim) => Answer<number>
  }
>() {}
