// When a batch is full enough to go: it has as many events or bytes as fit, or its first event has
// waited as long as it may.
//
// It is told how many deliveries are ready, each time that may have changed, and keeps since when.

import { Deque } from "./Deque.js"

export interface BatchWait {
  readonly maxEvents: number
  /** Bytes (UTF-8) of the events' JSON. */
  readonly maxBytes: number
  /** How long an event may wait for others, in milliseconds; more than 0. */
  readonly maxWaitMillis: number
}

interface Arrival {
  /** When they were first seen ready, in milliseconds since the epoch. */
  readonly at: number
  count: number
}

export class BatchFill {
  readonly #wait: BatchWait
  readonly #arrivals = new Deque<Arrival>()
  #ready = 0

  constructor(wait: BatchWait) {
    this.#wait = wait
  }

  /** So many are ready now: what is more has just come, what is less went first come, first gone. */
  note(ready: number, now: number): void {
    if (ready > this.#ready) this.#arrivals.push({ at: now, count: ready - this.#ready })
    let gone = this.#ready - ready
    for (let first = this.#arrivals.peek(); gone > 0 && first !== undefined; ) {
      const taken = Math.min(gone, first.count)
      first.count -= taken
      gone -= taken
      if (first.count === 0) this.#arrivals.shift()
      first = this.#arrivals.peek()
    }
    this.#ready = ready
  }

  /**
   * When the next batch may go, given the bytes of what is ready: `now` or before when it may now.
   * A clock that was set back lets it go.
   */
  dueAt(bytes: number, now: number): number {
    const { maxBytes, maxEvents, maxWaitMillis } = this.#wait
    const first = this.#arrivals.peek()
    if (first === undefined || this.#ready >= maxEvents || bytes >= maxBytes) return now
    return first.at > now ? now : first.at + maxWaitMillis
  }

  /** Batches that what is ready fills; at least one. */
  get batches(): number {
    return Math.max(1, Math.floor(this.#ready / this.#wait.maxEvents))
  }
}
