// The journal as one would tell it: a list per namespace, searched from the start. What the laws
// compare every adapter with.

import type { JournalEntry, JournalRead, Retention } from "../../src/actors/index.js"
import type { NamespaceName } from "../../src/domain/index.js"

interface Kept {
  readonly source: string
  readonly id: string
  readonly seen: {
    readonly sequence: number
    readonly type: string
    readonly json: string
    readonly acceptedAt: number
  }
}

const bytes = ({ seen }: Kept): number => new TextEncoder().encode(seen.json).length

export class NaiveJournal {
  readonly #kept = new Map<NamespaceName, ReadonlyArray<Kept>>()

  kept(namespace: NamespaceName): ReadonlyArray<Kept> {
    return this.#kept.get(namespace) ?? []
  }

  events(namespace: NamespaceName) {
    return this.kept(namespace).map(({ seen }) => seen)
  }

  bounds(namespace: NamespaceName) {
    const events = this.events(namespace)
    return {
      head: events.at(-1)?.sequence ?? 0,
      oldest: events[0]?.sequence ?? 1,
      bytes: this.kept(namespace).reduce((sum, one) => sum + bytes(one), 0),
    }
  }

  append(entries: ReadonlyArray<JournalEntry>, acceptedAt: number) {
    return entries.map(({ namespace, event: { source, id, type }, json }) => {
      const kept = this.kept(namespace)
      const first = kept.find((one) => one.source === source && one.id === id)
      if (first !== undefined) return { sequence: first.seen.sequence, duplicate: true }
      const sequence = this.bounds(namespace).head + 1
      const seen = { sequence, type, json, acceptedAt }
      this.#kept.set(namespace, [...kept, { source, id, seen }])
      return { sequence, duplicate: false }
    })
  }

  read({ namespace, after, limit, maxBytes }: JournalRead) {
    const page = this.kept(namespace).filter(({ seen }) => seen.sequence > after)
    const fits = page.filter(
      (_, index) =>
        index === 0 ||
        page.slice(0, index + 1).reduce((sum, one) => sum + bytes(one), 0) <= maxBytes,
    )
    return fits.slice(0, limit).map(({ seen }) => seen)
  }

  positionAt(namespace: NamespaceName, time: number): number {
    const before = this.events(namespace).filter(({ acceptedAt }) => acceptedAt < time)
    return before.at(-1)?.sequence ?? this.bounds(namespace).oldest - 1
  }

  expired(namespace: NamespaceName, { acceptedBefore, maxBytes }: Retention): number {
    const kept = this.kept(namespace)
    const { head, oldest } = this.bounds(namespace)
    const young = kept.find(({ seen }) => seen.acceptedAt >= (acceptedBefore ?? 0))
    const byAge = (young?.seen.sequence ?? head + 1) - 1
    const rest = kept.findIndex(
      (_, index) =>
        kept.slice(index).reduce((sum, one) => sum + bytes(one), 0) <= (maxBytes ?? Infinity),
    )
    const byBytes = rest < 0 ? head : oldest + rest - 1
    const last = Math.min(Math.max(byAge, byBytes), head - 1)
    return last < oldest ? 0 : last
  }

  trim(namespace: NamespaceName, upTo: number, limit: number): number {
    const kept = this.kept(namespace)
    const { head } = this.bounds(namespace)
    const goes = kept.filter(({ seen }) => seen.sequence <= upTo && seen.sequence < head)
    const count = Math.min(goes.length, limit)
    this.#kept.set(namespace, kept.slice(count))
    return count
  }

  clear(namespace: NamespaceName): void {
    this.#kept.delete(namespace)
  }
}
