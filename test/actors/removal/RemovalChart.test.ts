import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromMachine } from "../../../src/actors/kernel/index.js"
import { removalMachine, type RemovalMessage } from "../../../src/actors/removal/RemovalChart.js"
import {
  beginRemoval,
  RemovalId,
  NamespaceName,
  type RemovalStep,
  removalSteps,
  type RemovalStepReport,
} from "../../../src/domain/index.js"

const begun = beginRemoval(NamespaceName.make("a.example"), 1, RemovalId.make("r1"))
const entry = (step: RemovalStep, outcome: RemovalStepReport["outcome"]): RemovalStepReport => ({
  step,
  outcome,
  rows: 1,
  durationMs: 2,
  retried: outcome === "failing" ? 1 : 0,
})

describe("The chart of a removal", () => {
  it("does every step in order, each again until it succeeds, over crashes at any time", () => {
    const fates = fc.array(fc.constantFrom("done", "fails", "crash"), { maxLength: 60 })
    fc.assert(
      fc.property(fates, (fates) => {
        let report = begun
        let chart = fromMachine(removalMachine, { report })
        let [state, commands] = chart.initial
        const done: Array<RemovalStep> = []
        let failures = 0
        const answer = (message: RemovalMessage) => {
          ;[state, commands] = chart.step(state, message)
        }
        for (const fate of [...fates, ...removalSteps.map(() => "done" as const)]) {
          let [command] = commands
          if (command?._tag === "RetryLater") {
            expect(chart.label(state)).toBe("waiting")
            answer({ type: "RetryDue" })
            ;[command] = commands
          }
          if (command === undefined || command._tag !== "RunStep") break
          expect(command.step).toBe(removalSteps[done.length])
          report = command.report
          if (fate === "crash") {
            chart = fromMachine(removalMachine, { report })
            ;[state, commands] = chart.initial
          } else if (fate === "fails") {
            failures++
            answer({ type: "StepFailed", entry: entry(command.step, "failing") })
          } else {
            done.push(command.step)
            answer({ type: "StepDone", entry: entry(command.step, "done"), inFlight: undefined })
          }
        }
        expect(done).toEqual(removalSteps)
        expect(chart.label(state)).toBe("done")
        expect(chart.isFinal?.(state)).toBe(true)
        const [last] = commands
        if (last?._tag !== "Finish") throw new Error("it does not finish")
        expect(last.report.steps.map(({ step }) => step)).toEqual(removalSteps)
        const retried = last.report.steps.reduce((sum, { retried }) => sum + retried, 0)
        expect(retried).toBeLessThanOrEqual(failures)
      }),
    )
  })

  it("waits longer after each failure in a row, and starts afresh after a success", () => {
    const chart = fromMachine(removalMachine, { report: begun })
    let [state] = chart.initial
    const failures: Array<number> = []
    for (const fate of ["failing", "failing", "done", "failing"] as const) {
      const step =
        fate === "failing" && failures.length === 2 ? "withdraw-routes" : "refuse-publishes"
      const type = fate === "done" ? ("StepDone" as const) : ("StepFailed" as const)
      const [next, commands] = chart.step(state, {
        type,
        entry: entry(step, fate),
        inFlight: undefined,
      })
      state = next
      const [command] = commands
      if (command?._tag === "RetryLater") {
        failures.push(command.failures)
        ;[state] = chart.step(state, { type: "RetryDue" })
      }
    }
    expect(failures).toEqual([1, 2, 1])
  })
})
