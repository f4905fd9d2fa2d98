// Every state with every message: what the actor of a subscription does.

import { Cause } from "effect"
import { describe, expect, it } from "vitest"
import { fromMachine, type Reply } from "../../../src/actors/kernel/index.js"
import {
  type ChangeReply,
  subscriptionMachine,
  type SubscriptionMessage,
} from "../../../src/actors/subscription/SubscriptionChart.js"
import { reasonOf, ReplayId, type SubscriptionStatus } from "../../../src/domain/index.js"

// The chart only hands it on.
const reply = {} as Reply<never> as unknown as ChangeReply
const reason = reasonOf("410")
const id = ReplayId.make("rp_1")
const messages: Readonly<Record<SubscriptionMessage["type"], SubscriptionMessage>> = {
  Pause: { type: "Pause", reply },
  Resume: { type: "Resume", reply },
  Gone: { type: "Gone", reason },
  FeedEnded: { type: "FeedEnded", cause: Cause.empty },
  NotSaved: { type: "NotSaved", status: "active" },
  StartReplay: { type: "StartReplay", id },
  StopReplay: { type: "StopReplay", id, reply: {} as Reply<void> },
  ReplayGaveUp: { type: "ReplayGaveUp", id },
}

const chartIn = (status: SubscriptionStatus) => fromMachine(subscriptionMachine, { status })
const shown = (commands: ReadonlyArray<{ readonly _tag: string; readonly status?: string }>) =>
  commands.map(({ _tag, status }) => (status === undefined ? _tag : `${_tag} ${status}`))

describe("The chart of a subscription", () => {
  it.each([
    ["active", ["StartFeed"]],
    ["paused", []],
    ["disabled", []],
  ] as const)("begins %s as it is stored", (status, commands) => {
    const chart = chartIn(status)
    expect(chart.label(chart.initial[0])).toBe(status)
    expect(shown(chart.initial[1])).toEqual(commands)
  })

  it.each([
    ["active", "Pause", "paused", ["StopFeed", "Save paused"]],
    ["active", "Resume", "active", ["Save active"]],
    ["active", "Gone", "disabled", ["StopFeed", "Save disabled"]],
    ["active", "FeedEnded", "active", ["Crash"]],
    ["active", "StartReplay", "active", ["StartReplay"]],
    ["active", "StopReplay", "active", ["StopReplay"]],
    ["active", "ReplayGaveUp", "active", ["ScheduleReplay"]],
    ["paused", "Pause", "paused", ["Save paused"]],
    ["paused", "StartReplay", "paused", []],
    ["paused", "StopReplay", "paused", ["StopReplay"]],
    ["paused", "ReplayGaveUp", "paused", []],
    ["paused", "Resume", "active", ["Save active", "StartFeed"]],
    ["paused", "Gone", "paused", []],
    ["paused", "FeedEnded", "paused", []],
    ["disabled", "Pause", "paused", ["Save paused"]],
    ["disabled", "Resume", "active", ["Save active", "StartFeed"]],
    ["disabled", "Gone", "disabled", []],
    ["disabled", "FeedEnded", "disabled", []],
    ["paused", "NotSaved", "active", ["StartFeed"]],
    ["disabled", "NotSaved", "active", ["StartFeed"]],
  ] as const)("%s, %s: %s", (status, message, next, commands) => {
    const chart = chartIn(status)
    const [state, performed] = chart.step(chart.initial[0], messages[message])
    expect(chart.label(state)).toBe(next)
    expect(shown(performed)).toEqual(commands)
  })
})

describe("A change that is not stored", () => {
  it.each(["paused", "disabled"] as const)("leaves a subscription %s", (status) => {
    const chart = chartIn(status)
    const [resumed] = chart.step(chart.initial[0], messages.Resume)
    const [state, performed] = chart.step(resumed, { type: "NotSaved", status })
    expect(chart.label(state)).toBe(status)
    expect(shown(performed)).toEqual(["StopFeed"])
  })
})
