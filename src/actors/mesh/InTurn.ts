// Changes of one thing, one after the other: a change begins with what the one before it has left.

import { Effect, RcMap, type Scope } from "effect"

/** Runs a change when those of the same key that were asked for before it have ended. */
export type InTurn = <A, E>(key: string, change: Effect.Effect<A, E>) => Effect.Effect<A, E>

export const makeInTurn: Effect.Effect<InTurn, never, Scope.Scope> = Effect.map(
  RcMap.make({ lookup: (_: string) => Effect.makeSemaphore(1) }),
  (turns): InTurn =>
    (key, change) =>
      Effect.scoped(Effect.flatMap(RcMap.get(turns, key), (turn) => turn.withPermits(1)(change))),
)
