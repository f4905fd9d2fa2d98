// What of a subscription's progress is not in the store yet: collected into one change, given back
// when the write failed. Later facts win over earlier ones.

import type { Deferral, NewDeadLetter, Redelivery } from "../ports/index.js"
import type { Sequence } from "../../domain/index.js"

export interface Unwritten {
  readonly deferred: ReadonlyArray<Deferral>
  readonly settled: ReadonlyArray<Sequence>
  readonly dead: ReadonlyArray<NewDeadLetter>
  readonly redelivered: ReadonlyArray<Redelivery>
}

export class UnwrittenProgress {
  #deferred = new Map<Sequence, Deferral>()
  #settled = new Set<Sequence>()
  #dead: Array<NewDeadLetter> = []
  #redelivered = new Map<Sequence, Redelivery>()

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

  /** A dead letter becomes a deferral. */
  redeliver(redelivery: Redelivery): void {
    this.#redelivered.set(redelivery.deferral.sequence, redelivery)
  }

  /**
   * Takes everything out, to be written. A dead letter of a sequence of which there is something else
   * to write waits for the next time.
   */
  take(): Unwritten {
    const waiting = new Map<Sequence, Redelivery>()
    const redelivered: Array<Redelivery> = []
    for (const [sequence, redelivery] of this.#redelivered) {
      if (this.#deferred.has(sequence) || this.#settled.has(sequence)) {
        waiting.set(sequence, redelivery)
      } else redelivered.push(redelivery)
    }
    const taken: Unwritten = {
      deferred: [...this.#deferred.values()],
      settled: [...this.#settled],
      dead: this.#dead,
      redelivered,
    }
    this.#deferred = new Map()
    this.#settled = new Set()
    this.#dead = []
    this.#redelivered = waiting
    return taken
  }

  /** Something waits for the next time. */
  get holdsBack(): boolean {
    return this.#redelivered.size > 0
  }

  /** Puts back what could not be written, behind what has come since. */
  restore({ deferred, settled, dead, redelivered }: Unwritten): void {
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
    for (const redelivery of redelivered) this.redeliver(redelivery)
  }
}
