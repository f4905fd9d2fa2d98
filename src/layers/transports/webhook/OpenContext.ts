// What the attempts of one open sink share: the connections to its origin, its deadlines, the clock.

import { Duration, Effect, type Scope } from "effect"
import { elapsedMillis } from "../../../actors/index.js"
import type { Agents } from "./Agents.js"
import type { AttemptContext } from "./InFlight.js"
import type * as Deadlines from "./Deadlines.js"

export interface Timeouts {
  /** From the start until a connection is had. */
  readonly connectTimeout: Duration.Duration
  /** From the start until the answer is whole. */
  readonly timeout: Duration.Duration
}

/** To an origin (`https://host:port`), held until the scope closes. */
export const openContext = (
  { agents, deadlines }: { readonly agents: Agents; readonly deadlines: Deadlines.Deadlines },
  origin: string,
  { connectTimeout, timeout }: Timeouts,
): Effect.Effect<AttemptContext, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    return {
      pool: yield* agents.pool(origin),
      deadlines,
      limits: {
        connectMillis: Duration.toMillis(connectTimeout),
        totalMillis: Duration.toMillis(timeout),
      },
      now: () => clock.unsafeCurrentTimeMillis(),
      elapsed: () => elapsedMillis(clock),
    }
  })
