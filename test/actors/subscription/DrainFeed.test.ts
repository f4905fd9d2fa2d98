import { stat } from "node:fs"
import { expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { drainFeed } from "../../../src/actors/subscription/RunFeed.js"

const deadlineMillis = 5

/** As a collection, or a machine that is busy with others, holds a process up. */
const holdUp = (): void => {
  const end = performance.now() + 4 * deadlineMillis
  while (performance.now() < end);
}

/** One delivery in flight, whose answer is there when the process goes on. */
class Feed {
  inFlight = 1
  stop(): void {}

  get drained(): Effect.Effect<void> {
    return Effect.async((resume) => {
      stat(".", () => {
        this.inFlight = 0
        resume(Effect.void)
      })
      // When whoever waits for the deadline does so.
      process.nextTick(holdUp)
    })
  }
}

it.live(
  "a process that was held up reads the answers that came before it abandons deliveries",
  () =>
    Effect.gen(function* () {
      const report = yield* drainFeed(new Feed(), Duration.millis(deadlineMillis))
      expect(report).toEqual({ completed: 1, abandoned: 0 })
    }),
)
