// The rate at which an open sink takes deliveries, where it has one: how many may start now, and when to
// look again.

import { type Rate, TokenBucket } from "../../domain/index.js"

export interface SinkRateOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Has somebody look again at this time, in milliseconds since the epoch. */
  readonly alarm?: (at: number) => void
}

export class SinkRate {
  readonly #options: SinkRateOptions
  #bucket: TokenBucket | undefined

  constructor(options: SinkRateOptions) {
    this.#options = options
  }

  /** A sink that is opened again with the rate it had goes on from where it was. */
  adopt(rate: Rate | undefined): void {
    const now = this.#options.now()
    this.#bucket =
      rate === undefined
        ? undefined
        : (this.#bucket?.refitted(rate, now) ?? new TokenBucket(rate, now))
  }

  /** As many as have a token; where none has, somebody looks again when the next one comes. */
  allowed(deliveries: number): number {
    if (deliveries <= 0 || this.#bucket === undefined) return deliveries
    const now = this.#options.now()
    const tokens = this.#bucket.available(now)
    if (tokens === 0) this.#options.alarm?.(this.#bucket.dueAt(1, now))
    return Math.min(deliveries, tokens)
  }

  /** A delivery starts. */
  take(): void {
    this.#bucket?.take(1, this.#options.now())
  }
}
