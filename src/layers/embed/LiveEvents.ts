// A live stream for a `for await` loop: attached at once, read in batches, let go of when it ends.

import type { LiveTap } from "../../actors/index.js"
import { Chunk } from "effect"
import type { EventStream, MeshEvent } from "./PlainEvent.js"

/** How the stream reaches the mesh. */
export interface LiveSource {
  readonly opened: Promise<LiveTap>
  /** What has come since the last call, waiting for at least one; `done` when no more will come. */
  readonly take: (
    tap: LiveTap,
  ) => Promise<{ readonly events: ReadonlyArray<MeshEvent>; readonly done: boolean }>
  readonly close: () => Promise<void>
}

export class LiveEvents implements EventStream {
  readonly ready: Promise<void>
  readonly #source: LiveSource
  #tap: LiveTap | undefined

  constructor(source: LiveSource) {
    this.#source = source
    this.ready = source.opened.then((tap) => {
      this.#tap = tap
    })
    // Who iterates is told of the failure there; nobody has to wait for `ready`.
    this.ready.catch(() => undefined)
  }

  get dropped(): number {
    return this.#tap?.dropped() ?? 0
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MeshEvent, void, undefined> {
    try {
      const tap = await this.#source.opened
      for (let done = false; !done; ) {
        const taken = await this.#source.take(tap)
        yield* taken.events
        done = taken.done
      }
    } finally {
      await this.#source.close()
    }
  }
}

export const takeFrom = ([events, done]: readonly [
  Chunk.Chunk<{ readonly event: MeshEvent }>,
  boolean,
]): { readonly events: ReadonlyArray<MeshEvent>; readonly done: boolean } => ({
  events: Chunk.toReadonlyArray(events).map(({ event }) => event),
  done,
})
