// Deadlines of attempts without a fiber or timer each: one sweeper looks at all that is in flight
// every tick, and sleeps while there is nothing. A deadline is kept to within one tick.

import { Duration, Effect, type Scope } from "effect"
import { elapsedMillis } from "../../../actors/index.js"

/** Something that is given up on when its time is over. */
export interface Expiring {
  /** Ends itself if it is due. Not called after `unwatch`. `now` is what `elapsedMillis` says. */
  readonly expireIfDue: (now: number) => void
}

export const TICK: Duration.Duration = Duration.millis(100)

export interface Deadlines {
  readonly watch: (item: Expiring) => void
  readonly unwatch: (item: Expiring) => void
}

/** A sweeper that runs until the scope closes. */
export const make: Effect.Effect<Deadlines, never, Scope.Scope> = Effect.gen(function* () {
  const watched = new Set<Expiring>()
  const busy = yield* Effect.makeLatch(false)
  const clock = yield* Effect.clock

  const sweep = Effect.sync(() => {
    if (watched.size === 0) return busy.unsafeClose()
    const now = elapsedMillis(clock)
    // Removing members while iterating over a Set is sound.
    for (const item of watched) item.expireIfDue(now)
  })
  yield* busy.await.pipe(
    Effect.zipRight(Effect.sleep(TICK)),
    Effect.zipRight(sweep),
    Effect.forever,
    Effect.forkScoped,
  )

  return {
    watch: (item) => {
      watched.add(item)
      if (watched.size === 1) busy.unsafeOpen()
    },
    unwatch: (item) => {
      watched.delete(item)
    },
  }
})
