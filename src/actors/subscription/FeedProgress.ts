// How far a feed has come, and how much of that the store knows: the position, what is settled above
// it, and the facts that wait to be written.

import { AckedRanges, Sequence } from "../../domain/index.js"
import type { Attempt, Deferral, NewDeadLetter, Redelivery } from "../ports/index.js"
import type { Place } from "./Item.js"
import { Outstanding } from "./Outstanding.js"
import {
  recordsIn,
  type Unwritten,
  UnwrittenProgress,
  type UnwrittenRecords,
} from "./UnwrittenProgress.js"

/** A snapshot of progress on its way to the store. */
export interface ProgressSnapshot {
  readonly position: Sequence
  /** The position with what is settled above it, as `AckedRanges` writes it. */
  readonly acknowledged: string
  readonly unwritten: Unwritten
  /** How many facts are in it. */
  readonly facts: number
}

export class FeedProgress {
  readonly #outstanding = new Outstanding()
  readonly #unwritten = new UnwrittenProgress()
  readonly #onFact: () => void
  /** Settled before this start: not delivered again, and stored again until the position is past it. */
  #earlier: AckedRanges
  #facts = 0
  /** Collected, and not known to be in the store yet. */
  #writing: Unwritten | undefined

  constructor(earlier: AckedRanges, onFact: () => void) {
    this.#earlier = earlier
    this.#onFact = onFact
  }

  /** Facts that a crash would forget. */
  get facts(): number {
    return this.#facts
  }

  /** Places from the position to the last admitted event. */
  get spread(): number {
    return this.#outstanding.size
  }

  isSettled(sequence: Sequence): boolean {
    return this.#earlier.isAcknowledged(sequence)
  }

  admit(sequence: Sequence): Place {
    return this.#outstanding.admit(sequence)
  }

  /** Whether an event was admitted that is neither settled nor set aside. */
  isOpen(sequence: Sequence): boolean {
    return this.#outstanding.find(sequence) !== undefined
  }

  /** What is known of an event and not surely in the store. */
  unwrittenOf(sequence: Sequence): UnwrittenRecords {
    const waiting = this.#unwritten.of(sequence)
    if (this.#writing === undefined) return waiting
    const writing = recordsIn(this.#writing, sequence)
    return {
      deadLetter: waiting.deadLetter ?? writing.deadLetter,
      attempts: [...writing.attempts, ...waiting.attempts],
      isRedelivered: waiting.isRedelivered || writing.isRedelivered,
    }
  }

  /** The position may pass this place; says nothing about why. */
  pass(place: Place): void {
    this.#outstanding.pass(place)
  }

  /** Everything up to here is over, given that all up to `scanned` was admitted. */
  position(scanned: Sequence): Sequence {
    return Sequence.make(this.#outstanding.floor(scanned))
  }

  settled(): void {
    this.#facts++
    this.#onFact()
  }

  deferred(deferral: Deferral): void {
    this.#unwritten.defer(deferral)
    this.settled()
  }

  deferralEnded(sequence: Sequence): void {
    this.#unwritten.settle(sequence)
    this.settled()
  }

  buried(letter: NewDeadLetter): void {
    this.#unwritten.bury(letter)
    this.settled()
  }

  attempted(attempt: Attempt): void {
    this.#unwritten.attempt(attempt)
  }

  redelivered(redelivery: Redelivery): void {
    this.#unwritten.redeliver(redelivery)
    this.settled()
  }

  /** Takes what is to be written. */
  collect(scanned: Sequence): ProgressSnapshot {
    const acknowledged = this.#outstanding.acknowledged(scanned, this.#earlier)
    const position = Sequence.make(acknowledged.floor)
    if (this.#earlier.ceiling <= position) this.#earlier = new AckedRanges(position)
    const unwritten = this.#unwritten.take()
    this.#writing = unwritten
    return { position, acknowledged: acknowledged.toString(), unwritten, facts: this.#facts }
  }

  /** What was collected is in the store. */
  written({ facts }: ProgressSnapshot): void {
    this.#facts -= facts
    this.#writing = undefined
    if (this.#unwritten.holdsBack) this.settled()
  }

  /** What was collected is not in the store, as far as is known: it will be collected again. */
  restore({ unwritten }: ProgressSnapshot): void {
    this.#writing = undefined
    this.#unwritten.restore(unwritten)
  }
}
