// What can hold back a delivery that is ready though its sink has room: the rate of the subscription,
// and a batch that is still filling.
//
// One alarm is set for the time at which the next may start; nothing of the sink is held until then.

import { BatchFill, type BatchWait } from "./BatchFill.js"
import type { DeliveryOrder } from "./DeliveryOrder.js"
import type { RateMeter } from "./SharedRate.js"

export interface PaceOptions {
  readonly rate: RateMeter | undefined
  readonly batch: BatchWait | undefined
}

export interface PaceWorld {
  readonly now: () => number
  /** Has the feed pumped at this time, in milliseconds since the epoch. */
  readonly alarm: (at: number) => void
}

export class Pace {
  readonly #world: PaceWorld
  readonly #order: DeliveryOrder
  readonly #rate: RateMeter | undefined
  readonly #fill: BatchFill | undefined

  constructor({ batch, rate }: PaceOptions, world: PaceWorld, order: DeliveryOrder) {
    this.#world = world
    this.#order = order
    this.#rate = rate
    this.#fill = batch === undefined ? undefined : new BatchFill(batch)
  }

  /**
   * How many workers are of use now; none, and the alarm is set, when the next delivery has to wait.
   * `fills`: more can still join the batch.
   */
  workers(fills: boolean): number {
    const now = this.#world.now()
    const { ready, readyBytes } = this.#order
    this.#fill?.note(ready, now)
    const batchAt = fills ? (this.#fill?.dueAt(readyBytes, now) ?? now) : now
    const tokenAt = this.#rate?.dueAt(1, now) ?? now
    const at = Math.max(batchAt, tokenAt)
    if (at <= now) {
      const tokens = this.allowance
      return fills && this.#fill !== undefined ? Math.min(tokens, this.#fill.batches) : tokens
    }
    this.#world.alarm(at)
    return 0
  }

  /** Deliveries that the rate lets start now. */
  get allowance(): number {
    return this.#rate?.available(this.#world.now()) ?? Number.POSITIVE_INFINITY
  }

  /** So many deliveries have started. */
  started(count: number): void {
    const now = this.#world.now()
    this.#rate?.take(count, now)
    this.#fill?.note(this.#order.ready, now)
  }

  /** Until when nothing starts for the sake of the rate; undefined while something may. */
  get limitedUntil(): number | undefined {
    const now = this.#world.now()
    const due = this.#rate?.dueAt(1, now) ?? now
    return due > now ? due : undefined
  }
}
