// Asking the mesh's own actors: one that is gone or flooded is the mesh not being available, which is
// all that a caller from outside can act on.

import { Effect } from "effect"
import { ActorGone, MailboxFull } from "../kernel/index.js"
import { StoreUnavailable } from "../ports/index.js"

export const askMesh = <A, E>(
  ask: Effect.Effect<A, E | ActorGone | MailboxFull>,
): Effect.Effect<A, E | StoreUnavailable> =>
  Effect.catchAll(
    ask,
    (error): Effect.Effect<never, E | StoreUnavailable> =>
      error instanceof ActorGone || error instanceof MailboxFull
        ? Effect.fail(new StoreUnavailable({ operation: "ask an actor", reason: error.message }))
        : Effect.fail(error),
  )
