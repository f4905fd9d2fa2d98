// The events of one namespace: a dense array that starts at the oldest one retained, and an index
// of (source, id) over what is retained.

import type { Appended, JournalBounds, JournalEntry, Retention } from "../../../actors/index.js"
import { JournaledEvent, type Sequence, origin } from "../../../domain/index.js"

/** A count of events is a sequence: checking it for each event costs more than storing the event. */
const sequenceOf = (count: number): Sequence => count as Sequence

/** The parsed event is not kept: its `data` is the publisher's, and parsed events outweigh their JSON. */
interface Retained {
  readonly source: string
  readonly id: string
  readonly type: string
  readonly json: string
  readonly bytes: number
  readonly acceptedAt: number
}

export class EventLog {
  // Slots before #start are empty; they are given back in bulk, so that trimming is cheap.
  #events: Array<Retained | undefined> = []
  #start = 0
  /** The sequence just before slot 0. */
  #base = 0
  #bytes = 0
  readonly #sequences = new Map<string, Map<string, Sequence>>()

  get head(): Sequence {
    return sequenceOf(this.#base + this.#events.length)
  }

  get bounds(): JournalBounds {
    const oldest = sequenceOf(this.#base + this.#start + 1)
    return { head: this.head, oldest, bytes: this.#bytes }
  }

  append(entry: JournalEntry, acceptedAt: number): Appended {
    const { json } = entry
    const { source, id, type } = entry.event
    let ids = this.#sequences.get(source)
    if (ids === undefined) this.#sequences.set(source, (ids = new Map()))
    const first = ids.get(id)
    if (first !== undefined) return { sequence: first, duplicate: true }
    const sequence = sequenceOf(this.#base + this.#events.length + 1)
    const bytes = Buffer.byteLength(json)
    ids.set(id, sequence)
    this.#events.push({ source, id, type, json, bytes, acceptedAt })
    this.#bytes += bytes
    return { sequence, duplicate: false }
  }

  get(sequence: Sequence): JournaledEvent | undefined {
    return this.#journaled(sequence - this.#base - 1)
  }

  /** As many events after a sequence as fit in `limit` and `maxBytes`, but at least one. */
  read(after: Sequence, limit: number, maxBytes: number): Array<JournaledEvent> {
    const events: Array<JournaledEvent> = []
    let bytes = 0
    for (let slot = Math.max(after - this.#base, this.#start); events.length < limit; slot++) {
      const event = this.#journaled(slot)
      if (event === undefined) break
      bytes += this.#events[slot]?.bytes ?? 0
      if (bytes > maxBytes && events.length > 0) break
      events.push(event)
    }
    return events
  }

  /** The last sequence accepted before a time, as far as events are retained. */
  positionAt(time: number): Sequence {
    let slot = this.#events.length - 1
    while (slot >= this.#start && (this.#events[slot]?.acceptedAt ?? 0) >= time) slot--
    return sequenceOf(this.#base + slot + 1)
  }

  /** The last sequence that retention lets go, 0 when none. */
  expired({ acceptedBefore = Number.NEGATIVE_INFINITY, maxBytes }: Retention): Sequence {
    const last = this.#events.length - 1
    let rest = this.#bytes
    let slot = this.#start
    let kept = slot
    for (; slot < last && rest > (maxBytes ?? rest); slot++) rest -= this.#events[slot]?.bytes ?? 0
    while (kept < last && (this.#events[kept]?.acceptedAt ?? 0) < acceptedBefore) kept++
    const end = Math.max(slot, kept)
    return end === this.#start ? origin : sequenceOf(this.#base + end)
  }

  /** Deletes at most `limit` of the oldest events up to a sequence, never the head; answers how many. */
  trim(upTo: Sequence, limit: number): number {
    const end = Math.min(upTo - this.#base, this.#events.length - 1, this.#start + limit)
    return this.#drop(end)
  }

  /** Deletes at most `limit` of the oldest events; answers how many. With the last one goes the count. */
  purge(limit: number): number {
    const dropped = this.#drop(Math.min(this.#events.length, this.#start + limit))
    if (this.#start === this.#events.length) this.#base = this.#start = this.#events.length = 0
    return dropped
  }

  /** Empties the slots from #start up to `end`. */
  #drop(end: number): number {
    const start = this.#start
    for (; this.#start < end; this.#start++) {
      const event = this.#events[this.#start]
      if (event === undefined) continue
      this.#events[this.#start] = undefined
      this.#bytes -= event.bytes
      this.#forget(event)
    }
    const dropped = this.#start - start
    if (this.#start * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#start)
      this.#base += this.#start
      this.#start = 0
    }
    return dropped
  }

  #journaled(slot: number): JournaledEvent | undefined {
    const event = this.#events[slot]
    if (event === undefined) return undefined
    const sequence = sequenceOf(this.#base + slot + 1)
    return new JournaledEvent(sequence, event.type, event.json, event.acceptedAt)
  }

  #forget({ source, id }: Retained): void {
    const ids = this.#sequences.get(source)
    ids?.delete(id)
    if (ids?.size === 0) this.#sequences.delete(source)
  }
}
