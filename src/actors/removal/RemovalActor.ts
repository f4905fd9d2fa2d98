// The actor that removes one namespace: runs the steps of the plan, records each, keeps the account.

import { Cause, Effect, Exit } from "effect"
import type { RemovalReport, RemovalStep, RemovalStepReport } from "../../domain/index.js"
import { actorSpec, type CellContext, fromMachine } from "../kernel/index.js"
import { type RemovalCommand, removalMachine, type RemovalMessage } from "./RemovalChart.js"
import { nothing, type RemovalSite, runRemovalStep } from "./RemovalSteps.js"

export interface RemovalOptions {
  readonly site: RemovalSite
  /** The account so far. The actor keeps it up to date, over its own crashes too. */
  readonly account: { report: RemovalReport }
  /** The name is free. */
  readonly onEnd: (report: RemovalReport) => Effect.Effect<void>
}

export const removalActor = (options: RemovalOptions) =>
  actorSpec({
    kind: "removal",
    restart: "transient",
    // A removal never gives up: hours of failures must not leave a tenant half removed.
    intensity: { maxRestarts: Number.MAX_SAFE_INTEGER, withinMillis: 60_000 },
    chart: () => fromMachine(removalMachine, { report: options.account.report }),
    perform: (
      command: RemovalCommand,
      context: CellContext<RemovalMessage>,
    ): Effect.Effect<void> => {
      options.account.report = command.report
      switch (command._tag) {
        case "RunStep":
          return runStep(options, command.step, context)
        case "RetryLater":
          reportStuck(options, command)
          return context.timers.set(
            "retry",
            Math.min(60_000, 250 * 2 ** Math.min(command.failures, 10)),
            { type: "RetryDue" },
          )
        case "Finish":
          return options.onEnd(command.report)
      }
    },
  })

/** Failures of a step before somebody is told: with the waits between them, half a minute. */
export const failuresBeforeAlert = 7

const reportStuck = (
  { site }: RemovalOptions,
  { report, failures }: Extract<RemovalCommand, { readonly _tag: "RetryLater" }>,
): void => {
  if (failures < failuresBeforeAlert) return
  const failing = report.steps.find(({ outcome }) => outcome === "failing")
  site.world.alerts.raise({
    _tag: "RemovalStuck",
    namespace: report.namespace,
    step: failing?.step ?? "",
    failures,
    reason: failing?.reason ?? "",
  })
}

const runStep = (
  { site, account }: RemovalOptions,
  step: RemovalStep,
  context: CellContext<RemovalMessage>,
): Effect.Effect<void> => {
  const { world } = site
  const startedAt = world.now()
  const entry = (rest: Partial<RemovalStepReport>): RemovalStepReport => ({
    step,
    outcome: "done",
    rows: 0,
    durationMs: world.now() - startedAt,
    retried: 0,
    ...rest,
  })
  // What the steps before achieved is stored before the next one begins. A removal that has ended, as when
  // an answer got lost, does nothing more: its name may be another's by now.
  const recorded = Effect.flatMap(world.removals.record(account.report), (isUnderWay) =>
    isUnderWay
      ? runRemovalStep(site, account.report, step)
      : Effect.as(world.audit.completed(account.report), nothing),
  )
  return context.tasks.run("step", Effect.sandbox(recorded), (exit): RemovalMessage => {
    if (Exit.isSuccess(exit)) {
      const { rows, inFlight } = exit.value
      return { type: "StepDone", entry: entry({ rows }), inFlight }
    }
    const failure = Cause.squash(Cause.flatten(exit.cause))
    const reason = failure instanceof Error ? failure.message : String(failure)
    return { type: "StepFailed", entry: entry({ outcome: "failing", retried: 1, reason }) }
  })
}
