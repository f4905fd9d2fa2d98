// What of a subscription's progress is not in the store yet: collected into one change, given back
// when the write failed. Later facts win over earlier ones.

import type { Deferral, NewDeadLetter } from "../ports/index.js"
import type { Sequence } from "../../domain/index.js"

export interface Unwritten {
  readonly deferred: ReadonlyArray<Deferral>
  readonly settled: ReadonlyArray<Sequence>
  readonly dead: ReadonlyArray<NewDeadLetter>
}

export class UnwrittenProgress {
  #deferred = new Map<Sequence, Deferral>()
  #settled = new Set<Sequence>()
  #dead: Array<NewDeadLetter> = []

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

  /** Takes everything out, to be written. */
  take(): Unwritten {
    const taken: Unwritten = {
      deferred: [...this.#deferred.values()],
      settled: [...this.#settled],
      dead: this.#dead,
    }
    this.#deferred = new Map()
    this.#settled = new Set()
    this.#dead = []
    return taken
  }

  /** Puts back what could not be written, behind what has come since. */
  restore({ deferred, settled, dead }: Unwritten): void {
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
  }
}
