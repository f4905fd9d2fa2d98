// What is made of how a slot stands: an alarm when its lag becomes a matter for somebody, an end when it
// is lost.

import { expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, TestClock } from "effect"
import { type SlotHealth, watchSlot } from "../../../src/actors/index.js"
import { Wal } from "../../../src/domain/index.js"

const health = (lagBytes: number, walStatus: SlotHealth["walStatus"] = "reserved"): SlotHealth => ({
  confirmed: Wal.lsnZero,
  lagBytes,
  walStatus,
  safeBytes: undefined,
})

/** One look after the other, as the server answers; what was alarming, and how it ended. */
const watch = (answers: ReadonlyArray<SlotHealth>, lagBudget?: number) =>
  Effect.gen(function* () {
    const alarms: Array<string> = []
    let looks = 0
    const watching = yield* Effect.fork(
      watchSlot({
        stream: { health: Effect.suspend(() => Effect.succeed(answers[looks] ?? health(0))) },
        slot: "s",
        lagBudget,
        looked: () => {
          looks += 1
        },
        alarm: (_, why) => Effect.sync(() => void alarms.push(`${looks}: ${why}`)),
      }),
    )
    yield* TestClock.adjust(`${10 * answers.length} seconds`)
    const ended = yield* Fiber.poll(watching)
    yield* Fiber.interrupt(watching)
    return { alarms, ended }
  })

it.effect("a lag beyond the budget alarms once, and again only after it was within", () =>
  Effect.gen(function* () {
    const lags = [100, 101, 500, 100, 102]
    const { alarms } = yield* watch(
      lags.map((lag) => health(lag)),
      100,
    )
    expect(alarms).toEqual([
      "2: the server keeps 101 bytes of log for the slot, more than 100",
      "5: the server keeps 102 bytes of log for the slot, more than 100",
    ])
  }),
)

it.effect("log that is about to be removed alarms without a budget, and nothing else does", () =>
  Effect.gen(function* () {
    const { alarms } = yield* watch([
      health(1e12, "extended"),
      health(1, "unreserved"),
      health(1, "unreserved"),
    ])
    expect(alarms).toEqual(["2: the server is about to remove log that the slot still needs"])
  }),
)

it.effect("a slot that is lost ends the watch with what is to be done", () =>
  Effect.gen(function* () {
    const { ended } = yield* watch([health(0), health(0, "lost")])
    const exit = ended._tag === "Some" ? ended.value : undefined
    expect(exit !== undefined && Exit.isFailure(exit)).toBe(true)
    expect(String(exit)).toContain("slot-lost")
  }),
)
