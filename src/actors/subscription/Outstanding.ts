// How far a subscription is: the sequences admitted and not passed yet, in order.
//
// The position is just before the first of them; those behind it that are passed already are stored
// with the position, so that a crash does not deliver them again.

import { AckedRanges } from "../../domain/index.js"
import { Deque } from "./Deque.js"
import type { Place } from "./Item.js"

export class Outstanding {
  readonly #places = new Deque<Place>()

  /** From the first open place to the last admitted one. */
  get size(): number {
    return this.#places.size
  }

  admit(sequence: number): Place {
    const place = { sequence, passed: false }
    this.#places.push(place)
    return place
  }

  pass(place: Place): void {
    place.passed = true
    for (let first = this.#places.peek(); first?.passed === true; first = this.#places.peek()) {
      this.#places.shift()
    }
  }

  /** The place of a sequence that is not passed yet. */
  find(sequence: number): Place | undefined {
    let low = 0
    let high = this.#places.size
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#places.at(middle)?.sequence ?? Number.POSITIVE_INFINITY) < sequence)
        low = middle + 1
      else high = middle
    }
    const place = this.#places.at(low)
    return place?.sequence === sequence && !place.passed ? place : undefined
  }

  /** The highest sequence with nothing open at or below it, given that all up to `scanned` was seen. */
  floor(scanned: number): number {
    const first = this.#places.peek()
    return first === undefined ? scanned : first.sequence - 1
  }

  /** The position with what is passed above it; `earlier` was passed before this start. */
  acknowledged(scanned: number, earlier: AckedRanges): AckedRanges {
    const acked = new AckedRanges(Math.max(this.floor(scanned), earlier.floor))
    for (const { from, to } of earlier.ranges) acked.acknowledgeRange(from, to)
    for (const place of this.#places) if (place.passed) acked.acknowledge(place.sequence)
    return acked
  }
}
