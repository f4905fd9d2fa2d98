// The deliveries of a feed: which may start, which are in flight, and what became of each.
//
// It decides synchronously: workers take deliveries and settle or abandon them, at the gate of the
// sink they are for.

import { Effect } from "effect"
import {
  type DeadLetterReason,
  type JournaledEvent,
  Outcome,
  type Reason,
} from "../../domain/index.js"
import type { Deferral, NewDeadLetter } from "../ports/index.js"
import type { GateUser, SinkGate } from "../sink/SinkGate.js"
import type { DeliveryOrder } from "./DeliveryOrder.js"
import { type DeliveryCounts, type FeedOptions, type FeedWorld, noDeliveries } from "./FeedWorld.js"
import type { FeedProgress } from "./FeedProgress.js"
import type { FeedWindow } from "./FeedWindow.js"
import type { Item } from "./Item.js"
import type { SetAside } from "./SetAside.js"
import { settlementOf } from "./Settlement.js"

const unanswered = Outcome.retry("the transport did not answer for this event of a batch")

export class FeedDeliveries implements GateUser {
  readonly #options: FeedOptions
  readonly #world: FeedWorld
  readonly #gate: SinkGate
  readonly #order: DeliveryOrder
  readonly #progress: FeedProgress
  readonly #aside: SetAside
  readonly #window: FeedWindow
  readonly #onDrained: Array<() => void> = []
  /** Since the start of the feed. */
  readonly counts: DeliveryCounts = noDeliveries()
  #workers = 0
  #inFlight = 0

  constructor(
    options: FeedOptions,
    world: FeedWorld,
    gate: SinkGate,
    order: DeliveryOrder,
    progress: FeedProgress,
    aside: SetAside,
    window: FeedWindow,
  ) {
    this.#options = options
    this.#world = world
    this.#gate = gate
    this.#order = order
    this.#progress = progress
    this.#aside = aside
    this.#window = window
    gate.join(this)
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** So much is settled and not written that nothing starts until it is. */
  get isBlockedByWrites(): boolean {
    return this.#progress.facts >= this.#options.maxUnwritten
  }

  // --- Starting --------------------------------------------------------------------------------

  /** Starts as many workers as there is work and room for. */
  pump(): void {
    const { ready } = this.#order
    const idle = this.#options.concurrency - this.#workers
    if (ready === 0 || idle <= 0 || this.#window.isStopped || this.isBlockedByWrites) {
      return this.#gate.release(this)
    }
    const room = this.#gate.room(this)
    if (room <= 0) return this.#gate.wait(this)
    const wanted = Math.min(ready, idle, room)
    for (let started = 0; started < wanted; started++) {
      this.#workers++
      this.#world.startWorker()
    }
  }

  /** The next delivery for a worker; undefined ends the worker. */
  take(): Item | undefined {
    const mayStart = !this.#window.isStopped && this.#order.ready > 0 && !this.isBlockedByWrites
    if (!mayStart) {
      this.endWork()
      return undefined
    }
    if (!this.#gate.enter(this)) {
      this.#workers--
      return undefined
    }
    this.#inFlight++
    return this.#order.next(this.#gate.probeFresh)
  }

  /** More deliveries for the same request as one that was taken. */
  takeMore(limit: number, maxBytes: number): ReadonlyArray<Item> {
    const items: Array<Item> = []
    let bytes = 0
    while (items.length < limit && bytes < maxBytes && this.#order.ready > 0) {
      const item = this.#order.next(false)
      if (item === undefined) break
      bytes += item.event.json.length
      this.#inFlight++
      items.push(item)
    }
    return items
  }

  /** A due delivery with its event; undefined when it is nowhere any more. */
  takeBack(deferral: Deferral, event: JournaledEvent | undefined): void {
    if (this.#window.isStopped) return
    const { sequence, orderKey, attempts, since } = deferral
    const condemned = this.#aside.condemnation(sequence)
    if (event === undefined) this.count("dropped")
    else if (condemned !== undefined) this.#bury(event, condemned, attempts, since)
    else {
      this.#window.readmit(deferral, event)
      return this.pump()
    }
    this.#aside.end(sequence, orderKey)
    this.pump()
  }

  // --- Ending ----------------------------------------------------------------------------------

  /** Takes note of the outcome of a delivery; the worker goes on. */
  settle(item: Item, outcome: Outcome): void {
    this.#settle(item, outcome)
    this.#gate.leave()
  }

  /** Likewise, for deliveries that were taken together. One without an outcome is tried again. */
  settleAll(items: ReadonlyArray<Item>, outcomes: ReadonlyArray<Outcome>): void {
    for (const [index, item] of items.entries()) this.#settle(item, outcomes[index] ?? unanswered)
    this.#gate.leave()
  }

  /** A worker ends without a delivery in hand. */
  endWork(): void {
    this.#workers--
    this.#gate.pass(this)
  }

  /** The worker was cut off: its deliveries were not settled and will be made again. */
  abandon(items: ReadonlyArray<Item>): void {
    this.#ended(items.length)
    this.#gate.leave()
    this.endWork()
  }

  rejectSuspect(key: string): void {
    const sequence = Number(key.slice(key.lastIndexOf("/") + 1))
    if (key !== this.#deliveryKey(sequence)) return
    this.#aside.condemn(sequence, (reason) => ({ _tag: "Rejected", reason }))
  }

  count(what: keyof DeliveryCounts): void {
    this.counts[what]++
    this.#world.totals[what]++
  }

  /** Waits until nothing is in flight. */
  get drained(): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.#inFlight === 0) resume(Effect.void)
      else this.#onDrained.push(() => resume(Effect.void))
    })
  }

  #settle(item: Item, outcome: Outcome): void {
    const { event, kind } = item
    this.#ended(1)
    const report = this.#gate.report(this.#deliveryKey(event.sequence), outcome)
    this.#window.leave(item)
    if (kind === "ephemeral") {
      this.count(outcome._tag === "Delivered" ? "delivered" : "dropped")
      return this.#aside.free(item.orderKey)
    }
    if (outcome._tag === "Delivered") {
      this.count("delivered")
      return this.#finish(item)
    }
    this.count("failed")
    const now = this.#world.now()
    const since = item.since ?? now
    const settlement = settlementOf(outcome, {
      policy: this.#options.retry,
      attempts: item.attempts,
      since,
      report,
      parked: this.#gate.parked !== undefined,
      lastSuccessAt: this.#gate.lastSuccessAt,
      now,
      random: this.#world.random(),
    })
    switch (settlement._tag) {
      case "Delivered":
        return this.#finish(item)
      case "Dead":
        this.#bury(event, settlement.reason, settlement.attempts, since)
        return this.#finish(item)
      case "SetAside":
        this.#retryLater(item, settlement.attempts, settlement.dueAt, since, settlement.reason)
        if (settlement.outage) this.#gate.trip(settlement.reason)
        return
      case "Disable":
        // It keeps its place: whoever enables the subscription again gets it first.
        this.#retryLater(item, item.attempts, now, since, settlement.reason)
        this.#window.shut()
        return this.#world.onGone(settlement.reason)
    }
  }

  #retryLater(item: Item, attempts: number, dueAt: number, since: number, reason: Reason): void {
    const { sequence } = item.event
    const key = item.orderKey
    this.#aside.until({ sequence, orderKey: key, attempts, dueAt, since, reason })
    this.#holdBehind(key)
  }

  /** A dead letter is a delivery again, and stored: what waits for its turn under its key waits for it. */
  rejoin(deferral: Deferral): void {
    this.#aside.rejoin(deferral)
    this.#holdBehind(deferral.orderKey)
  }

  /** Sets aside what waits behind a delivery that is set aside, so that it does not fill the window. */
  #holdBehind(key: string | undefined): void {
    if (key === undefined || this.#options.ordering !== "key") return
    for (const waiting of this.#order.takeWaiting(key)) {
      this.#window.leave(waiting)
      if (waiting.kind === "ephemeral") this.count("dropped")
      else this.#aside.behind(waiting.event.sequence, key)
    }
  }

  #finish({ kind, event, orderKey: key }: Item): void {
    if (kind === "retried") return this.#aside.end(event.sequence, key)
    this.#progress.settled()
    this.#aside.free(key)
  }

  #bury(event: JournaledEvent, reason: DeadLetterReason, attempts: number, since: number): void {
    this.count("dead")
    const letter: NewDeadLetter = {
      id: this.#world.deadLetterId(),
      sequence: event.sequence,
      json: event.json,
      acceptedAt: event.acceptedAt,
      reason,
      attempts,
      firstAttemptAt: since,
      deadAt: this.#world.now(),
    }
    this.#progress.buried(letter)
    this.#world.onDeadLetter(event, letter)
  }

  #ended(count: number): void {
    this.#inFlight -= count
    if (this.#inFlight > 0 || this.#onDrained.length === 0) return
    for (const resume of this.#onDrained.splice(0)) resume()
  }

  #deliveryKey(sequence: number): string {
    return `${this.#options.name}/${sequence}`
  }
}
