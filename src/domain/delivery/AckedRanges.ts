/**
 * How far a subscription has come: every sequence up to `floor` is acknowledged, and above it those
 * in a list of disjoint ranges.
 *
 * Deliveries end nearly in order, so acknowledging is mostly a push or a step of the floor, and a
 * binary search otherwise. Mutable and for a single owner.
 */
import { Either, Schema } from "effect"

/** A range of sequences, both ends included. */
export interface AckedRange {
  readonly from: number
  readonly to: number
}

/** The most ranges read from storage. */
export const MAX_STORED_RANGES = 100_000

/** The stored text is no position. `text` is cut to 100 characters. */
export class InvalidAckedRanges extends Schema.TaggedError<InvalidAckedRanges>()(
  "InvalidAckedRanges",
  { text: Schema.String, reason: Schema.String },
) {
  override get message(): string {
    return `${JSON.stringify(this.text)} is not a stored position: ${this.reason}`
  }
}

const FORM = /^(\d{1,16})(?::(.*))?$/s
const RANGE = /^(\d{1,16})(?:-(\d{1,16}))?$/

export class AckedRanges {
  #floor: number
  // Parallel arrays, ascending; ranges neither touch each other nor the floor. Those before #head
  // are absorbed by the floor and dropped in bulk.
  readonly #from: Array<number> = []
  readonly #to: Array<number> = []
  #head = 0

  /** Nothing above `floor` is acknowledged. */
  constructor(floor = 0) {
    this.#floor = floor
  }

  /** The highest sequence below which, itself included, all is acknowledged. */
  get floor(): number {
    return this.#floor
  }

  /** How many ranges are acknowledged above the floor. */
  get rangeCount(): number {
    return this.#from.length - this.#head
  }

  /** The highest acknowledged sequence. */
  get ceiling(): number {
    return this.#to.at(-1) ?? this.#floor
  }

  /** The acknowledged ranges above the floor, ascending. */
  get ranges(): ReadonlyArray<AckedRange> {
    const from = this.#from.slice(this.#head)
    const to = this.#to.slice(this.#head)
    return from.map((start, index) => ({ from: start, to: to[index] ?? start }))
  }

  isAcknowledged(sequence: number): boolean {
    if (sequence <= this.#floor) return true
    return (this.#from[this.#firstEndingAt(sequence)] ?? Infinity) <= sequence
  }

  /** Acknowledges one sequence; says whether the floor rose. */
  acknowledge(sequence: number): boolean {
    return this.acknowledgeRange(sequence, sequence)
  }

  /** Acknowledges a range, both ends included; says whether the floor rose. */
  acknowledgeRange(from: number, to: number): boolean {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return false
    if (from > to || to <= this.#floor) return false
    if (from <= this.#floor + 1) {
      this.#floor = to
      this.#absorb()
      return true
    }
    if (from > this.ceiling + 1) {
      this.#from.push(from)
      this.#to.push(to)
    } else {
      this.#merge(from, to)
    }
    return false
  }

  /** The stored form: the floor, then the ranges relative to it, as in `100:2-5,8`. */
  toString(): string {
    if (this.rangeCount === 0) return String(this.#floor)
    const ranges = this.ranges.map(({ from, to }) => {
      const start = from - this.#floor
      return from === to ? String(start) : `${start}-${to - this.#floor}`
    })
    return `${this.#floor}:${ranges.join(",")}`
  }

  /** Reads the stored form. Never throws. */
  static parse(text: string): Either.Either<AckedRanges, InvalidAckedRanges> {
    const fail = (reason: string) =>
      Either.left(new InvalidAckedRanges({ text: text.slice(0, 100), reason }))
    const [, floorText, rangesText] = FORM.exec(text) ?? []
    const floor = Number(floorText)
    if (!Number.isSafeInteger(floor)) return fail("it does not start with a sequence")
    const acked = new AckedRanges(floor)
    if (rangesText === undefined) return Either.right(acked)
    const parts = rangesText.split(",", MAX_STORED_RANGES + 1)
    if (parts.length > MAX_STORED_RANGES) return fail(`it exceeds ${MAX_STORED_RANGES} ranges`)
    for (const part of parts) {
      const [, start, end = start] = RANGE.exec(part) ?? []
      const from = floor + Number(start)
      const to = floor + Number(end)
      if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return fail("it holds no range")
      if (from > to || from <= acked.ceiling + 1) return fail("its ranges are not in order")
      acked.acknowledgeRange(from, to)
    }
    return Either.right(acked)
  }

  /** Lets the floor rise over the ranges that it has reached. */
  #absorb(): void {
    const count = this.#from.length
    let head = this.#head
    while (head < count && (this.#from[head] ?? Infinity) <= this.#floor + 1) {
      this.#floor = Math.max(this.#floor, this.#to[head] ?? 0)
      head++
    }
    // Dropping when half of the array is dead keeps the cost per range constant.
    if (head * 2 >= count) {
      this.#from.splice(0, head)
      this.#to.splice(0, head)
      head = 0
    }
    this.#head = head
  }

  /** Puts a range above the floor among the others, joining those that it touches. */
  #merge(from: number, to: number): void {
    const first = this.#firstEndingAt(from - 1)
    let after = first
    while ((this.#from[after] ?? Infinity) <= to + 1) after++
    const start = Math.min(from, this.#from[first] ?? Infinity)
    const end = after === first ? to : Math.max(to, this.#to[after - 1] ?? 0)
    if (after - first === 1) {
      this.#from[first] = start
      this.#to[first] = end
    } else {
      this.#from.splice(first, after - first, start)
      this.#to.splice(first, after - first, end)
    }
  }

  /** The index of the first range that ends at `sequence` or after it. */
  #firstEndingAt(sequence: number): number {
    let low = this.#head
    let high = this.#to.length
    // Most of what arrives belongs to the last range.
    if (low < high && (this.#to[high - 2] ?? -1) < sequence) low = Math.max(low, high - 1)
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#to[middle] ?? Infinity) < sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
