// The per-event path of one subscription: what it admits, what is in flight, what became of it.
//
// Live, it is offered each matching event as it is committed. When its window is full it falls
// behind and reads the journal from its position until it has caught up; memory is bounded either
// way. It decides synchronously and leaves I/O to others: workers deliver (`take`, then `settle` or
// `abandon`), the reader reads (`FeedReader`), the progress log writes (`collect`).

import { Effect, Option } from "effect"
import {
  type AckedRanges,
  type DeadLetterReason,
  type JournaledEvent,
  orderKey,
  origin,
  Outcome,
  type Reason,
  Sequence,
  type SubscriptionName,
} from "../../domain/index.js"
import type { Deferral } from "../ports/index.js"
import type { GateUser, SinkGate } from "../sink/SinkGate.js"
import { DeliveryOrder } from "./DeliveryOrder.js"
import { type DeliveryCounts, type FeedOptions, type FeedWorld, noDeliveries } from "./FeedWorld.js"
import { FeedProgress, type ProgressSnapshot } from "./FeedProgress.js"
import type { Item } from "./Item.js"
import { SetAside } from "./SetAside.js"
import { settlementOf } from "./Settlement.js"

/** Places the position may be behind the last admitted event, whatever is settled in between. */
const maxSpread = 65_536

const unanswered = Outcome.retry("the transport did not answer for this event of a batch")

export class SubscriptionFeed implements GateUser {
  readonly #options: FeedOptions
  readonly #world: FeedWorld
  readonly #gate: SinkGate
  readonly #order = new DeliveryOrder()
  readonly #progress: FeedProgress
  readonly #aside: SetAside
  readonly #counts = noDeliveries()
  readonly #onDrained: Array<() => void> = []
  #live = false
  #stopped = false
  /** Everything up to here was read or offered; the head may be further while live. */
  #cursor: Sequence
  /** The head when the reader last began to read. */
  #headAtRead = origin
  #openEvents = 0
  /** Of those, events that were set aside and came back. */
  #openRetries = 0
  #openBytes = 0
  #workers = 0
  #inFlight = 0

  constructor(
    options: FeedOptions,
    world: FeedWorld,
    gate: SinkGate,
    earlier: AckedRanges,
    deferrals: ReadonlyArray<Deferral>,
  ) {
    this.#options = options
    this.#world = world
    this.#gate = gate
    this.#cursor = Sequence.make(earlier.floor)
    this.#progress = new FeedProgress(earlier, world.touched)
    this.#aside = new SetAside(world, this.#order, this.#progress)
    this.#aside.recall(deferrals)
    gate.join(this)
  }

  get name(): SubscriptionName {
    return this.#options.name
  }

  get isLive(): boolean {
    return this.#live
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get deferredCount(): number {
    return this.#aside.size
  }

  /** Since the start of the feed. */
  get counts(): DeliveryCounts {
    return this.#counts
  }

  /** Everything up to here is delivered, set aside, dead or of no interest. */
  get position(): Sequence {
    return this.#progress.position(this.#scanned)
  }

  /** Nothing is under way, waits for a time, or remains to be read or written. */
  get isIdle(): boolean {
    return this.#live && this.#openEvents === 0 && this.#aside.size === 0 && !this.hasUnwritten
  }

  get #scanned(): Sequence {
    return this.#live ? later(this.#world.head(), this.#cursor) : this.#cursor
  }

  // --- Admission -------------------------------------------------------------------------------

  /** Offers a matching event, just committed as the head of the namespace. */
  offer(event: JournaledEvent): void {
    // What was read from the journal before it was offered has been admitted.
    if (!this.#live || event.sequence <= this.#cursor) return
    if (this.room() > 0) this.#admit(event)
    else this.fallBehind(Sequence.make(event.sequence - 1))
  }

  /** Offers an event that is not journalled; false when there is no room for it. */
  offerEphemeral(event: JournaledEvent): boolean {
    if (this.#stopped || this.#openEvents >= this.#options.windowEvents) return false
    this.#openEvents++
    const key = this.#keyOf(event)
    this.#order.push({
      event,
      orderKey: key,
      kind: "ephemeral",
      place: undefined,
      attempts: 0,
      since: undefined,
    })
    return true
  }

  /** An event that is not journalled found no room and is lost to this subscription. */
  drop(): void {
    this.#count("dropped")
  }

  /** Stops taking what is offered: from `cursor` on it reads the journal. */
  fallBehind(cursor: Sequence): void {
    if (!this.#live) return
    this.#live = false
    this.#cursor = later(cursor, this.#cursor)
    this.#world.wakeReader()
  }

  /** Where to read on, and how many events at most; undefined when there is nothing to read or no room. */
  nextRead(): { readonly after: Sequence; readonly limit: number } | undefined {
    if (this.#live || this.#stopped) return undefined
    this.#headAtRead = this.#world.head()
    // Half a window at a time, so that reading overlaps delivering without reading by ones.
    const room = this.room()
    return room * 2 < this.#options.windowEvents ? undefined : { after: this.#cursor, limit: room }
  }

  /** Admits a page that was read after the cursor. An empty one means that there was no more to read. */
  admitPage(events: ReadonlyArray<JournaledEvent>): void {
    if (this.#live || this.#stopped) return
    for (const event of events) {
      if (event.sequence <= this.#cursor) continue
      this.#cursor = event.sequence
      if (this.#progress.isSettled(event.sequence)) continue
      if (this.#world.matches(event.type)) this.#admit(event)
    }
    // The head may have moved while an empty page was read: what it moved over was not read.
    if (events.length === 0) this.#cursor = later(this.#headAtRead, this.#cursor)
    if (this.#cursor >= this.#world.head()) this.#live = true
    this.#world.touched()
    this.pump()
  }

  /** Events that may be admitted now. */
  room(): number {
    const { windowEvents, windowBytes, maxDeferred } = this.#options
    if (this.#stopped || this.#openBytes >= windowBytes) return 0
    if (this.#aside.size >= maxDeferred || this.#progress.spread >= maxSpread) return 0
    return windowEvents - this.#openEvents
  }

  #admit(event: JournaledEvent): void {
    const key = this.#keyOf(event)
    const place = this.#progress.admit(event.sequence)
    if (key !== undefined && this.#options.ordering === "key" && this.#aside.blocks(key)) {
      this.#progress.pass(place)
      return this.#aside.behind(event.sequence, key)
    }
    this.#openEvents++
    this.#openBytes += event.json.length
    this.#order.push({
      event,
      orderKey: key,
      kind: "fresh",
      place,
      attempts: 0,
      since: undefined,
    })
  }

  #keyOf(event: JournaledEvent): string | undefined {
    switch (this.#options.ordering) {
      case "none":
        return undefined
      case "strict":
        return ""
      case "key":
        return Option.getOrUndefined(orderKey(event.event))
    }
  }

  // --- What comes back -------------------------------------------------------------------------

  /**
   * Deliveries due to be tried again (or buried), to be loaded and given to `admitDue`. They do not
   * wait for room among fresh events, which may wait for them; they have a room of their own.
   */
  takeDue(limit: number): ReadonlyArray<Deferral> {
    const room = Math.min(limit, this.#retryRoom)
    return room === 0 ? [] : this.#aside.takeDue(room)
  }

  get #retryRoom(): number {
    const { windowEvents, windowBytes } = this.#options
    if (this.#stopped || (this.#openRetries > 0 && this.#openBytes >= 2 * windowBytes)) return 0
    return Math.max(0, windowEvents - this.#openRetries)
  }

  /** Those taken could not be loaded: they stay due. */
  untakeDue(deferrals: ReadonlyArray<Deferral>): void {
    this.#aside.untake(deferrals)
  }

  /** When the reader should look again for what is due, in milliseconds since the epoch. */
  nextDue(): number | undefined {
    return this.#retryRoom === 0 ? undefined : this.#aside.nextDue()
  }

  /** A due delivery with its event; undefined when the journal no longer has it. */
  admitDue(deferral: Deferral, event: JournaledEvent | undefined): void {
    if (this.#stopped) return
    const { sequence, orderKey: key, attempts, since } = deferral
    if (event === undefined) {
      this.#count("dropped")
      this.#aside.end(sequence, key)
      return this.pump()
    }
    const condemned = this.#aside.condemnation(sequence)
    if (condemned !== undefined) {
      this.#bury(event, condemned, attempts, since)
      this.#aside.end(sequence, key)
      return this.pump()
    }
    this.#openEvents++
    this.#openRetries++
    this.#openBytes += event.json.length
    this.#order.pushRetry({
      event,
      orderKey: key,
      kind: "retried",
      place: undefined,
      attempts,
      since,
    })
    this.pump()
  }

  rejectSuspect(key: string): void {
    const sequence = Number(key.slice(key.lastIndexOf("/") + 1))
    if (key !== this.#deliveryKey(sequence)) return
    this.#aside.condemn(sequence, (reason) => ({ _tag: "Rejected", reason }))
  }

  // --- Deliveries ------------------------------------------------------------------------------

  /** Starts as many workers as there is work and room for. */
  pump(): void {
    const { ready } = this.#order
    const idle = this.#options.concurrency - this.#workers
    if (ready === 0 || idle <= 0 || this.#stopped || this.#isBlockedByWrites) {
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
    const mayStart = !this.#stopped && this.#order.ready > 0 && !this.#isBlockedByWrites
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

  #settle(item: Item, outcome: Outcome): void {
    const { event, kind } = item
    this.#ended(1)
    const report = this.#gate.report(this.#deliveryKey(event.sequence), outcome)
    this.#close(item)
    if (kind === "ephemeral") {
      this.#count(outcome._tag === "Delivered" ? "delivered" : "dropped")
      return this.#aside.free(item.orderKey)
    }
    if (outcome._tag === "Delivered") {
      this.#count("delivered")
      return this.#finish(item)
    }
    this.#count("failed")
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
        this.#stopped = true
        return this.#world.onGone(settlement.reason)
    }
  }

  #retryLater(item: Item, attempts: number, dueAt: number, since: number, reason: Reason): void {
    const { sequence } = item.event
    const key = item.orderKey
    this.#aside.until({ sequence, orderKey: key, attempts, dueAt, since, reason })
    if (key === undefined || this.#options.ordering !== "key") return
    for (const waiting of this.#order.takeWaiting(key)) {
      this.#close(waiting)
      if (waiting.kind === "ephemeral") this.#count("dropped")
      else this.#aside.behind(waiting.event.sequence, key)
    }
  }

  #finish({ kind, event, orderKey: key }: Item): void {
    if (kind === "retried") return this.#aside.end(event.sequence, key)
    this.#progress.settled()
    this.#aside.free(key)
  }

  #bury(event: JournaledEvent, reason: DeadLetterReason, attempts: number, since: number): void {
    this.#count("dead")
    this.#progress.buried({
      id: this.#world.deadLetterId(),
      sequence: event.sequence,
      json: event.json,
      reason,
      attempts,
      firstAttemptAt: since,
      deadAt: this.#world.now(),
    })
    this.#world.onDeadLetter(event, reason)
  }

  /** The item leaves the window. */
  #close(item: Item): void {
    if (item.place !== undefined) this.#progress.pass(item.place)
    this.#openEvents--
    if (item.kind !== "ephemeral") this.#openBytes -= item.event.json.length
    if (item.kind === "retried") {
      this.#openRetries--
      this.#world.wakeReader()
    } else if (!this.#live && this.#openEvents * 2 <= this.#options.windowEvents) {
      this.#world.wakeReader()
    }
  }

  #ended(count: number): void {
    this.#inFlight -= count
    if (this.#inFlight > 0 || this.#onDrained.length === 0) return
    for (const resume of this.#onDrained.splice(0)) resume()
  }

  #count(what: keyof DeliveryCounts): void {
    this.#counts[what]++
    this.#world.totals[what]++
  }

  #deliveryKey(sequence: number): string {
    return `${this.#options.name}/${sequence}`
  }

  // --- Progress and end ------------------------------------------------------------------------

  /** Takes what is to be written: the position as it is and all that is not in the store. */
  collect(): ProgressSnapshot {
    return this.#progress.collect(this.#scanned)
  }

  /** What was collected is in the store. */
  written(snapshot: ProgressSnapshot): void {
    const wasBlocked = this.#isBlockedByWrites
    this.#progress.written(snapshot)
    if (wasBlocked) this.pump()
  }

  /** What was collected is not in the store, as far as is known: it will be collected again. */
  restore(snapshot: ProgressSnapshot): void {
    this.#progress.restore(snapshot)
  }

  get hasUnwritten(): boolean {
    return this.#progress.facts > 0
  }

  get #isBlockedByWrites(): boolean {
    return this.#progress.facts >= this.#options.maxUnwritten
  }

  /** Waits until nothing is in flight. */
  get drained(): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.#inFlight === 0) resume(Effect.void)
      else this.#onDrained.push(() => resume(Effect.void))
    })
  }

  /** Starts nothing more and admits nothing more; what is in flight may still be settled. */
  stop(): void {
    this.#cursor = this.#scanned
    this.#live = false
    this.#stopped = true
    this.#gate.quit(this)
  }
}

const later = (a: Sequence, b: Sequence): Sequence => (a > b ? a : b)
