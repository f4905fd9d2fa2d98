// The clock for what lasts: it goes on as it was when that of the machine is set.

import type { Clock } from "effect"

/** Milliseconds from some moment on. */
export const elapsedMillis = (clock: Clock.Clock): number =>
  Number(clock.unsafeCurrentTimeNanos()) / 1_000_000
