// What a source's actor decides: when to connect, and how long to wait after a problem. One that may
// pass is tried again soon, then less often; one that somebody has to mend is tried every minute.

import { assign, setup } from "xstate"
import { mayPass, type SourceProblem } from "../../domain/index.js"

export type SourceMessage =
  /** The server sends. */
  | { readonly type: "Streaming" }
  | { readonly type: "Ended"; readonly problem: SourceProblem }
  | { readonly type: "RetryDue" }

export type SourceCommand =
  | { readonly _tag: "Run" }
  | { readonly _tag: "RetryAfter"; readonly millis: number }
  | { readonly _tag: "CancelRetry" }
  | { readonly _tag: "ReportProblem"; readonly problem: SourceProblem }
  | { readonly _tag: "ReportStreaming" }

export interface SourceContext {
  /** Problems in a row. */
  readonly failures: number
}

const firstRetryMillis = 250
const maxRetryMillis = 30_000
const mendedRetryMillis = 60_000

const charts = setup({
  types: { context: {} as SourceContext, events: {} as SourceMessage },
  guards: {
    mayPass: ({ event }) => event.type === "Ended" && mayPass(event.problem),
  },
  actions: { perform: (_, _command: SourceCommand) => undefined },
})

const run = { type: "perform", params: (): SourceCommand => ({ _tag: "Run" }) } as const
const cancelRetry = {
  type: "perform",
  params: (): SourceCommand => ({ _tag: "CancelRetry" }),
} as const
const reportStreaming = {
  type: "perform",
  params: (): SourceCommand => ({ _tag: "ReportStreaming" }),
} as const
const reportProblem = {
  type: "perform",
  params: ({
    event,
  }: {
    readonly event: Extract<SourceMessage, { readonly type: "Ended" }>
  }): SourceCommand => ({ _tag: "ReportProblem", problem: event.problem }),
} as const

export const sourceMachine = charts.createMachine({
  id: "source",
  context: { failures: 0 },
  initial: "connecting",
  on: {
    Ended: [
      {
        guard: "mayPass",
        target: ".waiting",
        actions: [assign({ failures: ({ context }) => context.failures + 1 }), reportProblem],
      },
      { target: ".blocked", actions: [assign({ failures: 0 }), reportProblem] },
    ],
  },
  states: {
    connecting: {
      entry: run,
      on: { Streaming: { target: "streaming", actions: reportStreaming } },
    },
    streaming: { entry: assign({ failures: 0 }) },
    waiting: {
      entry: {
        type: "perform",
        params: ({ context }): SourceCommand => ({
          _tag: "RetryAfter",
          millis: Math.min(maxRetryMillis, firstRetryMillis * 2 ** (context.failures - 1)),
        }),
      },
      exit: cancelRetry,
      on: { RetryDue: "connecting" },
    },
    blocked: {
      entry: {
        type: "perform",
        params: (): SourceCommand => ({ _tag: "RetryAfter", millis: mendedRetryMillis }),
      },
      exit: cancelRetry,
      on: { RetryDue: "connecting" },
    },
  },
})
