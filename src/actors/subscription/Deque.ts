// A double-ended queue on a growing ring: constant-time push, unshift and shift, no garbage per item.

export class Deque<A> {
  #ring: Array<A | undefined> = new Array<A | undefined>(16)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: A): void {
    this.#reserve()
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item
    this.#size++
  }

  unshift(item: A): void {
    this.#reserve()
    this.#head = (this.#head - 1) & (this.#ring.length - 1)
    this.#ring[this.#head] = item
    this.#size++
  }

  shift(): A | undefined {
    if (this.#size === 0) return undefined
    const item = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#size--
    return item
  }

  peek(): A | undefined {
    return this.#size === 0 ? undefined : this.#ring[this.#head]
  }

  /** The item at a place, counted from the front; undefined beyond the ends. */
  at(index: number): A | undefined {
    if (index < 0 || index >= this.#size) return undefined
    return this.#ring[(this.#head + index) & (this.#ring.length - 1)]
  }

  clear(): void {
    this.#ring = new Array<A | undefined>(16)
    this.#head = 0
    this.#size = 0
  }

  *[Symbol.iterator](): Generator<A> {
    for (let i = 0; i < this.#size; i++) {
      const item = this.#ring[(this.#head + i) & (this.#ring.length - 1)]
      if (item !== undefined) yield item
    }
  }

  /** Keeps the ring's length a power of two, so that a mask wraps an index. */
  #reserve(): void {
    const { length } = this.#ring
    if (this.#size < length) return
    const grown = new Array<A | undefined>(length * 2)
    for (let i = 0; i < length; i++) grown[i] = this.#ring[(this.#head + i) & (length - 1)]
    this.#ring = grown
    this.#head = 0
  }
}
