// The messages of one transaction that is not committed yet, in the order in which they came: in
// memory, in slabs, and, where they grow too large, in a file.
//
// Each message stands behind its length and the id of its subtransaction. Those of a subtransaction
// that was aborted are passed over when the rest is read.

import { Effect } from "effect"
import type { SourceProblem, Wal } from "../../domain/index.js"
import type { SpillFile } from "../ports/index.js"

const firstSlabBytes = 4 * 1024
const slabBytes = 256 * 1024
const headerBytes = 8

interface Slab {
  bytes: Uint8Array
  used: number
}

export interface LoggedMessage {
  readonly xid: Wal.Xid
  readonly bytes: Uint8Array
}

export class FrameLog {
  readonly #slabs: Array<Slab> = []
  readonly #aborted = new Set<Wal.Xid>()
  /** What each slab in the file holds, in order. */
  readonly #spilled: Array<number> = []
  #file: SpillFile | undefined

  /** Bytes held in memory. */
  get memoryBytes(): number {
    return this.#slabs.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** Answers how many more bytes of memory it holds now. */
  add(xid: Wal.Xid, message: Uint8Array): number {
    const needed = headerBytes + message.length
    let slab = this.#slabs.at(-1)
    let grown = 0
    if (slab === undefined || slab.used + needed > slab.bytes.length) {
      grown = Math.max(slab === undefined ? firstSlabBytes : slabBytes, needed)
      slab = { bytes: new Uint8Array(grown), used: 0 }
      this.#slabs.push(slab)
    }
    const view = new DataView(slab.bytes.buffer, slab.used, headerBytes)
    view.setUint32(0, xid)
    view.setUint32(4, message.length)
    slab.bytes.set(message, slab.used + headerBytes)
    slab.used += needed
    return grown
  }

  abort(subXid: Wal.Xid): void {
    this.#aborted.add(subXid)
  }

  /** Moves what is in memory to the file; answers how many bytes of memory that freed. */
  spill(open: Effect.Effect<SpillFile, SourceProblem>): Effect.Effect<number, SourceProblem> {
    return Effect.gen(this, function* () {
      const file = (this.#file ??= yield* open)
      let freed = 0
      for (;;) {
        const slab = this.#slabs[0]
        if (slab === undefined) return freed
        yield* file.append(slab.bytes.subarray(0, slab.used))
        this.#spilled.push(slab.used)
        this.#slabs.shift()
        freed += slab.bytes.length
      }
    })
  }

  /** The messages that were not aborted, a slab at a time, to an effect that ends before the next. */
  read<E, R>(
    each: (messages: ReadonlyArray<LoggedMessage>) => Effect.Effect<void, E, R>,
  ): Effect.Effect<void, E | SourceProblem, R> {
    return Effect.gen(this, function* () {
      let offset = 0
      if (this.#file !== undefined) {
        for (const length of this.#spilled) {
          yield* each(this.#messagesIn(yield* this.#file.read(offset, length), length))
          offset += length
        }
      }
      for (const { bytes, used } of this.#slabs) yield* each(this.#messagesIn(bytes, used))
    })
  }

  get remove(): Effect.Effect<void> {
    return Effect.suspend(() => this.#file?.remove ?? Effect.void)
  }

  #messagesIn(slab: Uint8Array, used: number): ReadonlyArray<LoggedMessage> {
    const messages: Array<LoggedMessage> = []
    const view = new DataView(slab.buffer, slab.byteOffset, slab.byteLength)
    let at = 0
    while (at < used) {
      const xid = view.getUint32(at)
      const start = at + headerBytes
      at = start + view.getUint32(at + 4)
      if (!this.#aborted.has(xid)) messages.push({ xid, bytes: slab.subarray(start, at) })
    }
    return messages
  }
}
