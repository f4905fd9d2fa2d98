// Reads for a feed: the journal while it is behind, and the deliveries that are due to be tried again.
// Sleeps when there is neither. A store that does not answer is asked again, patiently.

import { Effect, Option } from "effect"
import type { NamespaceName } from "../../domain/index.js"
import type { Deferral, Journal, StoreUnavailable } from "../ports/index.js"
import type { SubscriptionFeed } from "./SubscriptionFeed.js"

/** Characters of JSON read in one page. */
const pageBytes = 4 * 1024 * 1024
const duePerTurn = 64
const retryMillis = 1000

export const readFor = (
  feed: SubscriptionFeed,
  namespace: NamespaceName,
  journal: Journal["Type"],
  wake: Effect.Latch,
): Effect.Effect<never> => {
  const loadDue = (due: ReadonlyArray<Deferral>): Effect.Effect<void, StoreUnavailable> => {
    const missing = new Set(due)
    return Effect.forEach(
      due,
      (deferral) =>
        Effect.map(journal.get(namespace, deferral.sequence), (event) => {
          missing.delete(deferral)
          feed.admitDue(deferral, Option.getOrUndefined(event))
        }),
      { concurrency: 8, discard: true },
      // One failure ends the reading of all.
    ).pipe(Effect.tapError(() => Effect.sync(() => feed.untakeDue([...missing]))))
  }

  const readPage = Effect.suspend((): Effect.Effect<boolean, StoreUnavailable> => {
    const read = feed.nextRead()
    return read === undefined
      ? Effect.succeed(false)
      : Effect.as(
          Effect.map(
            journal.read({ namespace, after: read.after, limit: read.limit, maxBytes: pageBytes }),
            (page) => feed.admitPage(page),
          ),
          true,
        )
  })

  const rest = Effect.clockWith((clock) => {
    const due = feed.nextDue()
    if (due === undefined) return wake.await
    const millis = Math.max(0, due - clock.unsafeCurrentTimeMillis())
    return Effect.race(wake.await, Effect.sleep(millis))
  })

  const turn = Effect.suspend(() => {
    wake.unsafeClose()
    const due = feed.takeDue(duePerTurn)
    return Effect.zipRight(due.length === 0 ? Effect.void : loadDue(due), readPage)
  }).pipe(
    Effect.catchAll((error) =>
      Effect.logWarning("A subscription cannot read the journal", error).pipe(
        Effect.zipRight(Effect.sleep(retryMillis)),
        Effect.as(true),
      ),
    ),
    Effect.flatMap((goOn) => (goOn ? Effect.void : rest)),
  )
  return Effect.forever(turn)
}
