// The removal of a namespace as a plan: which steps, in which order, and what the account of it says.
//
// Every step may be repeated without harm, so a removal cut off by a crash starts again at the first
// step not recorded as done. No step runs before the one ahead of it has succeeded.

import { Schema } from "effect"
import { NamespaceName } from "../namespace/index.js"

/**
 * In order: publishes are refused, routes withdrawn, subscriptions stopped, sinks drained to the
 * deadline, rows purged kind by kind, caches invalidated everywhere, the name released.
 */
export const RemovalStep = Schema.Literal(
  "refuse-publishes",
  "withdraw-routes",
  "stop-subscriptions",
  "drain-sinks",
  "purge-deliveries",
  "purge-events",
  "purge-subscriptions",
  "purge-sinks",
  "purge-event-types",
  "purge-keys",
  "purge-audit",
  "invalidate-caches",
  "release-name",
)
export type RemovalStep = typeof RemovalStep.Type

export const removalSteps: ReadonlyArray<RemovalStep> = RemovalStep.literals

/** What became of one step. `retried` counts failures before it succeeded; `rows` is what it deleted. */
export const RemovalStepReport = Schema.Struct({
  step: RemovalStep,
  outcome: Schema.Literal("done", "failing"),
  rows: Schema.Number,
  durationMs: Schema.Number,
  retried: Schema.Number,
  /** The last failure, when there was one. */
  reason: Schema.optional(Schema.String),
})
export type RemovalStepReport = typeof RemovalStepReport.Type

/** Deliveries that were under way when the removal began. */
export const InFlightReport = Schema.Struct({
  completed: Schema.Number,
  abandoned: Schema.Number,
})
export type InFlightReport = typeof InFlightReport.Type

/** Tells the removals of a name from each other: a name that is free may be taken, and removed, again. */
export const RemovalId = Schema.NonEmptyString.pipe(Schema.brand("RemovalId"))
export type RemovalId = typeof RemovalId.Type

/** The account of a removal: complete when its last step is done. Contract: HTTP API, `DELETE /v1/namespaces/:ns`. */
export const RemovalReport = Schema.Struct({
  id: RemovalId,
  namespace: NamespaceName,
  startedAt: Schema.Number,
  steps: Schema.Array(RemovalStepReport),
  inFlight: InFlightReport,
})
export type RemovalReport = typeof RemovalReport.Type

export const beginRemoval = (
  namespace: NamespaceName,
  startedAt: number,
  id: RemovalId,
): RemovalReport => ({
  id,
  namespace,
  startedAt,
  steps: [],
  inFlight: { completed: 0, abandoned: 0 },
})

/** The first step not done, or undefined when the removal is complete. */
export const nextStep = (report: RemovalReport): RemovalStep | undefined =>
  removalSteps.find(
    (step) => !report.steps.some((done) => done.step === step && done.outcome === "done"),
  )

/** The report with what became of a step; rows and retries of earlier tries at it add up. */
export const recordStep = (report: RemovalReport, latest: RemovalStepReport): RemovalReport => {
  const earlier = report.steps.find((entry) => entry.step === latest.step)
  const merged: RemovalStepReport =
    earlier === undefined
      ? latest
      : {
          ...latest,
          rows: earlier.rows + latest.rows,
          durationMs: earlier.durationMs + latest.durationMs,
          retried: earlier.retried + latest.retried,
        }
  const others = report.steps.filter((entry) => entry.step !== latest.step)
  return { ...report, steps: [...others, merged] }
}
