// A map whose values can be listed in ascending order of their keys (code units, or numbers).
//
// Lookups are those of a Map. Keys that arrive in order cost nothing to list; others are sorted when
// a list is asked for, which on a nearly sorted array takes about one comparison per key.

export class SortedTable<K extends string | number, V> {
  readonly #values = new Map<K, V>()
  readonly #keys: Array<K> = []
  #sorted = true

  get size(): number {
    return this.#values.size
  }

  get(key: K): V | undefined {
    return this.#values.get(key)
  }

  has(key: K): boolean {
    return this.#values.has(key)
  }

  set(key: K, value: V): void {
    if (!this.#values.has(key)) {
      const last = this.#keys.at(-1)
      if (last !== undefined && key < last) this.#sorted = false
      this.#keys.push(key)
    }
    this.#values.set(key, value)
  }

  delete(key: K): boolean {
    if (!this.#values.delete(key)) return false
    this.#sort()
    this.#keys.splice(this.#countBelow(key), 1)
    return true
  }

  /** Deletes at most `limit` entries from the lowest key on; answers how many. */
  deleteFirst(limit: number): number {
    this.#sort()
    const keys = this.#keys.splice(0, limit)
    for (const key of keys) this.#values.delete(key)
    return keys.length
  }

  /** The value of the lowest key. */
  first(): V | undefined {
    this.#sort()
    const key = this.#keys[0]
    return key === undefined ? undefined : this.#values.get(key)
  }

  /** The values of the keys above `after`, ascending: at most `limit`, and only those that pass. */
  page(after: K | undefined, limit: number, passes: (value: V) => boolean = () => true): Array<V> {
    this.#sort()
    const values: Array<V> = []
    let index = after === undefined ? 0 : this.#countUpTo(after)
    for (; index < this.#keys.length && values.length < limit; index++) {
      const key = this.#keys[index]
      const value = key === undefined ? undefined : this.#values.get(key)
      if (value !== undefined && passes(value)) values.push(value)
    }
    return values
  }

  /** Every value, ascending by key. */
  all(): Array<V> {
    return this.page(undefined, Number.POSITIVE_INFINITY)
  }

  /** Every key with its value, ascending. */
  entries(): Array<[K, V]> {
    this.#sort()
    return this.#keys.flatMap((key) => {
      const value = this.#values.get(key)
      return value === undefined ? [] : [[key, value]]
    })
  }

  #sort(): void {
    if (this.#sorted) return
    this.#keys.sort((a, b) => (a < b ? -1 : 1))
    this.#sorted = true
  }

  #countBelow(key: K): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const candidate = this.#keys[middle]
      if (candidate !== undefined && candidate < key) low = middle + 1
      else high = middle
    }
    return low
  }

  #countUpTo(key: K): number {
    const below = this.#countBelow(key)
    return this.#keys[below] === key ? below + 1 : below
  }
}
