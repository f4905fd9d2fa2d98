// The deliveries a feed has set aside: when each comes back, what is held behind it, and what comes
// back only to be buried.

import { type DeadLetterReason, type Reason, reasonOf, type Sequence } from "../../domain/index.js"
import type { Deferral } from "../ports/index.js"
import { DeferredDeliveries } from "./DeferredDeliveries.js"
import type { DeliveryOrder } from "./DeliveryOrder.js"
import type { FeedProgress } from "./FeedProgress.js"

const heldBehind = reasonOf("held behind an earlier event of its order key")

export interface SetAsideWorld {
  readonly now: () => number
  readonly wakeReader: () => void
  /** Sets aside what waits behind a delivery of this key that is set aside. */
  readonly holdBehind: (orderKey: string) => void
}

export class SetAside {
  readonly #world: SetAsideWorld
  readonly #order: DeliveryOrder
  readonly #progress: FeedProgress
  readonly #deferred = new DeferredDeliveries()
  readonly #condemned = new Map<number, DeadLetterReason>()
  /** Those that are stored and join behind a delivery of their key that is not set aside. */
  readonly #joining = new Map<Sequence, Deferral>()

  constructor(world: SetAsideWorld, order: DeliveryOrder, progress: FeedProgress) {
    this.#world = world
    this.#order = order
    this.#progress = progress
  }

  get size(): number {
    return this.#deferred.size + this.#joining.size
  }

  has(sequence: Sequence): boolean {
    return this.#deferred.has(sequence) || this.#joining.has(sequence)
  }

  get(sequence: Sequence): Deferral | undefined {
    return this.#deferred.get(sequence) ?? this.#joining.get(sequence)
  }

  /** The delivery of a key whose turn it is, if it is set aside. */
  holder(orderKey: string): Sequence | undefined {
    return this.#deferred.holder(orderKey)?.sequence
  }

  /** Whether events of a key must wait behind one that is set aside. */
  blocks(orderKey: string): boolean {
    return this.#deferred.blocks(orderKey)
  }

  /** Takes over what was stored before this start: what was held longest behind nothing is due. */
  recall(deferrals: ReadonlyArray<Deferral>): void {
    const due = new Set<string>()
    for (const deferral of deferrals) {
      this.#deferred.put(deferral)
      const { orderKey, dueAt } = deferral
      if (orderKey === undefined) continue
      this.#order.block(orderKey)
      if (dueAt !== undefined) due.add(orderKey)
    }
    for (const { orderKey } of deferrals) {
      if (orderKey === undefined || due.has(orderKey)) continue
      due.add(orderKey)
      this.#deferred.release(orderKey, this.#world.now())
    }
  }

  /** Takes over one more that is stored: after what goes on under its key, if it has one, else now. */
  rejoin(deferral: Deferral): void {
    const { orderKey, sequence } = deferral
    if (orderKey === undefined) this.#deferred.put(deferral)
    else if (!this.#order.isBusy(orderKey)) {
      this.#deferred.put(deferral)
      this.#order.block(orderKey)
      this.#deferred.release(orderKey, this.#world.now())
    } else if (this.#deferred.blocks(orderKey)) {
      this.#deferred.put(deferral)
    } else {
      // What goes on is not stored: were later ones of the key set aside now, they would come before it
      // after a crash.
      this.#joining.set(sequence, deferral)
    }
    this.#world.wakeReader()
  }

  /** Those that joined a key are set aside as soon as its delivery is over, or set aside itself. */
  #join(orderKey: string): void {
    if (this.#joining.size === 0) return
    for (const [sequence, deferral] of this.#joining) {
      if (deferral.orderKey !== orderKey) continue
      this.#joining.delete(sequence)
      this.#deferred.put(deferral)
    }
    if (this.#deferred.blocks(orderKey)) this.#world.holdBehind(orderKey)
  }

  /** Sets a delivery aside until it is due. */
  until(deferral: Deferral): void {
    this.#put(deferral)
    if (deferral.orderKey !== undefined) this.#join(deferral.orderKey)
    this.#world.wakeReader()
  }

  /** Sets a delivery aside behind an earlier one of its key. */
  behind(sequence: Sequence, orderKey: string): void {
    const since = this.#world.now()
    this.#put({
      sequence,
      orderKey,
      attempts: 0,
      dueAt: undefined,
      since,
      parkedSince: undefined,
      reason: heldBehind,
    })
  }

  /** The deferral of a sequence is over; the next one held for its key is due. */
  end(sequence: Sequence, orderKey: string | undefined): void {
    this.#condemned.delete(sequence)
    this.#deferred.settle(sequence)
    this.#progress.deferralEnded(sequence)
    this.free(orderKey)
  }

  /** A delivery of the key is over: the next in line comes, from what is set aside or from what waits. */
  free(orderKey: string | undefined): void {
    if (orderKey === undefined) return
    this.#join(orderKey)
    if (this.#deferred.release(orderKey, this.#world.now()) !== undefined) this.#world.wakeReader()
    else if (!this.#deferred.blocks(orderKey)) this.#order.free(orderKey)
  }

  /** Buries a delivery that waits for its retry, as soon as its event is read. Ignores any other. */
  condemn(sequence: number, reason: (last: Reason) => DeadLetterReason): void {
    const deferral = this.#deferred.waiting(sequence)
    if (deferral?.dueAt === undefined) return
    this.#condemned.set(sequence, reason(deferral.reason))
    this.until({ ...deferral, dueAt: this.#world.now() })
  }

  condemnation(sequence: Sequence): DeadLetterReason | undefined {
    return this.#condemned.get(sequence)
  }

  /** Those due by now, oldest first; they count as started until they are set aside again or end. */
  takeDue(limit: number): ReadonlyArray<Deferral> {
    return this.#deferred.takeDue(this.#world.now(), limit)
  }

  /** Those taken could not be started: they are due again. */
  untake(deferrals: ReadonlyArray<Deferral>): void {
    this.#deferred.untake(deferrals)
  }

  /** When the next one is due, in milliseconds since the epoch. */
  nextDue(): number | undefined {
    return this.#deferred.nextDue(this.#world.now())
  }

  #put(deferral: Deferral): void {
    this.#deferred.put(deferral)
    this.#progress.deferred(deferral)
  }
}
