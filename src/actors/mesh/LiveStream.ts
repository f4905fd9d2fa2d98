// What is published to a namespace from now on, as a stream: bounded, at most once, nothing stored.
// A consumer that is too slow loses the newest events; they are counted.

import { Effect, Exit, Mailbox, type Scope } from "effect"
import type { JournaledEvent, TypePattern } from "../../domain/index.js"
import type { NamespaceHub, Route } from "../namespace/NamespaceHub.js"

export interface LiveTap {
  /** Ends when the scope closes, the namespace is removed or its actor restarts. */
  readonly events: Mailbox.ReadonlyMailbox<JournaledEvent>
  /** Events that were lost because the consumer was behind. */
  readonly dropped: () => number
}

/** Routes matching events into a bounded mailbox until the scope closes or the namespace is no longer awake. */
export const tapHub = (
  hub: NamespaceHub,
  patterns: ReadonlyArray<TypePattern>,
  capacity: number,
): Effect.Effect<LiveTap, never, Scope.Scope> =>
  Effect.gen(function* () {
    const events = yield* Mailbox.make<JournaledEvent>({ capacity, strategy: "dropping" })
    let dropped = 0
    const route: Route = {
      offer: (event) => {
        if (!events.unsafeOffer(event)) dropped++
      },
      offerEphemeral: (event) => events.unsafeOffer(event),
      drop: () => {
        dropped++
      },
      fallBehind: () => undefined,
      pump: () => undefined,
      end: () => {
        events.unsafeDone(Exit.void)
      },
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => hub.route(route, patterns)),
      () =>
        Effect.zipRight(
          Effect.sync(() => hub.withdraw(route)),
          events.end,
        ),
    )
    return { events, dropped: () => dropped }
  })
