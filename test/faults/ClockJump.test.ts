// The clock of the machine is set, by hours, forward and back, while deliveries wait for a retry,
// for an answer and for a probe: none of them waits for those hours.

import type { ServerResponse } from "node:http"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Receivers from "../layers/transports/support/Receiver.js"
import { embeddedOptions, idsAt, publish, settled, subscribe, upMesh } from "./ChildScene.js"

const hours = (count: number) => count * 3_600_000
const retry = { attempts: 5, initial: "100ms", max: "200ms" }

/** How many milliseconds the time of the last request is from the clock as set. */
const offAt = (receiver: Receivers.Receiver, millis: number): number => {
  const stamp = Number(receiver.received.at(-1)?.headers["webhook-timestamp"]) * 1_000
  return Math.abs(stamp - (Date.now() + millis))
}

it.scopedLive(
  "retries, timeouts and probes go on when the clock is set",
  () =>
    Effect.gen(function* () {
      let behaviour: "good" | "503" | "silent" | "held" = "good"
      const held: Array<ServerResponse> = []
      const receiver = yield* Receivers.http((_, response) => {
        if (behaviour === "silent") return
        if (behaviour === "held") {
          held.push(response)
          return
        }
        response.writeHead(behaviour === "good" ? 204 : 503).end()
      })
      const mesh = yield* upMesh(yield* embeddedOptions)
      yield* subscribe(mesh, receiver, { retry }, { timeout: "2s" })
      const setOff = (millis: number) => mesh.ask({ _tag: "SetClockOff", millis })
      let round = 0
      for (const off of [hours(6), hours(-6), 0, hours(-30), hours(24)]) {
        round += 1
        // A retry waits while the clock is set.
        behaviour = "503"
        yield* publish(mesh, [`retried-${round}`])
        yield* receiver.until(() => idsAt(receiver).includes(`retried-${round}`))
        yield* setOff(off)
        behaviour = "good"
        yield* settled(mesh)
        yield* publish(mesh, [`after-${round}`])
        yield* settled(mesh)
        expect(idsAt(receiver).at(-1)).toBe(`after-${round}`)
        expect(offAt(receiver, off)).toBeLessThan(10_000)
      }
      // An attempt waits for its answer while the clock is set back.
      behaviour = "silent"
      yield* publish(mesh, ["silent"])
      yield* receiver.until(() => idsAt(receiver).includes("silent"))
      yield* setOff(hours(-48))
      behaviour = "good"
      yield* settled(mesh)
      expect(idsAt(receiver).filter((id) => id === "silent").length).toBe(2)

      // An attempt waits for its answer while the clock is set forward: it still has its time.
      behaviour = "held"
      yield* publish(mesh, ["held"])
      yield* receiver.until(() => idsAt(receiver).includes("held"))
      yield* setOff(hours(48))
      // Long enough for the sweep over the timeouts.
      yield* Effect.sleep("300 millis")
      behaviour = "good"
      for (const response of held.splice(0)) response.writeHead(204).end()
      yield* settled(mesh)
      expect(idsAt(receiver).filter((id) => id === "held").length).toBe(1)

      // The sink is out, so a probe waits while the clock is set back.
      behaviour = "503"
      const before = receiver.received.length
      yield* publish(mesh, ["outage-1", "outage-2", "outage-3", "outage-4", "outage-5", "outage-6"])
      yield* receiver.until(({ received }) => received.length > before + 7)
      yield* setOff(hours(-96))
      behaviour = "good"
      yield* settled(mesh)
      const after = new Set(idsAt(receiver).slice(before))
      expect(after.size).toBe(6)
      const [receipt] = yield* publish(mesh, ["outage-1"])
      expect(receipt?.duplicate).toBe(true)
    }),
  60_000,
)
