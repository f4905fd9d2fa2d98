// Erases what was rotated out when its overlap has ended: from the store, of namespaces that are
// awake and of those that sleep, and from memory. Nothing signs with it after its time in any case.

import { Effect } from "effect"
import type { Seats } from "../mesh/MeshIncarnation.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"

/** Once at the start, then each interval, for ever. */
export const eraseRetired = (world: MeshWorld, seats: Seats): Effect.Effect<never> => {
  const erase = Effect.gen(function* () {
    const now = world.now()
    yield* world.registry.eraseRetired(now)
    yield* world.signingKeys.eraseRetired(now)
    for (const { sinks } of seats.values()) {
      for (const place of sinks.values()) {
        const { retiring, ...record } = place.record
        if (retiring === undefined || retiring.until > now) continue
        place.record = record
        yield* place.renew
      }
    }
  }).pipe(
    Effect.catchAll((error) =>
      Effect.logWarning("Secrets that were rotated out could not be erased", error),
    ),
  )
  return Effect.forever(Effect.zipRight(erase, Effect.sleep(world.config.erasureInterval)))
}
