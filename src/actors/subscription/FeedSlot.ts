// Where the feed of a subscription is found while there is one, and waited for while there is none.

import { Effect } from "effect"
import type { SubscriptionFeed } from "./SubscriptionFeed.js"

export class FeedSlot {
  readonly #filled = Effect.unsafeMakeLatch(false)
  #feed: SubscriptionFeed | undefined

  get current(): SubscriptionFeed | undefined {
    return this.#feed
  }

  set current(feed: SubscriptionFeed | undefined) {
    this.#feed = feed
    if (feed === undefined) this.#filled.unsafeClose()
    else this.#filled.unsafeOpen()
  }

  /** The feed, as soon as there is one. */
  get next(): Effect.Effect<SubscriptionFeed> {
    const look: Effect.Effect<SubscriptionFeed> = Effect.zipRight(
      this.#filled.await,
      Effect.suspend(() => (this.#feed === undefined ? look : Effect.succeed(this.#feed))),
    )
    return look
  }
}
