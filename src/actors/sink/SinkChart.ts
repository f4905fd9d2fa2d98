// What a sink's actor decides: whether the sink takes events. Parked after an outage or because it is
// misconfigured, it is probed when a probe is due; the outcome of a probe parks it longer or ends it.

import type { Cause } from "effect"
import { setup } from "xstate"
import type { GateChange } from "./SinkGate.js"

type Parked = Extract<GateChange, { readonly _tag: "Parked" }>

export type SinkMessage =
  | { readonly type: "Parked"; readonly change: Parked }
  | { readonly type: "Recovered" }
  | { readonly type: "ProbeDue" }
  | { readonly type: "Opened" }
  /** The transport died while it was opening. */
  | { readonly type: "OpenFailed"; readonly cause: Cause.Cause<never> }

export type SinkCommand =
  | { readonly _tag: "Open" }
  | { readonly _tag: "SetProbe"; readonly change: Parked }
  | { readonly _tag: "CancelProbe" }
  | { readonly _tag: "Probe" }
  | { readonly _tag: "ReportParked"; readonly change: Parked }
  | { readonly _tag: "ReportRecovered" }
  | { readonly _tag: "Crash"; readonly cause: Cause.Cause<never> }

const charts = setup({
  types: { events: {} as SinkMessage },
  guards: {
    isOutage: ({ event }) => event.type === "Parked" && event.change.cause === "outage",
  },
  actions: { perform: (_, _command: SinkCommand) => undefined },
})

type ParkedEvent = { readonly event: Extract<SinkMessage, { readonly type: "Parked" }> }

const open = { type: "perform", params: (): SinkCommand => ({ _tag: "Open" }) } as const
const probe = { type: "perform", params: (): SinkCommand => ({ _tag: "Probe" }) } as const
const cancelProbe = {
  type: "perform",
  params: (): SinkCommand => ({ _tag: "CancelProbe" }),
} as const
const reportRecovered = {
  type: "perform",
  params: (): SinkCommand => ({ _tag: "ReportRecovered" }),
} as const
const setProbe = {
  type: "perform",
  params: ({ event }: ParkedEvent): SinkCommand => ({ _tag: "SetProbe", change: event.change }),
} as const
const reportParked = {
  type: "perform",
  params: ({ event }: ParkedEvent): SinkCommand => ({ _tag: "ReportParked", change: event.change }),
} as const

const crash = {
  type: "perform",
  params: ({
    event,
  }: {
    readonly event: Extract<SinkMessage, { readonly type: "OpenFailed" }>
  }): SinkCommand => ({ _tag: "Crash", cause: event.cause }),
} as const

const park = [
  { guard: "isOutage", target: "#sink.parked.outage", actions: [setProbe, reportParked] },
  { target: "#sink.parked.misconfigured", actions: [setProbe, reportParked] },
] as const

export const sinkMachine = charts.createMachine({
  id: "sink",
  initial: "connected",
  entry: open,
  on: { OpenFailed: { actions: crash } },
  states: {
    connected: { on: { Parked: park } },
    parked: {
      initial: "outage",
      exit: cancelProbe,
      on: {
        ProbeDue: { actions: probe },
        Recovered: { target: "connected", actions: reportRecovered },
      },
      states: {
        outage: {
          on: {
            Parked: [
              { guard: "isOutage", actions: setProbe },
              { target: "misconfigured", actions: [setProbe, reportParked] },
            ],
          },
        },
        misconfigured: { on: { Parked: { actions: setProbe } } },
      },
    },
  },
})
