// Where rows that were read from a table enter the stream of changes.
//
// They hold what some transactions did and not what others did. They enter before the first transaction
// that they do not hold; until then the stream goes on. So what is told of a row always ends with its
// latest state, and no memory of changed rows is needed.
//
// For that, nothing that the rows do not hold may have been told before. So no transaction is begun
// while it is settled what a read sees, which takes a moment; and a read that does not see what was
// told before that moment is refused: a commit can be sent just before others can see it.

import { Deferred, Effect, FiberId } from "effect"
import type { Wal } from "../../domain/index.js"
import type { Batch } from "./ChangeReader.js"

/** What enters, once it is there. */
export type Entry<Item> = Effect.Effect<ReadonlyArray<Batch<Item>>>

/** Transactions told last that are remembered. */
const remembered = 8192

export class StreamGate<Item> {
  readonly #xids = new Uint32Array(remembered)
  readonly #places = new BigUint64Array(remembered)
  #told = 0
  #held: Deferred.Deferred<void> | undefined
  #waiting: { readonly view: Wal.ReadView; readonly entry: Entry<Item> } | undefined

  /** A transaction is about to be told: what has to enter first. */
  before(xid: Wal.Xid, commitLsn: Wal.Lsn): Entry<Item> | undefined {
    if (this.#held !== undefined) {
      return Effect.flatMap(
        Deferred.await(this.#held),
        () => this.before(xid, commitLsn) ?? nothing,
      )
    }
    this.#xids[this.#told % remembered] = xid
    this.#places[this.#told % remembered] = commitLsn
    this.#told++
    return this.#waiting?.view.sees(xid, commitLsn) === false ? this.#enter() : undefined
  }

  /** Everything before the place has been told, and nothing is half told. */
  passed(place: Wal.Lsn): Entry<Item> | undefined {
    return this.#waiting !== undefined && place >= this.#waiting.view.lsn
      ? this.#enter()
      : undefined
  }

  #enter(): Entry<Item> | undefined {
    const entry = this.#waiting?.entry
    this.#waiting = undefined
    return entry
  }

  /** Has an entry wait for its place by what it sees; false where it must not enter at all. */
  await<E>(view: Effect.Effect<Wal.ReadView, E>, entry: Entry<Item>): Effect.Effect<boolean, E> {
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const held = Deferred.unsafeMake<void>(FiberId.none)
        this.#held = held
        return held
      }),
      () =>
        Effect.map(view, (seen) => {
          if (!this.#hasTold(seen)) return false
          this.#waiting = { view: seen, entry }
          return true
        }),
      (held) => {
        this.#held = undefined
        return Deferred.succeed(held, undefined)
      },
    )
  }

  /** Whether all that was told is in what the view sees. */
  #hasTold(view: Wal.ReadView): boolean {
    for (let at = 0; at < Math.min(this.#told, remembered); at++) {
      const place = (this.#places[at] ?? 0n) as Wal.Lsn
      if (!view.sees(this.#xids[at] ?? 0, place)) return false
    }
    return true
  }

  get isAwaited(): boolean {
    return this.#waiting !== undefined
  }

  /** What waits enters no more. */
  withdraw(): void {
    this.#waiting = undefined
  }
}

const nothing: Effect.Effect<ReadonlyArray<never>> = Effect.succeed([])
