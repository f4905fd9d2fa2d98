// The metrics in the text format of Prometheus (version 0.0.4). No label names a tenant, so their
// number does not grow with the tenants'.

import type { MeshMetrics } from "../../actors/index.js"
import type { ProcessMetrics } from "./ProcessMetrics.js"

interface Sample {
  readonly labels?: string
  readonly value: number
}

const metric = (
  type: "counter" | "gauge",
  name: string,
  help: string,
  ...samples: ReadonlyArray<Sample>
): string =>
  [
    `# HELP eventloom_${name} ${help}`,
    `# TYPE eventloom_${name} ${type}`,
    ...samples.map(({ labels = "", value }) => `eventloom_${name}${labels} ${value}`),
    "",
  ].join("\n")

const counter = (name: string, help: string, value: number) =>
  metric("counter", name, help, { value })
const gauge = (name: string, help: string, value: number) => metric("gauge", name, help, { value })

const sourceStates = ["connecting", "streaming", "waiting", "blocked"] as const

const snapshotStates = ["waiting", "reading", "done", "failed"] as const

/** Sources are the operator's, so a label may name them. */
const sourceMetrics = (sources: MeshMetrics["sources"]): ReadonlyArray<string> => {
  if (sources.length === 0) return []
  const each = (of: (source: MeshMetrics["sources"][number]) => number | undefined) =>
    sources.flatMap((source) => {
      const value = of(source)
      return value === undefined ? [] : [{ labels: `{source="${source.name}"}`, value }]
    })
  const states = sources.flatMap(({ name, state }) =>
    sourceStates.map((one) => ({
      labels: `{source="${name}",state="${one}"}`,
      value: one === state ? 1 : 0,
    })),
  )
  return [
    metric("gauge", "source_state", "1 for the state that a source is in.", ...states),
    metric(
      "gauge",
      "source_lag_bytes",
      "Log that the server keeps for the slot of a source.",
      ...each(({ lagBytes }) => lagBytes),
    ),
    metric(
      "counter",
      "source_events_total",
      "Events of a source journalled.",
      ...each(({ counts }) => counts.events),
    ),
    metric(
      "counter",
      "source_snapshot_rows_total",
      "Rows of a source's tables read and told whole.",
      ...each(({ counts }) => counts.snapshotRows),
    ),
    metric(
      "gauge",
      "source_snapshots",
      "Tables of a source by how far they are told whole.",
      ...sources.flatMap(({ name, snapshots }) =>
        snapshotStates.map((one) => ({
          labels: `{source="${name}",state="${one}"}`,
          value: snapshots.filter(({ state }) => state === one).length,
        })),
      ),
    ),
    metric(
      "counter",
      "source_skipped_total",
      "Events of a source that no namespace takes.",
      ...each(({ counts }) => counts.skipped),
    ),
    metric(
      "counter",
      "source_unreadable_total",
      "Rows and messages of a source that describe no event.",
      ...each(({ counts }) => counts.unreadable),
    ),
  ]
}

export const metricsText = (mesh: MeshMetrics, process: ProcessMetrics): string => {
  const { delivered, failed, dead, dropped } = mesh.deliveries
  const refusals = Object.entries(mesh.publishRefusals)
  const { eventLoopLag } = process
  return [
    counter("events_published_total", "Events journalled.", mesh.publishedEvents),
    counter(
      "events_duplicate_total",
      "Events that were published again and not delivered.",
      mesh.duplicateEvents,
    ),
    counter("deliveries_delivered_total", "Deliveries that succeeded.", delivered),
    counter(
      "delivery_attempts_failed_total",
      "Attempts at a delivery that did not succeed.",
      failed,
    ),
    counter("deliveries_dead_total", "Deliveries given up on.", dead),
    counter(
      "events_dropped_total",
      "Events lost: ephemeral ones without room, and those that retention took.",
      dropped,
    ),
    metric(
      "counter",
      "publish_refused_total",
      "Publishes refused by a quota of their namespace.",
      ...refusals.map(([quota, value]) => ({ labels: `{quota="${quota}"}`, value })),
    ),
    gauge("namespaces_awake", "Namespaces with something to do.", mesh.awakeNamespaces),
    gauge("publish_queue_events", "Events that wait to be journalled.", mesh.publishQueueEvents),
    gauge("subscriptions_active", "Subscriptions at work.", mesh.activeSubscriptions),
    gauge(
      "subscriptions_behind",
      "Subscriptions that read the journal to catch up.",
      mesh.behindSubscriptions,
    ),
    gauge("deliveries_in_flight", "Deliveries under way.", mesh.inFlightDeliveries),
    gauge("deliveries_deferred", "Deliveries that wait for a retry.", mesh.deferredDeliveries),
    gauge("sinks_parked", "Sinks that take nothing for the moment.", mesh.parkedSinks),
    gauge("actors_stuck", "Actors that have work to do and do not move.", mesh.stuckActors),
    gauge(
      "commit_lag_seconds",
      "How long the present write to the journal has been under way.",
      mesh.commitLagMillis / 1000,
    ),
    gauge(
      "progress_write_failures",
      "Writes of progress that have failed in a row.",
      mesh.progressFailures,
    ),
    metric(
      "counter",
      "alerts_total",
      "Alerts raised, by type.",
      ...[...mesh.alerts].map(([type, value]) => ({ labels: `{type="${type}"}`, value })),
    ),
    gauge("event_streams_open", "Readers that follow a journal.", mesh.followers),
    ...sourceMetrics(mesh.sources),
    counter(
      "publishes_schema_rejected_total",
      "Publishes refused for an event that its catalogue does not allow.",
      mesh.schemaRejections,
    ),
    counter(
      "events_schema_warned_total",
      "Events accepted that their catalogue does not allow.",
      mesh.schemaWarnings,
    ),
    counter("process_cpu_seconds_total", "Processor time used.", process.cpuSeconds),
    gauge("process_resident_memory_bytes", "Memory held by the process.", process.residentBytes),
    gauge(
      "process_heap_used_bytes",
      "Memory of live and not yet collected objects.",
      process.heapUsedBytes,
    ),
    gauge(
      "process_start_time_seconds",
      "When the process started, since the epoch.",
      process.startedAtSeconds,
    ),
    metric(
      "gauge",
      "event_loop_lag_seconds",
      "How late the event loop ran, since the last scrape.",
      { labels: '{stat="mean"}', value: eventLoopLag.meanSeconds },
      { labels: '{stat="p99"}', value: eventLoopLag.p99Seconds },
      { labels: '{stat="max"}', value: eventLoopLag.maxSeconds },
    ),
  ].join("")
}
