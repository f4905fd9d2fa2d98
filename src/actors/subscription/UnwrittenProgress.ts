// What of a subscription's progress is not in the store yet: collected into one change, given back
// when the write failed. Later facts win over earlier ones.

import type { Attempt, Deferral, NewDeadLetter, Redelivery } from "../ports/index.js"
import type { Sequence } from "../../domain/index.js"

export interface Unwritten {
  readonly deferred: ReadonlyArray<Deferral>
  readonly settled: ReadonlyArray<Sequence>
  readonly dead: ReadonlyArray<NewDeadLetter>
  readonly redelivered: ReadonlyArray<Redelivery>
  readonly attempts: ReadonlyArray<Attempt>
}

/** What of one event is on its way to the store. */
export interface UnwrittenRecords {
  readonly deadLetter: NewDeadLetter | undefined
  readonly attempts: ReadonlyArray<Attempt>
  /** Its dead letter, which is of no replay, is to be tried again. */
  readonly isRedelivered: boolean
}

export const recordsIn = (
  { dead, attempts, redelivered }: Pick<Unwritten, "dead" | "attempts" | "redelivered">,
  sequence: Sequence,
): UnwrittenRecords => ({
  deadLetter: dead.findLast(
    (letter) => letter.sequence === sequence && letter.replay === undefined,
  ),
  attempts: attempts.filter((attempt) => attempt.sequence === sequence),
  isRedelivered: redelivered.some(
    ({ deferral }) => deferral.sequence === sequence && deferral.replay === undefined,
  ),
})

export class UnwrittenProgress {
  #deferred = new Map<Sequence, Deferral>()
  #settled = new Set<Sequence>()
  #dead: Array<NewDeadLetter> = []
  #redelivered = new Map<Sequence, Redelivery>()
  #attempts: Array<Attempt> = []

  defer(deferral: Deferral): void {
    this.#settled.delete(deferral.sequence)
    this.#deferred.set(deferral.sequence, deferral)
  }

  /** The deferral of a sequence, stored or not, is over. */
  settle(sequence: Sequence): void {
    this.#deferred.delete(sequence)
    this.#settled.add(sequence)
  }

  bury(letter: NewDeadLetter): void {
    this.#dead.push(letter)
  }

  /** Comes with another fact: what became of the delivery. */
  attempt(attempt: Attempt): void {
    this.#attempts.push(attempt)
  }

  /** A dead letter becomes a deferral. */
  redeliver(redelivery: Redelivery): void {
    this.#redelivered.set(redelivery.deferral.sequence, redelivery)
  }

  /**
   * Takes everything out, to be written. A dead letter that is tried again waits for the next time if
   * there is something else to write of its sequence, or it is to be written itself: it may be stored
   * already, by a write of which that is not known.
   */
  take(): Unwritten {
    const waiting = new Map<Sequence, Redelivery>()
    const redelivered: Array<Redelivery> = []
    const letters = new Set(this.#redelivered.size === 0 ? [] : this.#dead.map(({ id }) => id))
    for (const [sequence, redelivery] of this.#redelivered) {
      const isAlone =
        !this.#deferred.has(sequence) &&
        !this.#settled.has(sequence) &&
        !letters.has(redelivery.deadLetter)
      if (isAlone) redelivered.push(redelivery)
      else waiting.set(sequence, redelivery)
    }
    const taken: Unwritten = {
      deferred: [...this.#deferred.values()],
      settled: [...this.#settled],
      dead: this.#dead,
      redelivered,
      attempts: this.#attempts,
    }
    this.#deferred = new Map()
    this.#settled = new Set()
    this.#dead = []
    this.#attempts = []
    this.#redelivered = waiting
    return taken
  }

  /** What is known of an event and not in the store. */
  of(sequence: Sequence): UnwrittenRecords {
    return recordsIn(
      { dead: this.#dead, attempts: this.#attempts, redelivered: [...this.#redelivered.values()] },
      sequence,
    )
  }

  /** Something waits for the next time. */
  get holdsBack(): boolean {
    return this.#redelivered.size > 0
  }

  /** Puts back what could not be written, behind what has come since. */
  restore({ deferred, settled, dead, redelivered, attempts }: Unwritten): void {
    for (const deferral of deferred) {
      const { sequence } = deferral
      if (!this.#deferred.has(sequence) && !this.#settled.has(sequence)) {
        this.#deferred.set(sequence, deferral)
      }
    }
    for (const sequence of settled) {
      if (!this.#deferred.has(sequence)) this.#settled.add(sequence)
    }
    this.#dead = [...dead, ...this.#dead]
    this.#attempts = [...attempts, ...this.#attempts]
    for (const redelivery of redelivered) this.redeliver(redelivery)
  }
}
