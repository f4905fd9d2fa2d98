// One timer that is set synchronously and rings in a fiber: for what stands on the path of events and
// cannot wait itself.
//
// Set again, it rings at the earlier of the two times. It may ring early, when the clock was set back;
// whoever is called looks at the clock, and sets it again.

import { Effect } from "effect"

export class Alarm {
  readonly #latch = Effect.unsafeMakeLatch(false)
  #at = Number.POSITIVE_INFINITY

  /** Rings at this time, in milliseconds since the epoch, if not before. */
  set(at: number): void {
    if (at >= this.#at) return
    this.#at = at
    this.#latch.unsafeOpen()
  }

  /** Rings until interrupted. */
  run(ring: () => void): Effect.Effect<never> {
    const wait = Effect.clockWith((clock) => {
      this.#latch.unsafeClose()
      const millis = Math.max(0, this.#at - clock.unsafeCurrentTimeMillis())
      return Effect.raceFirst(
        Effect.as(Effect.sleep(millis), true),
        Effect.as(this.#latch.await, false),
      )
    })
    const once = Effect.flatMap(wait, (isOver) =>
      Effect.sync(() => {
        if (!isOver) return
        this.#at = Number.POSITIVE_INFINITY
        ring()
      }),
    )
    const idle = Effect.suspend(() =>
      this.#at === Number.POSITIVE_INFINITY ? this.#latch.await : Effect.void,
    )
    return Effect.forever(Effect.zipRight(idle, once))
  }
}
