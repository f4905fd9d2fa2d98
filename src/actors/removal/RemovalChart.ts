// What a removal decides: which step is next. A step that fails is tried again with backoff; none is
// skipped. Begun again after a crash, it goes on at the first step that is not recorded as done.

import { assign, setup } from "xstate"
import {
  type InFlightReport,
  nextStep,
  recordStep,
  type RemovalReport,
  type RemovalStep,
  type RemovalStepReport,
} from "../../domain/index.js"

export type RemovalMessage =
  | {
      readonly type: "StepDone"
      readonly entry: RemovalStepReport
      readonly inFlight: InFlightReport | undefined
    }
  | { readonly type: "StepFailed"; readonly entry: RemovalStepReport }
  | { readonly type: "RetryDue" }

export type RemovalCommand =
  | { readonly _tag: "RunStep"; readonly step: RemovalStep; readonly report: RemovalReport }
  | { readonly _tag: "RetryLater"; readonly failures: number; readonly report: RemovalReport }
  | { readonly _tag: "Finish"; readonly report: RemovalReport }

export interface RemovalContext {
  readonly report: RemovalReport
  /** Failures of the present step in a row. */
  readonly failures: number
}

const charts = setup({
  types: {
    input: {} as { readonly report: RemovalReport },
    context: {} as RemovalContext,
    events: {} as RemovalMessage,
  },
  guards: { isComplete: ({ context }) => nextStep(context.report) === undefined },
  actions: { perform: (_, _command: RemovalCommand) => undefined },
})

const runStep = {
  type: "perform",
  params: ({ context }: { readonly context: RemovalContext }): RemovalCommand => {
    const step = nextStep(context.report)
    return step === undefined
      ? { _tag: "Finish", report: context.report }
      : { _tag: "RunStep", step, report: context.report }
  },
} as const

export const removalMachine = charts.createMachine({
  id: "removal",
  context: ({ input }) => ({ report: input.report, failures: 0 }),
  initial: "working",
  states: {
    working: {
      entry: runStep,
      on: {
        StepDone: {
          target: "working",
          reenter: true,
          actions: assign(({ context, event }) => ({
            report: {
              ...recordStep(context.report, event.entry),
              ...(event.inFlight === undefined ? {} : { inFlight: event.inFlight }),
            },
            failures: 0,
          })),
        },
        StepFailed: {
          target: "waiting",
          actions: assign(({ context, event }) => ({
            report: recordStep(context.report, event.entry),
            failures: context.failures + 1,
          })),
        },
      },
      always: { guard: "isComplete", target: "done" },
    },
    waiting: {
      entry: {
        type: "perform",
        params: ({ context }): RemovalCommand => ({
          _tag: "RetryLater",
          failures: context.failures,
          report: context.report,
        }),
      },
      on: { RetryDue: "working" },
    },
    done: { type: "final" },
  },
})
