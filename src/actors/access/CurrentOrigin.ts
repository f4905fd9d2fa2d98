// In whose name the changes of a fiber are made, for the audit log and for what may be granted.

import { Context, Effect } from "effect"
import type { Caller } from "../../domain/index.js"

export interface ChangeOrigin {
  readonly caller: Caller
  /** The request that asks for it, by the id in its answer. */
  readonly requestId?: string
}

/** Without anything said, the program that the mesh is a part of makes them. */
export class CurrentOrigin extends Context.Reference<CurrentOrigin>()("eventloom/CurrentOrigin", {
  defaultValue: (): ChangeOrigin => ({ caller: { kind: "process" } }),
}) {}

/** Makes the changes of an effect in the name of a part of this program, such as "billing". */
export const changingAs =
  (name: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, CurrentOrigin>> =>
    Effect.provideService(effect, CurrentOrigin, { caller: { kind: "process", name } })
