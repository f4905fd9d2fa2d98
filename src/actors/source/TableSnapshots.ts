// The snapshots of a source's tables: which there are, how far they are, and which is next. What is
// shown is stored.

import { Deferred, Effect, FiberId } from "effect"
import {
  isUnderWay,
  requestSnapshot,
  type TableName,
  type TableSnapshot,
} from "../../domain/index.js"

export class TableSnapshots {
  readonly #store: (snapshot: TableSnapshot) => Effect.Effect<void>
  readonly #byTable = new Map<TableName, TableSnapshot>()
  #asked = Deferred.unsafeMake<void>(FiberId.none)

  /** `store` keeps one, whatever that takes. */
  constructor(
    present: ReadonlyArray<TableSnapshot>,
    store: (snapshot: TableSnapshot) => Effect.Effect<void>,
  ) {
    this.#store = store
    for (const snapshot of present) this.#byTable.set(snapshot.table, snapshot)
  }

  /** Ascending by table. */
  get all(): ReadonlyArray<TableSnapshot> {
    return [...this.#byTable.values()].sort((a, b) => (a.table < b.table ? -1 : 1))
  }

  /** The one under way, else a new one. */
  request(table: TableName, now: number): Effect.Effect<TableSnapshot> {
    return Effect.suspend(() => {
      const present = this.#byTable.get(table)
      if (present !== undefined && isUnderWay(present)) return Effect.succeed(present)
      const snapshot = requestSnapshot(table, now, present)
      return Effect.as(this.put(snapshot), snapshot)
    })
  }

  /** Puts those on the list that were never on it. */
  plan(tables: ReadonlyArray<TableName>, now: number): Effect.Effect<void> {
    return Effect.forEach(
      tables.filter((table) => !this.#byTable.has(table)),
      (table) => this.request(table, now),
      { discard: true },
    )
  }

  put(snapshot: TableSnapshot): Effect.Effect<void> {
    return Effect.zipRight(
      this.#store(snapshot),
      Effect.sync(() => {
        this.#byTable.set(snapshot.table, snapshot)
        if (!isUnderWay(snapshot)) return
        const asked = this.#asked
        this.#asked = Deferred.unsafeMake(FiberId.none)
        Deferred.unsafeDone(asked, Effect.void)
      }),
    )
  }

  /** One that is under way before one that waits. */
  get next(): TableSnapshot | undefined {
    let waiting: TableSnapshot | undefined
    for (const snapshot of this.#byTable.values()) {
      if (snapshot.state === "reading") return snapshot
      if (snapshot.state === "waiting") waiting ??= snapshot
    }
    return waiting
  }

  /** Waits until there is one to read. */
  get awaitNext(): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.next === undefined
        ? Effect.flatMap(Deferred.await(this.#asked), () => this.awaitNext)
        : Effect.void,
    )
  }
}
