/**
 * A bounded memory of which ids a type matched.
 *
 * Two generations of half the size each: what is read moves to the young one, and when that is full
 * the old one is dropped whole. Types in use survive a flood of types seen once, a hit costs one map
 * lookup, and neither the number of types nor the ids they hold ever exceed their limits.
 *
 * While types hardly ever come back, asking and remembering cost more than they save. Then only a
 * sample of the types goes through the cache, which finds out soon enough when they do come back.
 */

/** After how many reads it is judged whether the cache is of use. */
const WINDOW = 1_024
/** It is when one read in this many finds something. */
const USEFUL = 4
/** While it is not, one type in this many goes through it. */
const SAMPLE = 16

/** Limits of a {@link MatchCache}. */
export interface MatchCacheLimits {
  /** The most types remembered. */
  readonly types: number
  /** The most ids remembered, over all types. */
  readonly ids: number
  /** The longest type remembered, in UTF-16 code units. */
  readonly typeLength: number
}

export class MatchCache<Id> {
  readonly #types: number
  readonly #ids: number
  readonly #typeLength: number
  #young = new Map<string, ReadonlyArray<Id>>()
  #old = new Map<string, ReadonlyArray<Id>>()
  #youngIds = 0
  #oldIds = 0
  #reads = 0
  #hits = 0
  #isFutile = false
  #turn = 0

  constructor(limits: MatchCacheLimits) {
    this.#types = Math.floor(limits.types / 2)
    this.#ids = Math.floor(limits.ids / 2)
    this.#typeLength = limits.typeLength
  }

  /** How many types are remembered. A type may count twice until its older copy is dropped. */
  get types(): number {
    return this.#young.size + this.#old.size
  }

  /** How many ids are remembered, over all types. */
  get ids(): number {
    return this.#youngIds + this.#oldIds
  }

  get(type: string): ReadonlyArray<Id> | undefined {
    if (this.#isFutile && ++this.#turn % SAMPLE !== 0) return undefined
    if (++this.#reads === WINDOW) this.#judge()
    const recent = this.#young.get(type)
    if (recent !== undefined) {
      this.#hits++
      return recent
    }
    const older = this.#old.get(type)
    if (older === undefined) return undefined
    this.#hits++
    this.#put(type, older)
    return older
  }

  /** Remembers what a type matched that the `get` just before did not find. */
  set(type: string, ids: ReadonlyArray<Id>): void {
    if (this.#isFutile && this.#turn % SAMPLE !== 0) return
    if (type.length > this.#typeLength || ids.length > this.#ids || this.#types === 0) return
    this.#put(type, ids)
  }

  #judge(): void {
    this.#isFutile = this.#hits * USEFUL < this.#reads
    this.#reads = 0
    this.#hits = 0
  }

  #put(type: string, ids: ReadonlyArray<Id>): void {
    if (this.#young.size >= this.#types || this.#youngIds + ids.length > this.#ids) {
      this.#old = this.#young
      this.#oldIds = this.#youngIds
      this.#young = new Map()
      this.#youngIds = 0
    }
    this.#young.set(type, ids)
    this.#youngIds += ids.length
  }

  delete(type: string): void {
    const young = this.#young.get(type)
    if (young !== undefined && this.#young.delete(type)) this.#youngIds -= young.length
    const old = this.#old.get(type)
    if (old !== undefined && this.#old.delete(type)) this.#oldIds -= old.length
  }

  clear(): void {
    if (this.types === 0) return
    this.#young = new Map()
    this.#old = new Map()
    this.#youngIds = 0
    this.#oldIds = 0
  }
}
