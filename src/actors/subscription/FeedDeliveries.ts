// The deliveries of a feed: which may start, which are in flight, and what became of each.
//
// It decides synchronously: workers take deliveries and settle or abandon them, at the gate of the
// sink they are for.

import { Effect } from "effect"
import {
  type DeadLetterReason,
  type JournaledEvent,
  Outcome,
  type ReplayId,
} from "../../domain/index.js"
import type { Deferral, NewDeadLetter } from "../ports/index.js"
import type { GateUser, Report, SinkGate } from "../sink/SinkGate.js"
import { attemptOf } from "./AttemptRecord.js"
import type { DeliveryOrder } from "./DeliveryOrder.js"
import { type DeliveryCounts, type FeedOptions, type FeedWorld, noDeliveries } from "./FeedWorld.js"
import type { FeedProgress } from "./FeedProgress.js"
import type { FeedWindow } from "./FeedWindow.js"
import type { Item } from "./Item.js"
import { Pace } from "./Pace.js"
import type { SetAside } from "./SetAside.js"
import { settlementOf } from "./Settlement.js"

const unanswered = Outcome.retry("the transport did not answer for this event of a batch")

export class FeedDeliveries implements GateUser {
  /** A replay gives way to what is live. */
  readonly yields: boolean
  readonly #options: FeedOptions
  readonly #world: FeedWorld
  readonly #gate: SinkGate
  readonly #order: DeliveryOrder
  readonly #progress: FeedProgress
  readonly #aside: SetAside
  readonly #window: FeedWindow
  readonly #pace: Pace | undefined
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
    this.yields = options.replay !== undefined
    this.#options = options
    this.#world = world
    this.#gate = gate
    this.#order = order
    this.#progress = progress
    this.#aside = aside
    this.#window = window
    const { batch, rate } = options
    const isPaced = batch !== undefined || rate !== undefined
    this.#pace = isPaced ? new Pace({ batch, rate }, world, order) : undefined
    gate.join(this)
  }

  /** What names the deliveries of its subscription, live or of a replay: the same after a restart. */
  keyOf(replay: ReplayId | undefined): string {
    // No name holds a tilde.
    return replay === undefined ? this.#options.name : `${this.#options.name}~${replay}`
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** So much is settled and not written that nothing starts until it is. */
  get isBlockedByWrites(): boolean {
    return this.#progress.facts >= this.#options.maxUnwritten
  }

  /** A delivery could start: it is ready, and there is room for it. */
  get mayStart(): boolean {
    return this.#isReady && this.#pace?.workers(this.#fills) !== 0 && this.#gate.room(this) > 0
  }

  /** A delivery is ready that neither its feed nor the store holds back. */
  get #isReady(): boolean {
    return this.#order.ready > 0 && !this.#window.isStopped && !this.isBlockedByWrites
  }

  // --- Starting --------------------------------------------------------------------------------

  /** Starts as many workers as there is work and room for. */
  pump(): void {
    const { ready } = this.#order
    const idle = this.#options.concurrency - this.#workers
    if (idle <= 0 || !this.#isReady) return this.#gate.release(this)
    const paced = this.#pace?.workers(this.#fills) ?? ready
    if (paced === 0) return this.#gate.release(this)
    const room = this.#gate.room(this)
    if (room <= 0) return this.#gate.wait(this)
    const possible = Math.min(ready, paced, idle)
    const wanted = Math.min(possible, room)
    if (wanted < possible) this.#gate.want(this)
    for (let started = 0; started < wanted; started++) {
      this.#workers++
      this.#world.startWorker()
    }
  }

  /** The next delivery for a worker; undefined ends the worker. */
  take(): Item | undefined {
    if (!this.#isReady || this.#pace?.workers(this.#fills) === 0) {
      this.endWork()
      return undefined
    }
    if (!this.#gate.enter(this)) {
      this.#workers--
      return undefined
    }
    this.#inFlight++
    const item = this.#begin(this.#order.next(this.#gate.probeFresh))
    this.#pace?.started(1)
    return item
  }

  /** More deliveries for the same request as one that was taken, of at most so many bytes (UTF-8). */
  takeMore(limit: number, maxBytes: number): ReadonlyArray<Item> {
    const items: Array<Item> = []
    const most = Math.min(limit, this.#pace?.allowance ?? limit)
    let bytes = 0
    while (items.length < most) {
      bytes += this.#order.peek()?.event.bytes ?? Number.POSITIVE_INFINITY
      if (bytes > maxBytes) break
      const item = this.#begin(this.#order.next(false))
      if (item === undefined) break
      items.push(item)
    }
    this.#inFlight += items.length
    this.#pace?.started(items.length)
    return items
  }

  /** Until when the rate holds back what is ready. */
  get rateLimitedUntil(): number | undefined {
    return this.#order.ready === 0 ? undefined : this.#pace?.limitedUntil
  }

  /**
   * Whether it is worth waiting for a batch to grow: the sink takes batches, more can be admitted, and
   * no event waits behind another of its key, which is what would grow instead.
   */
  get #fills(): boolean {
    if (this.#gate.connection?.deliverBatch === undefined) return false
    const behind = this.#window.openEvents - this.#order.ready - this.#inFlight
    return behind === 0 && this.#window.room() > 0
  }

  #begin(item: Item | undefined): Item | undefined {
    if (item === undefined) return undefined
    item.startedAt = this.#world.now()
    item.probe = this.#gate.probe
    return item
  }

  /** A due delivery with its event; undefined when it is nowhere any more. */
  takeBack(deferral: Deferral, event: JournaledEvent | undefined): void {
    if (this.#window.isStopped) return
    const { sequence, orderKey, attempts, since } = deferral
    const condemned = this.#aside.condemnation(sequence)
    // Retention has counted what it took.
    if (event === undefined) this.counts.dropped++
    else if (condemned !== undefined) this.#bury(event, condemned, attempts, since, deferral.replay)
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
    this.#settle(item, outcome, this.#report(item, outcome))
    this.leave(item)
  }

  /**
   * Likewise, for deliveries that were taken together. One without an outcome is tried again. It was
   * one request: what several of them tell of the sink, it is told once.
   */
  settleAll(items: ReadonlyArray<Item>, outcomes: ReadonlyArray<Outcome>): void {
    const reports = new Map<Outcome["_tag"], Report>()
    for (const [index, item] of items.entries()) {
      const outcome = outcomes[index] ?? unanswered
      const report = reports.get(outcome._tag) ?? this.#report(item, outcome, items.length)
      reports.set(outcome._tag, report)
      this.#settle(item, outcome, report)
    }
    this.leave(items[0])
  }

  /** The delivery cannot be made, whatever the sink: it is dead without an attempt. */
  refuse(item: Item, reason: DeadLetterReason): void {
    this.#ended(1)
    this.#window.leave(item)
    if (item.kind === "ephemeral") {
      this.count("dropped")
      return this.#aside.free(item.orderKey)
    }
    this.#bury(item.event, reason, item.attempts, item.since ?? this.#world.now(), item.replay)
    this.#finish(item)
  }

  /** Gives back the place of a delivery that was refused; the worker goes on. */
  leave(item: Item | undefined): void {
    this.#gate.leave(this, item?.probe)
  }

  /** A worker ends without a delivery in hand. */
  endWork(): void {
    this.#workers--
    this.#gate.pass(this)
  }

  /** The worker was cut off: its deliveries were not settled and will be made again. */
  abandon(items: ReadonlyArray<Item>): void {
    this.#ended(items.length)
    this.leave(items[0])
    this.endWork()
  }

  rejectSuspect(sequence: number): void {
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

  /** Tells the gate. A delivery that was not alone in its request is no suspect: any could be at fault. */
  #report({ event: { sequence }, probe }: Item, outcome: Outcome, together = 1): Report {
    const key =
      together > 1
        ? `${this.keyOf(this.#options.replay?.id)}/${sequence}+${together - 1}`
        : sequence
    return this.#gate.report(this, key, outcome, probe)
  }

  #settle(item: Item, outcome: Outcome, report: Report): void {
    const { event, kind } = item
    this.#ended(1)
    this.#window.leave(item)
    if (kind === "ephemeral") {
      this.count(outcome._tag === "Delivered" ? "delivered" : "dropped")
      return this.#aside.free(item.orderKey)
    }
    if (outcome._tag === "Delivered") {
      this.count("delivered")
      if (kind === "retried" || this.#options.audit === "all") {
        const since = item.since ?? item.startedAt
        this.#progress.attempted(attemptOf(item, outcome, since, this.#world.now()))
      }
      return this.#finish(item)
    }
    this.count("failed")
    const now = this.#world.now()
    const since = item.since ?? now
    this.#progress.attempted(attemptOf(item, outcome, since, now))
    const settlement = settlementOf(outcome, {
      policy: this.#options.retry,
      attempts: item.attempts,
      since,
      parkedSince: item.parkedSince,
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
        this.#bury(event, settlement.reason, settlement.attempts, since, item.replay)
        return this.#finish(item)
      case "SetAside":
        this.#retryLater(item, { ...settlement, since })
        if (settlement.outage) this.#gate.trip(settlement.reason)
        return
      case "Disable":
        // It keeps its place: whoever enables the subscription again gets it first.
        this.#retryLater(item, { ...item, dueAt: now, since, reason: settlement.reason })
        this.#window.shut()
        return this.#world.onGone(settlement.reason)
    }
  }

  #retryLater(
    { event: { sequence }, orderKey, replay }: Item,
    { attempts, dueAt, since, parkedSince, reason }: Omit<Deferral, "sequence" | "orderKey">,
  ): void {
    const deferral = { sequence, orderKey, attempts, dueAt, since, parkedSince, reason }
    const isForeign = replay !== this.#options.replay?.id
    this.#aside.until(isForeign ? { ...deferral, replay } : deferral)
    this.holdBehind(orderKey)
  }

  /** Sets aside what waits behind a delivery that is set aside, so that it does not fill the window. */
  holdBehind(key: string | undefined): void {
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

  #bury(
    event: JournaledEvent,
    reason: DeadLetterReason,
    attempts: number,
    since: number,
    replay = this.#options.replay?.id,
  ): void {
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
      ...(replay === undefined ? {} : { replay }),
    }
    this.#progress.buried(letter)
    this.#world.onDeadLetter(event, letter)
  }

  #ended(count: number): void {
    this.#inFlight -= count
    if (this.#inFlight > 0 || this.#onDrained.length === 0) return
    for (const resume of this.#onDrained.splice(0)) resume()
  }
}
