// Dead letters on their way back into a feed: asked for, then stored as deliveries set aside, and only
// then tried. What was asked for and acknowledged survives a crash.

import { type JournaledEvent, type Ordering, reasonOf, type Sequence } from "../../domain/index.js"
import type { NewDeadLetter, Redelivery } from "../ports/index.js"
import { orderKeyOf } from "./DeliveryOrder.js"
import type { FeedProgress } from "./FeedProgress.js"
import type { SetAside } from "./SetAside.js"

/**
 * `UnderWay`: the very event is on its way already. `Full`: too many deliveries are set aside.
 * `Stopped`: the feed is ending.
 */
export type RedeliveryAnswer = "Taken" | "UnderWay" | "Full" | "Stopped"

export interface RedeliveryOptions {
  readonly ordering: Ordering
  /** Deliveries set aside at once, those asked for included. */
  readonly maxDeferred: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A dead letter that is to be tried again. */
export interface RedeliveredLetter extends Pick<NewDeadLetter, "id" | "replay"> {
  readonly event: JournaledEvent
}

interface Asked {
  readonly sequence: Sequence
  readonly stored: Array<() => void>
}

const asked = reasonOf("a dead letter that is to be tried again")

export class Redeliveries {
  readonly #options: RedeliveryOptions
  readonly #progress: FeedProgress
  readonly #aside: SetAside
  /** By the id of the dead letter, until stored. */
  readonly #asked = new Map<string, Asked>()

  constructor(options: RedeliveryOptions, progress: FeedProgress, aside: SetAside) {
    this.#options = options
    this.#progress = progress
    this.#aside = aside
  }

  /** Has a dead letter tried again, with its attempts counted anew; calls `stored` once that is a fact. */
  ask({ id: deadLetter, event, replay }: RedeliveredLetter, stored: () => void): RedeliveryAnswer {
    const { sequence } = event
    const present = this.#asked.get(deadLetter)
    if (present !== undefined) {
      present.stored.push(stored)
      return "Taken"
    }
    if (this.#isUnderWay(sequence)) return "UnderWay"
    const { maxDeferred, now, ordering } = this.#options
    if (this.#aside.size + this.#asked.size >= maxDeferred) return "Full"
    const orderKey = orderKeyOf(event, ordering)
    const since = now()
    // Under a key it waits for its turn, which a restart gives it as well.
    const dueAt = orderKey === undefined ? since : undefined
    this.#asked.set(deadLetter, { sequence, stored: [stored] })
    this.#progress.redelivered({
      deadLetter,
      deferral: {
        sequence,
        orderKey,
        attempts: 0,
        dueAt,
        since,
        parkedSince: undefined,
        reason: asked,
        ...(replay === undefined ? {} : { replay }),
      },
    })
    return "Taken"
  }

  /** They are stored; answers those that are to be tried now. */
  written(redelivered: ReadonlyArray<Redelivery>): ReadonlyArray<Redelivery> {
    for (const { deadLetter } of redelivered) {
      const { stored = [] } = this.#asked.get(deadLetter) ?? {}
      this.#asked.delete(deadLetter)
      for (const tell of stored) tell()
    }
    return redelivered.filter(({ deferral }) => !this.#aside.has(deferral.sequence))
  }

  #isUnderWay(sequence: Sequence): boolean {
    if (this.#aside.has(sequence) || this.#progress.isOpen(sequence)) return true
    for (const one of this.#asked.values()) if (one.sequence === sequence) return true
    return false
  }
}
