// Port: removals under way, kept so that a crash in any step resumes them.

import { Context, type Effect, type Option } from "effect"
import type { NamespaceName, RemovalReport } from "../../domain/index.js"
import type { StoreUnavailable } from "./StoreErrors.js"

/** Rows a removal purges, each kind in its own step. Deliveries: positions, deferrals, replays, dead letters, attempts. */
export type PurgeKind =
  | "deliveries"
  | "events"
  | "subscriptions"
  | "sinks"
  | "event-types"
  | "keys"
  | "audit"

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export class Removals extends Context.Tag("eventloom/Removals")<
  Removals,
  {
    /** In one write: marks the namespace `removing` and stores the report, unless one is stored; answers the stored one. None without such a namespace. */
    readonly begin: (report: RemovalReport) => Answer<Option.Option<RemovalReport>>
    /** Replaces the stored report of this removal; false when it has ended, and nothing is stored. */
    readonly record: (report: RemovalReport) => Answer<boolean>
    readonly get: (namespace: NamespaceName) => Answer<Option.Option<RemovalReport>>
    /** Every removal not ended. */
    readonly pending: Answer<ReadonlyArray<RemovalReport>>
    /**
     * Deletes at most `limit` rows of a kind; answers how many. 0 means none are left. Of deliveries,
     * positions and replays go before dead letters and attempts, so that no late change adds any.
     */
    readonly purge: (namespace: NamespaceName, kind: PurgeKind, limit: number) => Answer<number>
    /**
     * In one write: deletes the namespace row and the stored report. The name is free. Of a removal that
     * has ended, nothing is deleted: the name may be another's by now.
     */
    readonly release: (removal: Pick<RemovalReport, "id" | "namespace">) => Answer<void>
  }
>() {}
