// The attempts at the deliveries of one namespace, by subscription and sequence.

import type { Attempt } from "../../../actors/index.js"
import type { Sequence, SubscriptionName } from "../../../domain/index.js"
import { SortedTable } from "./SortedTable.js"

const isSame = (a: Attempt, b: Attempt): boolean =>
  a.since === b.since && a.attempt === b.attempt && a.replay === b.replay

export class AttemptTable {
  readonly #tables = new Map<SubscriptionName, SortedTable<Sequence, ReadonlyArray<Attempt>>>()

  get isEmpty(): boolean {
    return this.#tables.size === 0
  }

  /** Keeps an attempt, in place of an earlier one of its number. */
  put(subscription: SubscriptionName, attempt: Attempt): void {
    let table = this.#tables.get(subscription)
    if (table === undefined) this.#tables.set(subscription, (table = new SortedTable()))
    const others = (table.get(attempt.sequence) ?? []).filter((one) => !isSame(one, attempt))
    table.set(attempt.sequence, [...others, attempt])
  }

  get(subscription: SubscriptionName, sequence: Sequence): ReadonlyArray<Attempt> {
    return this.#tables.get(subscription)?.get(sequence) ?? []
  }

  /** Forgets at most `limit` of a subscription's or of all, up to a sequence; answers how many. */
  forget(subscription: SubscriptionName | undefined, upTo: number, limit: number): number {
    let rows = 0
    for (const [name, table] of this.#tables) {
      if (subscription !== undefined && name !== subscription) continue
      for (let first = table.first(); first !== undefined; first = table.first()) {
        const [attempt] = first
        if (attempt === undefined || attempt.sequence > upTo || rows >= limit) break
        const taken = Math.min(first.length, limit - rows)
        rows += taken
        if (taken === first.length) table.deleteFirst(1)
        else table.set(attempt.sequence, first.slice(taken))
      }
      if (table.size === 0) this.#tables.delete(name)
    }
    return rows
  }
}
