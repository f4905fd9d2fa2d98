// The per-event path of one subscription: what it admits, what is in flight, what became of it.
//
// Live, it is offered each matching event as it is committed. When its window is full it falls
// behind and reads the journal from its position until it has caught up; memory is bounded either
// way. It decides synchronously and leaves I/O to others: workers deliver (`take`, then `settle` or
// `abandon`), the feeder reads (`FeedReader`), the progress log writes (`collect`).

import { Effect, Option } from "effect"
import {
  AckedRanges,
  type DeadLetterReason,
  type JournaledEvent,
  type Ordering,
  orderKey,
  type Outcome,
  type Reason,
  reasonOf,
  type RetryPolicy,
  Sequence,
  type SubscriptionName,
} from "../../domain/index.js"
import type { Deferral } from "../ports/index.js"
import type { GateUser, SinkGate } from "../sink/SinkGate.js"
import { DeferredDeliveries } from "./DeferredDeliveries.js"
import { DeliveryOrder } from "./DeliveryOrder.js"
import type { Item } from "./Item.js"
import { Outstanding } from "./Outstanding.js"
import { settlementOf } from "./Settlement.js"
import { type Unwritten, UnwrittenProgress } from "./UnwrittenProgress.js"

export interface FeedOptions {
  readonly name: SubscriptionName
  readonly ordering: Ordering
  /** Deliveries in flight at once. */
  readonly concurrency: number
  readonly retry: RetryPolicy
  /** Events admitted and not settled: more than this and the feed falls behind. */
  readonly windowEvents: number
  /** Likewise, in characters of JSON. */
  readonly windowBytes: number
  /** Deliveries set aside: at this many, nothing more is admitted. */
  readonly maxDeferred: number
  /** Settled deliveries not yet written: at this many, none is started until they are. */
  readonly maxUnwritten: number
}

/** What has become of deliveries. */
export interface DeliveryCounts {
  delivered: number
  /** Attempts that ended otherwise. */
  failed: number
  /** Deliveries given up on. */
  dead: number
  /** Events lost: ephemeral ones that found no room or failed, and those that retention took. */
  dropped: number
}

export const noDeliveries = (): DeliveryCounts => ({ delivered: 0, failed: 0, dead: 0, dropped: 0 })

/** What a feed needs of its surroundings. Nothing in here may call back synchronously. */
export interface FeedWorld {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: () => number
  readonly deadLetterId: () => string
  /** Counts over all feeds of the mesh. */
  readonly totals: DeliveryCounts
  /** The last sequence offered to the live feeds of the namespace. */
  readonly head: () => Sequence
  readonly matches: (type: string) => boolean
  readonly startWorker: () => void
  readonly wakeReader: () => void
  /** There is progress to write. */
  readonly touched: () => void
  readonly onGone: (reason: Reason) => void
  readonly onDeadLetter: (sequence: Sequence, reason: DeadLetterReason) => void
}

const heldBehind = reasonOf("held behind an earlier event of its order key")

/** Places a position may be behind the last admitted event, whatever is settled in between. */
const maxSpread = 65_536

export class SubscriptionFeed implements GateUser {
  readonly #options: FeedOptions
  readonly #world: FeedWorld
  readonly #gate: SinkGate
  readonly #order = new DeliveryOrder()
  readonly #outstanding = new Outstanding()
  readonly #deferred = new DeferredDeliveries()
  readonly #condemned = new Map<number, DeadLetterReason>()
  readonly #unwritten = new UnwrittenProgress()
  /** Acknowledged out of order before this start: skipped while catching up. */
  #earlier: AckedRanges
  #live = false
  #stopped = false
  /** Behind: everything up to here was read. */
  #cursor: Sequence
  #openEvents = 0
  #openBytes = 0
  #workers = 0
  #inFlight = 0
  #unwrittenCount = 0
  readonly #onDrained: Array<() => void> = []
  readonly #counts = noDeliveries()

  constructor(
    options: FeedOptions,
    world: FeedWorld,
    gate: SinkGate,
    progress: AckedRanges,
    deferrals: ReadonlyArray<Deferral>,
  ) {
    this.#options = options
    this.#world = world
    this.#gate = gate
    this.#earlier = progress
    this.#cursor = Sequence.make(progress.floor)
    this.#recall(deferrals)
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
    return this.#deferred.size
  }

  /** Since the start of the feed. */
  get counts(): DeliveryCounts {
    return this.#counts
  }

  /** Everything up to here is delivered, set aside, dead or of no interest. */
  get position(): Sequence {
    return Sequence.make(this.#outstanding.floor(this.#scanned))
  }

  /** Nothing is under way, waits for a time, or remains to be read or written. */
  get isIdle(): boolean {
    return (
      this.#live &&
      this.#openEvents === 0 &&
      this.#deferred.size === 0 &&
      this.#unwrittenCount === 0
    )
  }

  get #scanned(): number {
    return this.#live ? this.#world.head() : this.#cursor
  }

  // --- Admission -------------------------------------------------------------------------------

  /** Offers a matching event, just committed as the head of the namespace. */
  offer(event: JournaledEvent): void {
    if (!this.#live) return
    if (this.room() > 0) this.#admit(event)
    else this.fallBehind(Sequence.make(event.sequence - 1))
  }

  /** Offers an event that is not journalled; false when there is no room for it. */
  offerEphemeral(event: JournaledEvent): boolean {
    if (this.#stopped || this.#openEvents >= this.#options.windowEvents) return false
    this.#openEvents++
    this.#order.push({
      event,
      orderKey: this.#keyOf(event),
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
    this.#cursor = cursor
    this.#world.wakeReader()
  }

  /** Where to read on, and how many events at most; undefined when there is nothing to read or no room. */
  nextRead(): { readonly after: Sequence; readonly limit: number } | undefined {
    if (this.#live || this.#stopped) return undefined
    // Half a window at a time, so that reading overlaps delivering without reading by ones.
    const room = this.room()
    return room * 2 < this.#options.windowEvents ? undefined : { after: this.#cursor, limit: room }
  }

  /** Admits a page that was read after the cursor. An empty one means that the journal has no more. */
  admitPage(events: ReadonlyArray<JournaledEvent>): void {
    if (this.#live || this.#stopped) return
    for (const event of events) {
      if (event.sequence <= this.#cursor) continue
      this.#cursor = event.sequence
      if (this.#earlier.isAcknowledged(event.sequence)) continue
      if (this.#world.matches(event.type)) this.#admit(event)
    }
    const head = this.#world.head()
    if (events.length === 0 && head > this.#cursor) this.#cursor = head
    if (this.#cursor >= head) {
      this.#live = true
      this.#earlier = new AckedRanges(this.#cursor)
    }
    this.#world.touched()
    this.pump()
  }

  /** Events that may be admitted now. */
  room(): number {
    const { windowEvents, windowBytes, maxDeferred } = this.#options
    if (this.#stopped || this.#openBytes >= windowBytes) return 0
    if (this.#deferred.size >= maxDeferred || this.#outstanding.size >= maxSpread) return 0
    return windowEvents - this.#openEvents
  }

  #admit(event: JournaledEvent): void {
    const key = this.#keyOf(event)
    const item: Item = {
      event,
      orderKey: key,
      kind: "fresh",
      place: this.#outstanding.admit(event.sequence),
      attempts: 0,
      since: undefined,
    }
    this.#openEvents++
    this.#openBytes += event.json.length
    if (this.#mustHold(key)) this.#hold(item)
    else this.#order.push(item)
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

  // --- What is set aside -----------------------------------------------------------------------

  /** Deliveries due to be tried again (or buried), to be loaded and given to `admitDue`. */
  takeDue(limit: number): ReadonlyArray<Deferral> {
    return this.#stopped ? [] : this.#deferred.takeDue(this.#world.now(), limit)
  }

  /** Those taken could not be loaded: they stay due. */
  untakeDue(deferrals: ReadonlyArray<Deferral>): void {
    this.#deferred.untake(deferrals)
  }

  /** When the reader should look again for what is due, in milliseconds since the epoch. */
  nextDue(): number | undefined {
    return this.#stopped ? undefined : this.#deferred.nextDue()
  }

  /** A due delivery with its event; undefined when the journal no longer has it. */
  admitDue(deferral: Deferral, event: JournaledEvent | undefined): void {
    if (this.#stopped) return
    if (event === undefined) {
      this.#count("dropped")
      return this.#endDeferral(deferral.sequence, deferral.orderKey)
    }
    const condemned = this.#condemned.get(deferral.sequence)
    if (condemned !== undefined) {
      this.#bury(event, condemned, deferral.attempts, deferral.since)
      return this.#endDeferral(deferral.sequence, deferral.orderKey)
    }
    this.#openEvents++
    this.#openBytes += event.json.length
    const { orderKey: key, attempts, since } = deferral
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
    const deferral = this.#deferred.get(sequence)
    if (deferral?.dueAt === undefined) return
    const reason = { _tag: "Rejected", reason: deferral.reason } as const
    this.#condemned.set(sequence, reason)
    this.#deferred.put({ ...deferral, dueAt: this.#world.now() })
    this.#world.wakeReader()
  }

  #mustHold(key: string | undefined): boolean {
    return key !== undefined && this.#options.ordering === "key" && this.#deferred.blocks(key)
  }

  /** Sets an item aside behind an earlier one of its key. */
  #hold(item: Item): void {
    const { orderKey, event } = item
    this.#close(item)
    this.#setAside({
      sequence: event.sequence,
      orderKey,
      attempts: 0,
      dueAt: undefined,
      since: this.#world.now(),
      reason: heldBehind,
    })
  }

  #setAside(deferral: Deferral): void {
    this.#deferred.put(deferral)
    this.#unwritten.defer(deferral)
    this.#touch()
  }

  /** The deferral of a sequence is over; the next one held for its key is due. */
  #endDeferral(sequence: Sequence, key: string | undefined): void {
    this.#condemned.delete(sequence)
    this.#deferred.settle(sequence)
    this.#unwritten.settle(sequence)
    this.#touch()
    this.#free(key)
  }

  #free(key: string | undefined): void {
    if (key === undefined) return
    if (this.#deferred.release(key, this.#world.now()) !== undefined) this.#world.wakeReader()
    else if (!this.#deferred.blocks(key)) this.#order.free(key)
  }

  #recall(deferrals: ReadonlyArray<Deferral>): void {
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

  // --- Deliveries ------------------------------------------------------------------------------

  /** Starts as many workers as there is work and room for. */
  pump(): void {
    const ready = this.#order.ready
    if (ready === 0 || this.#stopped || this.#isBlockedByWrites) return
    const room = this.#gate.room()
    if (room <= 0) return this.#gate.wait(this)
    const wanted = Math.min(ready, this.#options.concurrency - this.#workers, room)
    for (let started = 0; started < wanted; started++) {
      this.#workers++
      this.#world.startWorker()
    }
  }

  /** The next delivery for a worker; undefined ends the worker. */
  take(): Item | undefined {
    if (
      this.#stopped ||
      this.#order.ready === 0 ||
      this.#isBlockedByWrites ||
      !this.#gate.enter(this)
    ) {
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

  /** Likewise, for deliveries that were taken together. */
  settleAll(items: ReadonlyArray<Item>, outcomes: ReadonlyArray<Outcome>): void {
    for (const [index, item] of items.entries()) {
      const outcome = outcomes[index]
      if (outcome !== undefined) this.#settle(item, outcome)
    }
    this.#gate.leave()
  }

  /** The worker was cut off: its deliveries were not settled and will be made again. */
  abandon(items: ReadonlyArray<Item>): void {
    this.#workers--
    this.#ended(items.length)
    this.#gate.leave()
  }

  #settle(item: Item, outcome: Outcome): void {
    this.#ended(1)
    const { event, kind } = item
    const report = this.#gate.report(this.#deliveryKey(event.sequence), outcome)
    this.#close(item)
    if (kind === "ephemeral") {
      if (outcome._tag === "Delivered") this.#count("delivered")
      else this.#count("dropped")
      return this.#free(item.orderKey)
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
    const { event, orderKey } = item
    this.#setAside({ sequence: event.sequence, orderKey, attempts, dueAt, since, reason })
    if (orderKey !== undefined && this.#options.ordering === "key") {
      for (const waiting of this.#order.takeWaiting(orderKey)) this.#hold(waiting)
    }
    this.#world.wakeReader()
  }

  #finish(item: Item): void {
    if (item.kind === "retried") this.#endDeferral(item.event.sequence, item.orderKey)
    else {
      this.#touch()
      this.#free(item.orderKey)
    }
  }

  #bury(event: JournaledEvent, reason: DeadLetterReason, attempts: number, since: number): void {
    this.#count("dead")
    this.#unwritten.bury({
      id: this.#world.deadLetterId(),
      sequence: event.sequence,
      json: event.json,
      reason,
      attempts,
      firstAttemptAt: since,
      deadAt: this.#world.now(),
    })
    this.#touch()
    this.#world.onDeadLetter(event.sequence, reason)
  }

  /** The item leaves the window. */
  #close(item: Item): void {
    if (item.place !== undefined) this.#outstanding.pass(item.place)
    this.#openEvents--
    if (item.kind !== "ephemeral") this.#openBytes -= item.event.json.length
    if (!this.#live && this.#openEvents * 2 <= this.#options.windowEvents) this.#world.wakeReader()
  }

  #count(what: keyof DeliveryCounts): void {
    this.#counts[what]++
    this.#world.totals[what]++
  }

  #deliveryKey(sequence: number): string {
    return `${this.#options.name}/${sequence}`
  }

  // --- Progress --------------------------------------------------------------------------------

  /** What is to be written: the position as it is and all that is not in the store. */
  collect(): FeedProgress {
    const settled = this.#unwrittenCount
    const scanned = this.#scanned
    return {
      position: Sequence.make(this.#outstanding.floor(scanned)),
      acknowledged: this.#outstanding.acknowledged(scanned, this.#earlier),
      unwritten: this.#unwritten.take(),
      settled,
    }
  }

  /** What was collected is in the store. */
  written(progress: FeedProgress): void {
    const wasBlocked = this.#isBlockedByWrites
    this.#unwrittenCount -= progress.settled
    if (wasBlocked) this.pump()
  }

  /** What was collected is not in the store, as far as is known: it will be collected again. */
  restore(progress: FeedProgress): void {
    this.#unwritten.restore(progress.unwritten)
  }

  get hasUnwritten(): boolean {
    return this.#unwrittenCount > 0
  }

  get #isBlockedByWrites(): boolean {
    return this.#unwrittenCount >= this.#options.maxUnwritten
  }

  #touch(): void {
    this.#unwrittenCount++
    this.#world.touched()
  }

  /** Waits until nothing is in flight. */
  get drained(): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.#inFlight === 0) resume(Effect.void)
      else this.#onDrained.push(() => resume(Effect.void))
    })
  }

  #ended(count: number): void {
    this.#inFlight -= count
    if (this.#inFlight > 0 || this.#onDrained.length === 0) return
    for (const resume of this.#onDrained.splice(0)) resume()
  }

  /** Starts nothing more and admits nothing more; what is in flight may still be settled. */
  stop(): void {
    this.#cursor = Sequence.make(this.#scanned)
    this.#live = false
    this.#stopped = true
    this.#gate.quit(this)
  }
}

/** A snapshot of progress on its way to the store. */
export interface FeedProgress {
  readonly position: Sequence
  readonly acknowledged: string
  readonly unwritten: Unwritten
  readonly settled: number
}
