// Reads for a feed: the journal while it is behind, and the deliveries that are due to be tried again.
// Sleeps when there is neither. A store that does not answer is asked again, patiently.

import { Effect, Option } from "effect"
import { JournaledEvent } from "../../domain/index.js"
import type { NamespaceHub } from "../namespace/NamespaceHub.js"
import type { Deferral, DeliveryLog, Journal, StoreUnavailable } from "../ports/index.js"
import type { SubscriptionFeed } from "./SubscriptionFeed.js"

const duePerTurn = 64
const retryMillis = 1000

export const readFor = (
  feed: SubscriptionFeed,
  { name: namespace, pages }: Pick<NamespaceHub, "name" | "pages">,
  journal: Journal["Type"],
  log: DeliveryLog["Type"],
  wake: Effect.Latch,
): Effect.Effect<never> => {
  /** From the journal; once that has let it go, as the dead letter held it that the delivery was. */
  const eventOf = ({ sequence }: Deferral) =>
    Effect.flatMap(journal.get(namespace, sequence), (found) =>
      Option.isSome(found)
        ? Effect.succeed(found)
        : Effect.map(
            log.keptEvent(namespace, feed.name, sequence),
            Option.map(({ json, acceptedAt }) => JournaledEvent.kept(sequence, json, acceptedAt)),
          ),
    )

  const loadDue = (due: ReadonlyArray<Deferral>): Effect.Effect<void, StoreUnavailable> => {
    const missing = new Set(due)
    return Effect.forEach(
      due,
      (deferral) =>
        Effect.map(eventOf(deferral), (event) => {
          missing.delete(deferral)
          feed.admitDue(deferral, Option.getOrUndefined(event))
        }),
      { concurrency: 8, discard: true },
      // One failure ends the reading of all.
    ).pipe(Effect.tapError(() => Effect.sync(() => feed.untakeDue([...missing]))))
  }

  const readPage = Effect.suspend((): Effect.Effect<boolean, StoreUnavailable> => {
    const read = feed.nextRead()
    if (read === undefined) {
      if (feed.isLive) pages.done(feed)
      return Effect.succeed(false)
    }
    return Effect.as(
      Effect.map(pages.read(journal, feed, { namespace, ...read }), (page) => feed.admitPage(page)),
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
  return Effect.ensuring(
    Effect.forever(turn),
    Effect.sync(() => pages.done(feed)),
  )
}
