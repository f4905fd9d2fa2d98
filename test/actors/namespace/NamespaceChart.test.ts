// Every state with every message: what the actor of a namespace does.

import { describe, expect, it } from "vitest"
import { fromMachine } from "../../../src/actors/kernel/index.js"
import {
  namespaceMachine,
  type NamespaceMessage,
} from "../../../src/actors/namespace/NamespaceChart.js"
import { NamespaceName } from "../../../src/domain/index.js"

// The chart only hands on what is in a message.
const message = (type: NamespaceMessage["type"]) => ({ type, key: "sinks/s" }) as NamespaceMessage

const chart = fromMachine(namespaceMachine, { name: NamespaceName.make("a.example") })
const ways: Readonly<Record<string, ReadonlyArray<NamespaceMessage["type"]>>> = {
  loading: [],
  enabled: ["Enabled"],
  disabled: ["Disabled"],
  leaving: ["Enabled", "Refuse"],
}
const requests = [
  "PutSink",
  "DeleteSink",
  "PutSubscription",
  "DeleteSubscription",
  "Pause",
  "Resume",
  "Reload",
] as const

type Row = readonly [string, NamespaceMessage["type"], string, ReadonlyArray<string>]
const everywhere = Object.keys(ways).flatMap(
  (from): ReadonlyArray<Row> => [
    [from, "Seat", from, ["AnswerSeat"]],
    [from, "Refuse", "leaving", ["RefusePublishes"]],
    [from, "Withdraw", "leaving", ["WithdrawRoutes"]],
    [from, "Drain", "leaving", ["DrainFeeds"]],
  ],
)
const asked = requests.flatMap(
  (request): ReadonlyArray<Row> => [
    ["enabled", request, "enabled", ["Serve true"]],
    ["disabled", request, "disabled", ["Serve false"]],
    ["leaving", request, "leaving", ["RefuseRequest"]],
  ],
)

describe("The chart of a namespace", () => {
  it("reads the store at the beginning", () => {
    expect(chart.initial[1].map(({ _tag }) => _tag)).toEqual(["Load"])
  })

  it.each<Row>([
    ["loading", "Enabled", "enabled", ["StartChildren"]],
    ["loading", "Disabled", "disabled", []],
    ["enabled", "Disabled", "disabled", ["StopChildren"]],
    ["disabled", "Enabled", "enabled", ["StartChildren"]],
    ["enabled", "IdleCheck", "enabled", ["CheckIdle"]],
    ["disabled", "IdleCheck", "disabled", ["CheckIdle"]],
    ["leaving", "IdleCheck", "leaving", []],
    ["enabled", "ChildGaveUp", "enabled", ["ScheduleRevival"]],
    ["disabled", "ChildGaveUp", "disabled", []],
    ["enabled", "ReviveChild", "enabled", ["Revive"]],
    ["leaving", "ReviveChild", "leaving", []],
    ["leaving", "Enabled", "leaving", []],
    ["leaving", "Disabled", "leaving", []],
    ...everywhere,
    ...asked,
  ])("%s, %s: %s", (from, type, next, commands) => {
    const before = (ways[from] ?? []).reduce(
      (state, step) => chart.step(state, message(step))[0],
      chart.initial[0],
    )
    expect(chart.label(before)).toBe(from)
    const [state, performed] = chart.step(before, message(type))
    expect(chart.label(state)).toBe(next)
    expect(
      performed.map((command) =>
        command._tag === "Serve" ? `Serve ${command.running}` : command._tag,
      ),
    ).toEqual(commands)
  })
})
