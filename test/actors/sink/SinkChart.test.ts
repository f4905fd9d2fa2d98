// Every state with every message: what the actor of a sink does.

import { Cause } from "effect"
import { describe, expect, it } from "vitest"
import { fromMachine } from "../../../src/actors/kernel/index.js"
import { sinkMachine, type SinkMessage } from "../../../src/actors/sink/SinkChart.js"

const parked = (cause: "outage" | "misconfigured"): SinkMessage => ({
  type: "Parked",
  change: { _tag: "Parked", cause, since: 1, probeAt: 2, reason: "" },
})
const messages = {
  outage: parked("outage"),
  misconfigured: parked("misconfigured"),
  Recovered: { type: "Recovered" },
  ProbeDue: { type: "ProbeDue" },
  Opened: { type: "Opened" },
  OpenFailed: { type: "OpenFailed", cause: Cause.empty },
} as const satisfies Record<string, SinkMessage>

const chart = fromMachine(sinkMachine, undefined)
const ways = {
  connected: [],
  "parked.outage": [messages.outage],
  "parked.misconfigured": [messages.misconfigured],
} as const

describe("The chart of a sink", () => {
  it("opens its transport at the beginning", () => {
    expect(chart.initial[1].map(({ _tag }) => _tag)).toEqual(["Open"])
  })

  it.each([
    ["connected", "outage", "parked.outage", ["SetProbe", "ReportParked"]],
    ["connected", "misconfigured", "parked.misconfigured", ["SetProbe", "ReportParked"]],
    ["connected", "Recovered", "connected", []],
    ["connected", "ProbeDue", "connected", []],
    ["connected", "Opened", "connected", []],
    ["connected", "OpenFailed", "connected", ["Crash"]],
    ["parked.outage", "outage", "parked.outage", ["SetProbe"]],
    ["parked.outage", "misconfigured", "parked.misconfigured", ["SetProbe", "ReportParked"]],
    ["parked.outage", "Recovered", "connected", ["CancelProbe", "ReportRecovered"]],
    ["parked.outage", "ProbeDue", "parked.outage", ["Probe"]],
    ["parked.outage", "Opened", "parked.outage", []],
    ["parked.outage", "OpenFailed", "parked.outage", ["Crash"]],
    ["parked.misconfigured", "outage", "parked.misconfigured", ["SetProbe"]],
    ["parked.misconfigured", "misconfigured", "parked.misconfigured", ["SetProbe"]],
    ["parked.misconfigured", "Recovered", "connected", ["CancelProbe", "ReportRecovered"]],
    ["parked.misconfigured", "ProbeDue", "parked.misconfigured", ["Probe"]],
    ["parked.misconfigured", "Opened", "parked.misconfigured", []],
    ["parked.misconfigured", "OpenFailed", "parked.misconfigured", ["Crash"]],
  ] as const)("%s, %s: %s", (from, message, next, commands) => {
    const before = ways[from].reduce((state, step) => chart.step(state, step)[0], chart.initial[0])
    expect(chart.label(before)).toBe(from)
    const [state, performed] = chart.step(before, messages[message])
    expect(chart.label(state)).toBe(next)
    expect(performed.map(({ _tag }) => _tag)).toEqual(commands)
  })
})
