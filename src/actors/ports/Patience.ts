// Waiting for a store that does not answer, where there is nobody to pass the failure on to.

import { Effect, Schedule } from "effect"
import type { StoreUnavailable } from "./StoreErrors.js"

const backoff = Schedule.exponential("50 millis").pipe(Schedule.union(Schedule.spaced("5 seconds")))

/** Tries until the store answers, from every 50 ms to every 5 s; says so in the log each time. */
export const patiently = <A>(effect: Effect.Effect<A, StoreUnavailable>): Effect.Effect<A> =>
  effect.pipe(
    Effect.tapError((error) => Effect.logWarning("Waiting for the store", error)),
    Effect.retry(backoff),
    Effect.orDie,
  )
