// A token bucket: how much of a rate is left at a time that it is told.
//
// It holds at most the rate's burst, begins full and fills at the rate; in any time t of forward
// movement of the clock it gives no more than rate · t + burst. A clock that goes backwards gives
// and takes nothing: it goes on filling from where the clock is now.
//
// It counts in integers, tokens times the unit of the rate, so that nothing is lost or won by rounding.
// Time comes in milliseconds, though: a burst smaller than what comes in one lets less through.

import type { Rate } from "../units/index.js"

export class TokenBucket {
  readonly rate: Rate
  readonly #full: number
  /** Tokens times `rate.perMillis`. */
  #credit: number
  /** When the credit was last reckoned, in milliseconds since the epoch. */
  #at: number

  constructor(rate: Rate, now: number) {
    this.rate = rate
    this.#full = rate.burst * rate.perMillis
    this.#credit = this.#full
    this.#at = now
  }

  /** A bucket of another rate, from which as many tokens are taken as are missing here. */
  refitted(rate: Rate, now: number): TokenBucket {
    const bucket = new TokenBucket(rate, now)
    bucket.take(Math.min(rate.burst, this.rate.burst - this.available(now)), now)
    return bucket
  }

  /** Whole tokens that can be taken now. */
  available(now: number): number {
    return Math.floor(this.#fill(now) / this.rate.perMillis)
  }

  /** Takes so many tokens, if they are there: all of them or none. */
  take(tokens: number, now: number): boolean {
    const credit = this.#fill(now)
    const wanted = tokens * this.rate.perMillis
    if (wanted > credit) return false
    this.#credit = credit - wanted
    return true
  }

  /** The first millisecond at which so many can be taken, if none is before; `Infinity` beyond the burst. */
  dueAt(tokens: number, now: number): number {
    const { amount, burst, perMillis } = this.rate
    if (tokens > burst) return Number.POSITIVE_INFINITY
    const missing = tokens * perMillis - this.#fill(now)
    return missing <= 0 ? now : now + Math.ceil(missing / amount)
  }

  /** Nothing was taken that has not come back. */
  isFull(now: number): boolean {
    return this.#fill(now) === this.#full
  }

  #fill(now: number): number {
    const elapsed = now - this.#at
    this.#at = now
    if (elapsed > 0) {
      this.#credit = Math.min(this.#full, this.#credit + elapsed * this.rate.amount)
    }
    return this.#credit
  }
}
