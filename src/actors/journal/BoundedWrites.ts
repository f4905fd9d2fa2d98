// Many rows deleted in writes that others hardly notice: each takes about as long as it may, whatever a
// row costs in this store, and rests follow that are as long as the writes.

import { Effect } from "effect"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { StoreUnavailable } from "../ports/index.js"

/** How long one write should hold the store, in milliseconds. */
const writeMillis = 5
/** No write has fewer, nor the first more: what it costs to make one would outweigh the rows. */
const leastRows = 100

/** How many rows the next write may have, after one of `rows` that took so long. */
export const nextRows = (rows: number, millis: number, most: number): number => {
  const fitting = millis <= 0 ? most : Math.floor((rows * writeMillis) / millis)
  // At most twice as many: one that was fast by chance says little.
  return Math.max(Math.min(leastRows, most), Math.min(fitting, rows * 2, most))
}

/**
 * Deletes until a write finds nothing; answers how many rows there were. `write` is given how many it may
 * delete, and how many the earlier ones have.
 */
export const inBoundedWrites = (
  { config, elapsed }: Pick<MeshWorld, "config" | "elapsed">,
  write: (limit: number, deleted: number) => Effect.Effect<number, StoreUnavailable>,
): Effect.Effect<number, StoreUnavailable> => {
  const most = config.purgeRows
  const go = (limit: number, deleted: number): Effect.Effect<number, StoreUnavailable> =>
    Effect.suspend(() => {
      const startedAt = elapsed()
      return Effect.flatMap(write(limit, deleted), (rows) => {
        const millis = elapsed() - startedAt
        return rows === 0
          ? Effect.succeed(deleted)
          : Effect.zipRight(
              Effect.sleep(millis),
              Effect.suspend(() => go(nextRows(limit, millis, most), deleted + rows)),
            )
      })
    })
  return go(Math.min(leastRows, most), 0)
}
