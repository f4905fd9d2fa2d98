// The rate limit of a subscription, which its live flow and its replays share: together they start no
// more than it lets through.
//
// While both wait, what is live comes first, and every eighth delivery is a replay's, so that neither
// stands still. Who waits says until when; who does not come then, as when it was paused meanwhile,
// loses the turn.

import { type Rate, TokenBucket } from "../../domain/index.js"

/** What tells how much of a rate is left; times are milliseconds since the epoch. */
export interface RateMeter {
  /** Whole tokens that can be taken now. */
  available(now: number): number
  /** The first millisecond at which so many can be taken, if none is before. */
  dueAt(tokens: number, now: number): number
  take(tokens: number, now: number): void
}

/** Deliveries of the live flow for each of a replay, while both wait. */
const livePerReplay = 7

interface Side {
  /** Until when it waits for its turn. */
  waitsUntil: number
}

export class SharedRate {
  readonly #bucket: TokenBucket
  readonly #live: Side = { waitsUntil: Number.NEGATIVE_INFINITY }
  readonly #replay: Side = { waitsUntil: Number.NEGATIVE_INFINITY }
  /** Deliveries of the live flow since the last of a replay, while one waited. */
  #passedBy = 0

  constructor(rate: Rate, now: number) {
    this.#bucket = new TokenBucket(rate, now)
  }

  /** For the live flow. */
  get live(): RateMeter {
    return this.#meter(
      this.#live,
      this.#replay,
      () => this.#passedBy >= livePerReplay,
      (tokens, now) => {
        if (this.#replay.waitsUntil >= now) this.#passedBy += tokens
      },
    )
  }

  /** For each of the replays. */
  get replay(): RateMeter {
    return this.#meter(
      this.#replay,
      this.#live,
      () => this.#passedBy < livePerReplay,
      () => {
        this.#passedBy = 0
      },
    )
  }

  #meter(
    own: Side,
    other: Side,
    othersFirst: () => boolean,
    onTaken: (tokens: number, now: number) => void,
  ): RateMeter {
    const yields = (now: number) => other.waitsUntil >= now && othersFirst()
    return {
      available: (now) => (yields(now) ? 0 : this.#bucket.available(now)),
      dueAt: (tokens, now) => {
        const filled = this.#bucket.dueAt(tokens, now)
        const due = yields(now) ? Math.max(filled, other.waitsUntil + 1) : filled
        if (due > now) own.waitsUntil = due
        return due
      },
      take: (tokens, now) => {
        this.#bucket.take(tokens, now)
        own.waitsUntil = Number.NEGATIVE_INFINITY
        onTaken(tokens, now)
      },
    }
  }
}

/** What all of them let through. */
export const slowestOf = (meters: ReadonlyArray<RateMeter>): RateMeter | undefined =>
  meters.length === 0
    ? undefined
    : {
        available: (now) => Math.min(...meters.map((meter) => meter.available(now))),
        dueAt: (tokens, now) => Math.max(...meters.map((meter) => meter.dueAt(tokens, now))),
        take: (tokens, now) => {
          for (const meter of meters) meter.take(tokens, now)
        },
      }
