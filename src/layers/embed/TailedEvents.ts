// The journal and what comes after it for a `for await` loop, which may be as slow as it likes.

import type { Followed } from "../../actors/index.js"
import type { EventTail, TailedEvent } from "./PlainEvent.js"

/** How the loop reaches the mesh. */
export interface TailSource {
  readonly opened: Promise<{
    /** Where it began. */
    readonly start: number
    /** What has come since the last call, waiting for something. */
    readonly take: () => Promise<Followed>
  }>
  readonly close: () => Promise<void>
}

export class TailedEvents implements EventTail {
  readonly ready: Promise<void>
  readonly #source: TailSource
  #position = 0
  #dropped = 0
  #expired = 0

  constructor(source: TailSource) {
    this.#source = source
    this.ready = source.opened.then(({ start }) => {
      this.#position = start
    })
    // Who iterates is told of the failure there; nobody has to wait for `ready`.
    this.ready.catch(() => undefined)
  }

  get position(): number {
    return this.#position
  }

  get dropped(): number {
    return this.#dropped
  }

  get expired(): number {
    return this.#expired
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TailedEvent, void, undefined> {
    try {
      const { take } = await this.#source.opened
      for (;;) {
        const { dropped, end, events, expired, position } = await take()
        this.#dropped += dropped
        this.#expired += expired
        for (const { sequence, event } of events) {
          yield { sequence, event }
          // The loop has come back for more, so it is done with this one.
          if (sequence > 0) this.#position = sequence
        }
        if (end !== undefined) return
        this.#position = position
      }
    } finally {
      await this.#source.close()
    }
  }
}
