// The deliveries of one subscription that are set aside: waiting for their retry, or held behind an
// earlier one of their order key. Mirrors the stored deferrals; single owner.

import type { Deferral } from "../ports/index.js"

export class DeferredDeliveries {
  readonly #bySequence = new Map<number, Deferral>()
  /** Held sequences per blocked key, ascending; the first is next. */
  readonly #heldByKey = new Map<string, Array<number>>()
  readonly #countByKey = new Map<string, number>()
  /** Those that are with the delivery order or in flight, so that they are not loaded twice. */
  readonly #started = new Set<number>()

  get size(): number {
    return this.#bySequence.size
  }

  has(sequence: number): boolean {
    return this.#bySequence.has(sequence)
  }

  /** Whether later events of a key must wait behind one that is set aside. */
  blocks(orderKey: string): boolean {
    return this.#countByKey.has(orderKey)
  }

  /** The deferral of a delivery that waits for its time; undefined while it is being tried. */
  waiting(sequence: number): Deferral | undefined {
    return this.#started.has(sequence) ? undefined : this.#bySequence.get(sequence)
  }

  get(sequence: number): Deferral | undefined {
    return this.#bySequence.get(sequence)
  }

  /** The delivery of a key whose turn it is, if it is set aside. */
  holder(orderKey: string): Deferral | undefined {
    for (const deferral of this.#bySequence.values()) {
      if (deferral.orderKey === orderKey && deferral.dueAt !== undefined) return deferral
    }
    return undefined
  }

  /** Sets a delivery aside, or replaces what is known of one that is. */
  put(deferral: Deferral): void {
    const { sequence, orderKey, dueAt } = deferral
    if (orderKey !== undefined && !this.#bySequence.has(sequence)) {
      this.#countByKey.set(orderKey, (this.#countByKey.get(orderKey) ?? 0) + 1)
    }
    this.#bySequence.set(sequence, deferral)
    this.#started.delete(sequence)
    if (dueAt !== undefined || orderKey === undefined) return
    const held = this.#heldByKey.get(orderKey)
    if (held === undefined) this.#heldByKey.set(orderKey, [sequence])
    else held.push(sequence)
  }

  /** The delivery is over. */
  settle(sequence: number): void {
    const orderKey = this.#bySequence.get(sequence)?.orderKey
    this.#bySequence.delete(sequence)
    this.#started.delete(sequence)
    if (orderKey === undefined) return
    const count = (this.#countByKey.get(orderKey) ?? 1) - 1
    if (count === 0) this.#countByKey.delete(orderKey)
    else this.#countByKey.set(orderKey, count)
  }

  /** Takes the next delivery held for a key, which is due at once. */
  release(orderKey: string, now: number): Deferral | undefined {
    const held = this.#heldByKey.get(orderKey)
    const sequence = held?.shift()
    if (held?.length === 0) this.#heldByKey.delete(orderKey)
    const deferral = sequence === undefined ? undefined : this.#bySequence.get(sequence)
    if (deferral === undefined) return undefined
    const due = { ...deferral, dueAt: now }
    this.#bySequence.set(due.sequence, due)
    return due
  }

  /** Those due by now that are not started, oldest first; they count as started from here. */
  takeDue(now: number, limit: number): ReadonlyArray<Deferral> {
    const due: Array<Deferral> = []
    for (const deferral of this.#bySequence.values()) {
      if (this.#started.has(deferral.sequence)) continue
      const dueAt = dueBy(deferral, now)
      if (dueAt !== undefined && dueAt <= now) due.push(deferral)
    }
    due.sort((a, b) => a.sequence - b.sequence)
    const taken = due.slice(0, limit)
    for (const deferral of taken) this.#started.add(deferral.sequence)
    return taken
  }

  /** Those taken could not be started: they are due again. */
  untake(deferrals: ReadonlyArray<Deferral>): void {
    for (const { sequence } of deferrals) this.#started.delete(sequence)
  }

  /** When the next one is due, among those not started; undefined when none waits for a time. */
  nextDue(now: number): number | undefined {
    let next: number | undefined
    for (const deferral of this.#bySequence.values()) {
      if (this.#started.has(deferral.sequence)) continue
      const dueAt = dueBy(deferral, now)
      if (dueAt !== undefined && (next === undefined || dueAt < next)) next = dueAt
    }
    return next
  }
}

/** A delivery that was set aside in the future is due: the clock was set back since, perhaps by days. */
const dueBy = ({ dueAt, since }: Deferral, now: number): number | undefined =>
  dueAt !== undefined && since > now ? now : dueAt
