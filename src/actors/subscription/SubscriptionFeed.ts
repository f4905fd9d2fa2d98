// The per-event path of one subscription: a window of what it was offered or has read, and the
// deliveries of what is in it.
//
// It decides synchronously and leaves I/O to others: the namespace's hub offers, workers deliver
// (`take`, then `settle` or `abandon`), the reader reads (`FeedReader`), the progress log writes
// (`collect`).

import type { Effect } from "effect"
import {
  type DeadLetterReason,
  type AckedRanges,
  type JournaledEvent,
  type Outcome,
  type ReplayCounts,
  noReplayCounts,
  Sequence,
  type SubscriptionName,
} from "../../domain/index.js"
import type { Deferral } from "../ports/index.js"
import type { SinkGate } from "../sink/SinkGate.js"
import { DeliveryOrder } from "./DeliveryOrder.js"
import type { DeliveryCounts, FeedOptions, FeedWorld } from "./FeedWorld.js"
import { FeedDeliveries } from "./FeedDeliveries.js"
import { FeedProgress, type ProgressSnapshot } from "./FeedProgress.js"
import { type FeedParts, type FeedStanding, standingIn } from "./FeedStanding.js"
import { FeedWindow, type NextRead } from "./FeedWindow.js"
import type { Item } from "./Item.js"
import { type RedeliveredLetter, Redeliveries, type RedeliveryAnswer } from "./Redeliveries.js"
import { SetAside } from "./SetAside.js"

export class SubscriptionFeed {
  readonly name: SubscriptionName
  readonly #options: FeedOptions
  readonly #world: FeedWorld
  readonly #gate: SinkGate
  readonly #progress: FeedProgress
  readonly #aside: SetAside
  readonly #window: FeedWindow
  readonly #deliveries: FeedDeliveries
  readonly #redeliveries: Redeliveries
  readonly #parts: FeedParts

  constructor(
    options: FeedOptions,
    world: FeedWorld,
    gate: SinkGate,
    earlier: AckedRanges,
    deferrals: ReadonlyArray<Deferral>,
  ) {
    this.name = options.name
    this.#options = options
    this.#world = world
    this.#gate = gate
    const order = new DeliveryOrder(options.batch !== undefined)
    const progress = new FeedProgress(earlier, world.touched)
    const { now, wakeReader } = world
    const holdBehind = (orderKey: string) => this.#deliveries.holdBehind(orderKey)
    const aside = new SetAside({ now, wakeReader, holdBehind }, order, progress)
    aside.recall(deferrals)
    const cursor = Sequence.make(earlier.floor)
    const window = new FeedWindow(options, world, order, progress, aside, cursor)
    this.#progress = progress
    this.#aside = aside
    this.#window = window
    this.#deliveries = new FeedDeliveries(options, world, gate, order, progress, aside, window)
    this.#parts = { order, progress, aside, window }
    this.#redeliveries = new Redeliveries({ ...options, now: world.now }, progress, aside)
  }

  /**
   * What names a delivery beside its event: the same over restarts, and no other feed's in its
   * namespace, but for a dead letter of a replay that is tried again: it stays what it was.
   */
  keyOf(item: Item): string {
    return this.#deliveries.keyOf(item.replay)
  }

  get isLive(): boolean {
    return this.#window.isLive
  }

  get inFlight(): number {
    return this.#deliveries.inFlight
  }

  get deferredCount(): number {
    return this.#aside.size
  }

  /** Since the start of the feed. */
  get counts(): DeliveryCounts {
    return this.#deliveries.counts
  }

  /** Likewise since the start of the replay it is of. */
  get replayCounts(): ReplayCounts {
    const earlier = this.#options.replay ?? noReplayCounts
    const { delivered, failed, dead, dropped } = this.counts
    return {
      delivered: earlier.delivered + delivered,
      failed: earlier.failed + failed,
      dead: earlier.dead + dead,
      skipped: earlier.skipped + dropped + this.#window.missed,
    }
  }

  /**
   * Until when its rate holds back a delivery that is ready, in milliseconds since the epoch;
   * undefined while it holds back none.
   */
  get rateLimitedUntil(): number | undefined {
    return this.#deliveries.rateLimitedUntil
  }

  /** Everything up to here is delivered, set aside, dead or of no interest. */
  get position(): Sequence {
    return this.#progress.position(this.#window.scanned)
  }

  /** Nothing is under way, waits for a time, or remains to be read or written. */
  get isIdle(): boolean {
    const { isLive, openEvents } = this.#window
    return isLive && openEvents === 0 && this.#aside.size === 0 && !this.hasUnwritten
  }

  /** There is something to do that waits for nobody else, and nothing is under way. */
  get hasWorkToStart(): boolean {
    if (this.inFlight > 0) return false
    const due = this.nextDue()
    const isDue = due !== undefined && due <= this.#world.now()
    return isDue || this.#window.mayRead || this.#deliveries.mayStart
  }

  // --- For the hub -----------------------------------------------------------------------------

  /** Offers an event of a matching type, just committed as the head of the namespace. */
  offer(event: JournaledEvent): void {
    this.#window.offer(event)
  }

  /** Offers an event that is not journalled; false when it is wanted and there is no room for it. */
  offerEphemeral(event: JournaledEvent): boolean {
    return this.#window.offerEphemeral(event)
  }

  /** An event that is not journalled found no room and is lost to this subscription. */
  drop(): void {
    this.#deliveries.count("dropped")
  }

  /** Stops taking what is offered: from `cursor` on it reads the journal. */
  fallBehind(cursor: Sequence): void {
    this.#window.fallBehind(cursor)
  }

  /** Starts as many workers as there is work and room for. */
  pump(): void {
    this.#deliveries.pump()
  }

  // --- For the reader --------------------------------------------------------------------------

  /** Where to read on, and how many events at most; undefined when there is nothing to read or no room. */
  nextRead(): NextRead | undefined {
    return this.#window.nextRead()
  }

  /** Admits a page that was read after the cursor. An empty one means that there was no more to read. */
  admitPage(events: ReadonlyArray<JournaledEvent>): void {
    if (!this.#window.admitPage(events)) return
    this.#world.touched()
    this.pump()
  }

  /**
   * Deliveries due to be tried again (or buried), to be loaded and given to `admitDue`. They do not
   * wait for room among fresh events, which may wait for them; they have a room of their own.
   */
  takeDue(limit: number): ReadonlyArray<Deferral> {
    const room = Math.min(limit, this.#window.retryRoom)
    return room === 0 ? [] : this.#aside.takeDue(room)
  }

  /** Those taken could not be loaded: they stay due. */
  untakeDue(deferrals: ReadonlyArray<Deferral>): void {
    this.#aside.untake(deferrals)
  }

  /** When the reader should look again for what is due, in milliseconds since the epoch. */
  nextDue(): number | undefined {
    return this.#window.retryRoom === 0 ? undefined : this.#aside.nextDue()
  }

  /** A due delivery with its event; undefined when it is nowhere any more. */
  admitDue(deferral: Deferral, event: JournaledEvent | undefined): void {
    this.#deliveries.takeBack(deferral, event && this.#window.marked(event, deferral.replay))
  }

  // --- For whoever has a dead letter tried again ------------------------------------------------

  /** Has a dead letter of this subscription tried again; calls `stored` once that is a fact. */
  redeliver(letter: RedeliveredLetter, stored: () => void): RedeliveryAnswer {
    if (this.#window.isStopped) return "Stopped"
    return this.#redeliveries.ask(letter, stored)
  }

  // --- For workers -----------------------------------------------------------------------------

  /** An event as it is delivered for an item, whatever was made of it. */
  marked(event: JournaledEvent, { replay }: Item): JournaledEvent {
    return this.#window.marked(event, replay)
  }

  /** The next delivery for a worker; undefined ends the worker. */
  take(): Item | undefined {
    return this.#deliveries.take()
  }

  /** More deliveries for the same request as one that was taken. */
  takeMore(limit: number, maxBytes: number): ReadonlyArray<Item> {
    return this.#deliveries.takeMore(limit, maxBytes)
  }

  /** Takes note of the outcome of a delivery; the worker goes on. */
  settle(item: Item, outcome: Outcome): void {
    this.#deliveries.settle(item, outcome)
  }

  /** Likewise, for deliveries that were taken together. One without an outcome is tried again. */
  settleAll(items: ReadonlyArray<Item>, outcomes: ReadonlyArray<Outcome>): void {
    this.#deliveries.settleAll(items, outcomes)
  }

  /** The delivery cannot be made, whatever the sink: it is dead without an attempt. */
  refuse(item: Item, reason: DeadLetterReason): void {
    this.#deliveries.refuse(item, reason)
  }

  /** Gives back the place of a delivery that was refused; the worker goes on. */
  leave(item: Item): void {
    this.#deliveries.leave(item)
  }

  /** A worker ends without a delivery in hand. */
  endWork(): void {
    this.#deliveries.endWork()
  }

  /** The worker was cut off: its deliveries were not settled and will be made again. */
  abandon(items: ReadonlyArray<Item>): void {
    this.#deliveries.abandon(items)
  }

  // --- For the progress log --------------------------------------------------------------------

  /** Takes what is to be written: the position as it is and all that is not in the store. */
  collect(): ProgressSnapshot {
    return this.#progress.collect(this.#window.scanned)
  }

  /** What was collected is in the store. */
  written(snapshot: ProgressSnapshot): void {
    const wasBlocked = this.#deliveries.isBlockedByWrites
    this.#progress.written(snapshot)
    for (const { deferral } of this.#redeliveries.written(snapshot.unwritten.redelivered)) {
      this.#aside.rejoin(deferral)
    }
    if (wasBlocked) this.pump()
    if (this.isIdle) this.#world.onIdle()
  }

  /** What was collected is not in the store, as far as is known: it will be collected again. */
  restore(snapshot: ProgressSnapshot): void {
    this.#progress.restore(snapshot)
  }

  get hasUnwritten(): boolean {
    return this.#progress.facts > 0
  }

  // --- For whoever asks ------------------------------------------------------------------------

  /** What it knows of an event. */
  standing(sequence: Sequence): FeedStanding {
    const standing = standingIn(this.#parts, sequence, this.#world.now())
    const until = this.rateLimitedUntil
    return standing.live._tag === "Queued" && until !== undefined
      ? { ...standing, live: { _tag: "RateLimited", until } }
      : standing
  }

  // --- Its end ---------------------------------------------------------------------------------

  /** Waits until nothing is in flight. */
  get drained(): Effect.Effect<void> {
    return this.#deliveries.drained
  }

  /** Starts nothing more and admits nothing more; what is in flight may still be settled. */
  stop(): void {
    this.#window.stop()
    this.#gate.quit(this.#deliveries)
  }
}
