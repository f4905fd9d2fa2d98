// Writes the progress of all feeds of a sort, many at a time: what is settled within one interval goes
// into one write. A write that fails is tried again with what has come since.

import { Duration, Effect, Schedule } from "effect"
import type { StoreUnavailable } from "../ports/index.js"
import type { ProgressSnapshot } from "./FeedProgress.js"
import type { SubscriptionFeed } from "./SubscriptionFeed.js"

interface Entry<Change> {
  readonly feed: SubscriptionFeed
  readonly changeOf: (progress: ProgressSnapshot) => Change
}

/** Writes changes in one atomic write. */
export type Commit<Change> = (
  changes: ReadonlyArray<Change>,
) => Effect.Effect<void, StoreUnavailable>

/** Changes in one write. */
const changesPerWrite = 500

export class ProgressLog<Change> {
  readonly #commit: Commit<Change>
  readonly #interval: Duration.Duration
  readonly #touched = new Map<SubscriptionFeed, Entry<Change>>()
  readonly #arrival = Effect.unsafeMakeLatch(false)
  readonly #hurry = Effect.unsafeMakeLatch(false)
  readonly #forgotten = new WeakSet<SubscriptionFeed>()
  #round = Effect.unsafeMakeLatch(false)
  #failures = 0

  constructor(commit: Commit<Change>, interval: Duration.Duration) {
    this.#commit = commit
    this.#interval = interval
  }

  /** Writes that have failed in a row. */
  get failures(): number {
    return this.#failures
  }

  /** There is progress of a feed to write, as what `changeOf` makes of it. */
  touch(feed: SubscriptionFeed, changeOf: (progress: ProgressSnapshot) => Change): void {
    if (this.#touched.has(feed) || this.#forgotten.has(feed)) return
    this.#touched.set(feed, { feed, changeOf })
    this.#arrival.unsafeOpen()
  }

  /** Writes the progress of a feed, its bare position included, and returns when it is stored. */
  flush(
    feed: SubscriptionFeed,
    changeOf: (progress: ProgressSnapshot) => Change,
  ): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.touch(feed, changeOf)
      this.#hurry.unsafeOpen()
      const round = this.#round
      return round.await.pipe(
        Effect.zipRight(
          Effect.suspend(() =>
            this.#touched.has(feed) || feed.hasUnwritten ? this.flush(feed, changeOf) : Effect.void,
          ),
        ),
      )
    })
  }

  /**
   * Gives up on what of a feed is not written: its deliveries may be repeated. Written later, it would
   * mix with the progress of the feed that comes after it.
   */
  forget(feed: SubscriptionFeed): void {
    this.#touched.delete(feed)
    this.#forgotten.add(feed)
    if (this.#touched.size > 0) return
    // With nothing left to write, nothing fails.
    this.#failures = 0
    this.#rest()
  }

  /** The writer: runs until interrupted, then writes what is left, if the store takes it. */
  get run(): Effect.Effect<never> {
    const pause = Effect.suspend(() =>
      this.#failures === 0
        ? Effect.race(Effect.sleep(this.#interval), this.#hurry.await)
        : Effect.sleep(backoff(this.#failures)),
    )
    const turn = Effect.zipRight(
      this.#arrival.await,
      Effect.zipRight(pause, Effect.uninterruptible(this.#write)),
    )
    return Effect.forever(turn).pipe(
      Effect.ensuring(Effect.repeat(this.#write, Schedule.recurs(2))),
    )
  }

  get #write(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const entries = [...this.#touched.values()].slice(0, changesPerWrite)
      if (entries.length === 0) return Effect.void
      const taken: Array<readonly [Entry<Change>, ProgressSnapshot]> = []
      const changes: Array<Change> = []
      for (const entry of entries) {
        this.#touched.delete(entry.feed)
        const progress = entry.feed.collect()
        taken.push([entry, progress])
        changes.push(entry.changeOf(progress))
      }
      if (this.#touched.size === 0) this.#rest()
      return this.#commit(changes).pipe(
        Effect.matchCauseEffect({
          onSuccess: () => Effect.sync(() => this.#succeed(taken)),
          onFailure: (cause) =>
            Effect.zipRight(
              Effect.sync(() => this.#fail(taken)),
              Effect.logWarning("Progress of subscriptions could not be written", cause),
            ),
        }),
      )
    })
  }

  #rest(): void {
    this.#arrival.unsafeClose()
    this.#hurry.unsafeClose()
  }

  #succeed(taken: ReadonlyArray<readonly [Entry<Change>, ProgressSnapshot]>): void {
    this.#failures = 0
    for (const [{ feed }, progress] of taken) feed.written(progress)
    this.#endRound()
  }

  #fail(taken: ReadonlyArray<readonly [Entry<Change>, ProgressSnapshot]>): void {
    this.#failures++
    for (const [{ feed, changeOf }, progress] of taken) {
      feed.restore(progress)
      this.touch(feed, changeOf)
    }
    this.#endRound()
  }

  #endRound(): void {
    const round = this.#round
    this.#round = Effect.unsafeMakeLatch(false)
    round.unsafeOpen()
  }
}

const backoff = (failures: number): Duration.Duration =>
  Duration.millis(Math.min(5000, 50 * 2 ** Math.min(failures, 10)))
