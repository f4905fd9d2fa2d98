// How the mesh is, and what it has done.

import type { NamespaceName, SinkName, SourceName } from "../../../domain/index.js"
import type { PublishRefusals } from "../../namespace/PublishQuota.js"
import type { DeliveryCounts } from "../../subscription/FeedWorld.js"
import type { SourceView } from "../SourceView.js"

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
