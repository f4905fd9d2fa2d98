// Which delivery may start next, under the ordering of the subscription.
//
// Items with an order key go one after the other, in the order they were pushed; others as they come.
// A key whose item failed and waits for its retry is blocked; what waits behind it can be set aside
// (`takeWaiting`) so that it does not fill the window of the other keys.

import { Option } from "effect"
import {
  type JournaledEvent,
  orderKey,
  type Ordering,
  origin,
  type Sequence,
} from "../../domain/index.js"
import { Deque } from "./Deque.js"
import type { Item } from "./Item.js"

/** What an event is ordered by; undefined where it may overtake and be overtaken. */
export const orderKeyOf = (event: JournaledEvent, ordering: Ordering): string | undefined => {
  switch (ordering) {
    case "none":
      return undefined
    case "strict":
      return ""
    case "key":
      return Option.getOrUndefined(orderKey(event.event))
  }
}

interface Line {
  /** Whose turn it is; undefined where that is set aside. */
  holder: Sequence | undefined
  readonly waiting: Deque<Item>
}

export class DeliveryOrder {
  readonly #fresh = new Deque<Item>()
  readonly #retries = new Deque<Item>()
  /** Keys with an item ready, in flight or deferred. */
  readonly #busy = new Map<string, Line>()
  readonly #weighs: boolean
  #readyBytes = 0

  /** `weighs`: it keeps count of the bytes that are ready. */
  constructor(weighs = false) {
    this.#weighs = weighs
  }

  /** Items that may start now. */
  get ready(): number {
    return this.#fresh.size + this.#retries.size
  }

  /** Their bytes (UTF-8), if it weighs. */
  get readyBytes(): number {
    return this.#readyBytes
  }

  isBusy(orderKey: string): boolean {
    return this.#busy.has(orderKey)
  }

  /** Admits an item, after all of its key that were admitted before. */
  push(item: Item): void {
    const { orderKey } = item
    if (orderKey === undefined) return this.#pushFresh(item)
    const line = this.#busy.get(orderKey)
    if (line !== undefined) return line.waiting.push(item)
    this.#busy.set(orderKey, { holder: item.event.sequence, waiting: new Deque() })
    this.#pushFresh(item)
  }

  /** Makes an item ready that was set aside; its key, if any, is blocked on its behalf. */
  pushRetry(item: Item): void {
    if (this.#weighs) this.#readyBytes += item.event.bytes
    this.#retries.push(item)
  }

  /** Blocks a key on behalf of an item that is set aside. */
  block(orderKey: string): void {
    if (this.#busy.has(orderKey)) return
    this.#busy.set(orderKey, { holder: undefined, waiting: new Deque() })
  }

  /** The next item: what is tried again first, unless `preferFresh` and there is something fresh. */
  next(preferFresh: boolean): Item | undefined {
    const first = preferFresh ? this.#fresh : this.#retries
    const item = first.shift() ?? this.#fresh.shift() ?? this.#retries.shift()
    if (this.#weighs && item !== undefined) this.#readyBytes -= item.event.bytes
    return item
  }

  /** What `next` would answer, without `preferFresh`. */
  peek(): Item | undefined {
    return this.#retries.peek() ?? this.#fresh.peek()
  }

  /** The item that held its key is over: the next one waiting for the key is ready. */
  free(orderKey: string): void {
    const line = this.#busy.get(orderKey)
    const next = line?.waiting.shift()
    if (line === undefined || next === undefined) {
      this.#busy.delete(orderKey)
      return
    }
    line.holder = next.event.sequence
    this.#pushFresh(next)
  }

  /** Whether an item is ready and has not started. */
  isReady(sequence: Sequence): boolean {
    for (const { event } of this.#retries) if (event.sequence === sequence) return true
    for (const { event } of this.#fresh) if (event.sequence === sequence) return true
    return false
  }

  /** The key that an item waits for. */
  keyAwaitedBy(sequence: Sequence): string | undefined {
    for (const [orderKey, { waiting }] of this.#busy) {
      for (const { event } of waiting) if (event.sequence === sequence) return orderKey
    }
    return undefined
  }

  /** Whose turn it is under a key; undefined where that is set aside, or not journalled. */
  holder(orderKey: string): Sequence | undefined {
    const holder = this.#busy.get(orderKey)?.holder
    return holder === origin ? undefined : holder
  }

  /** Takes out everything that waits behind a blocked key, in order. */
  takeWaiting(orderKey: string): ReadonlyArray<Item> {
    const waiting = this.#busy.get(orderKey)?.waiting
    if (waiting === undefined || waiting.size === 0) return []
    const items = [...waiting]
    waiting.clear()
    return items
  }

  #pushFresh(item: Item): void {
    if (this.#weighs) this.#readyBytes += item.event.bytes
    this.#fresh.push(item)
  }
}
