// Events out of the messages of transactions. The server's catalog is asked for types that are new,
// and for the key of a relation where the message lacks it.

import { Effect } from "effect"
import { type SourceProblem, Wal } from "../../domain/index.js"
import type { ChangeStream } from "../ports/index.js"
import type { ChangeMaker, Emit } from "./ChangeMaker.js"
import { learnTypes } from "./LearnTypes.js"

export interface EventMakerOptions {
  readonly stream: Pick<ChangeStream, "describeTypes" | "primaryKey" | "readText">
  readonly plan: Wal.EventPlan
  readonly values: Wal.ValueOptions
  readonly now: () => number
  readonly unreadable: (change: Wal.UnreadableChange) => void
}

export class EventMaker implements ChangeMaker<Wal.SourcedEvent> {
  readonly #options: EventMakerOptions
  readonly #types: Wal.PgTypes
  readonly #events: Wal.TransactionEvents

  constructor(options: EventMakerOptions) {
    const { plan, stream, values } = options
    this.#options = options
    this.#types = new Wal.PgTypes(values)
    this.#events = new Wal.TransactionEvents(plan, this.#types, stream.readText)
  }

  describe(relation: Wal.Relation): Effect.Effect<void, SourceProblem> {
    const { stream } = this.#options
    // The replica identity names the columns of the key, but in the order of the table.
    const isTold =
      relation.replicaIdentity === "default" &&
      relation.columns.filter(({ isKey }) => isKey).length < 2
    return Effect.gen(this, function* () {
      yield* learnTypes(this.#types, stream, relation)
      const key = isTold ? undefined : yield* stream.primaryKey(relation.oid)
      this.#events.describe(relation, key)
    })
  }

  begin(transaction: Wal.Transaction): void {
    this.#events.begin(transaction)
  }

  change(change: Wal.ChangeMessage, emit: Emit<Wal.SourcedEvent>): void {
    const { now, unreadable } = this.#options
    this.#events.change(change, now(), { event: emit, unreadable })
  }

  end(): void {
    this.#events.end()
  }

  mark(): () => void {
    const { relations } = this.#events
    return () => {
      this.#events.relations = relations
    }
  }
}
