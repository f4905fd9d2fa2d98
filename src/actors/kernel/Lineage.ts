// Which actor a fiber works for. Fibers inherit it, so the tasks and the descendants of an actor
// count as inside of it: they must not wait for its end, which waits for theirs.
import { FiberRef } from "effect"

export interface Lineage {
  readonly parent: Lineage | undefined
}

export const currentLineage: FiberRef.FiberRef<Lineage | undefined> = FiberRef.unsafeMake<
  Lineage | undefined
>(undefined)

export const isInside = (actor: Lineage, caller: Lineage | undefined): boolean => {
  for (let each = caller; each !== undefined; each = each.parent) {
    if (each === actor) return true
  }
  return false
}
