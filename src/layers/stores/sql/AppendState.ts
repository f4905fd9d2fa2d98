// What an append knows of its events on their way into the journal, until it has ended.
//
// The effects of an append hold this, and nothing of what it holds: an effect that is done with may stay
// in memory until the next full collection, and so does whatever it can reach (decision 0020).

import type { Appended, JournalEntry } from "../../../actors/index.js"
import { type NamespaceName, Sequence } from "../../../domain/index.js"
import {
  type EventBatch,
  eventBatch,
  type EventRow,
  inStatements,
  insertion,
  type Insertion,
  place,
  type Placement,
} from "./EventBatch.js"
import type { Head, JournalHeads } from "./JournalHeads.js"

const emptyBatch: EventBatch = { rows: [], rowOf: [] }
const nothing: Placement = { rows: [], sequences: [], offsets: [], heads: new Map() }
const first: Head = { sequence: 0, bytes: 0 }
const none: ReadonlyMap<string, number> = new Map()

export class AppendState {
  #batch: EventBatch
  /** Of the rows that the journal has already, by key, their places. */
  #known = none
  readonly #acceptedAt: number
  readonly #heads = new Map<NamespaceName, Head>()
  #placement = nothing
  #insertions: ReadonlyArray<Insertion> = []

  /** `acceptedAt` is in milliseconds since the epoch. */
  constructor(entries: ReadonlyArray<JournalEntry>, acceptedAt: number) {
    this.#batch = eventBatch(entries)
    this.#acceptedAt = acceptedAt
  }

  /** The keys of the rows, in their order. */
  get keys(): ReadonlyArray<string> {
    return this.#batch.rows.map(({ key }) => key)
  }

  /** These rows, numbered from 1, are in the journal already, at these places. */
  learn(found: ReadonlyArray<{ readonly row: number; readonly sequence: number }>): void {
    const { rows } = this.#batch
    this.#known = new Map(found.map(({ row, sequence }) => [rows[row - 1]?.key ?? "", sequence]))
  }

  get #fresh(): ReadonlyArray<EventRow> {
    const { rows } = this.#batch
    return this.#known.size === 0 ? rows : rows.filter(({ key }) => !this.#known.has(key))
  }

  /** Takes the heads of the rows' namespaces from memory, and answers the namespaces without one. */
  recall(remembered: JournalHeads): ReadonlyArray<NamespaceName> {
    this.#heads.clear()
    const missing = new Set<NamespaceName>()
    for (const { entry } of this.#fresh) {
      const head = remembered.get(entry.namespace)
      if (head === undefined) missing.add(entry.namespace)
      else this.#heads.set(entry.namespace, head)
    }
    return [...missing]
  }

  setHead(namespace: NamespaceName, head: Head): void {
    this.#heads.set(namespace, head)
  }

  /** Gives the rows that are new their places, and answers how to insert them. */
  place(): ReadonlyArray<Insertion> {
    this.#forgetInsertions()
    this.#placement = place(this.#fresh, (namespace) => this.#heads.get(namespace) ?? first)
    this.#insertions = inStatements(this.#placement).map((run) => insertion(run, this.#acceptedAt))
    return this.#insertions
  }

  /** The heads once the rows are stored. */
  get heads(): ReadonlyMap<NamespaceName, Head> {
    return this.#placement.heads
  }

  /** In the order of the entries: the first of a new event has its place, all others are duplicates. */
  get answer(): ReadonlyArray<Appended> {
    const { rowOf, rows } = this.#batch
    let next = 0
    const places = rows.map(
      ({ key }) => this.#known.get(key) ?? this.#placement.sequences[next++] ?? 0,
    )
    let seen = 0
    return rowOf.map((row) => {
      // Rows are numbered in the order in which entries first name them.
      const isFirst = row === seen
      if (isFirst) seen += 1
      return {
        sequence: Sequence.make(places[row] ?? 0, true),
        duplicate: !isFirst || this.#known.has(rows[row]?.key ?? ""),
      }
    })
  }

  /** The append has ended: lets go of all it held, the parameters of its statements among it. */
  end(): void {
    this.#forgetInsertions()
    this.#batch = emptyBatch
    this.#placement = nothing
    this.#known = none
    this.#heads.clear()
  }

  #forgetInsertions(): void {
    for (const { parameters } of this.#insertions) parameters.length = 0
    this.#insertions = []
  }
}
