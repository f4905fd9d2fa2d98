// The deliveries that a namespace may have under way over all its sinks: so many, whoever's they are.
//
// Its users are the gates of the sinks; each takes a place for each delivery.

import { Places, type PlaceUser } from "./Places.js"

export class Bulkhead {
  readonly #places: Places<PlaceUser>

  constructor(limit: number, now: () => number) {
    this.#places = new Places(limit, now)
  }

  room(gate: PlaceUser): number {
    return this.#places.room(gate)
  }

  enter(gate: PlaceUser): void {
    this.#places.enter(gate)
  }

  /** The gate gives a place back; it enters again, waits or passes. */
  leave(gate: PlaceUser): void {
    this.#places.leave(gate)
    if (this.#places.isWaitedFor) this.#places.handOver()
  }

  wait(gate: PlaceUser): void {
    this.#places.wait(gate)
  }

  /** The gate starts nothing for now: what it has left, or was kept for it, is for others. */
  pass(gate: PlaceUser): void {
    this.#places.forgo(gate)
    if (this.#places.isWaitedFor) this.#places.pumpWaiting((other) => this.#places.room(other) > 0)
  }

  /** The gate has no use for places that are kept for it. */
  release(gate: PlaceUser): void {
    if (this.#places.keepsFor(gate)) this.pass(gate)
  }

  /** The gate has nobody to deliver for any more. */
  quit(gate: PlaceUser): void {
    this.#places.forget(gate)
    this.pass(gate)
  }
}
