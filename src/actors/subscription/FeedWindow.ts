// The window of a feed: how far it has read or been offered, what of that is open, and what it has
// room for.
//
// Live, it is offered each matching event as it is committed. When it is full it falls behind, and
// pages of the journal are admitted from its cursor until it has caught up; memory is bounded either
// way.

import { type JournaledEvent, origin, replayed, Sequence } from "../../domain/index.js"
import type { Deferral } from "../ports/index.js"
import { type DeliveryOrder, orderKeyOf } from "./DeliveryOrder.js"
import type { FeedOptions, FeedWorld } from "./FeedWorld.js"
import type { FeedProgress } from "./FeedProgress.js"
import type { Item } from "./Item.js"
import type { SetAside } from "./SetAside.js"

/** Places the position may be behind the last admitted event, whatever is settled in between. */
const maxSpread = 65_536

export interface NextRead {
  readonly after: Sequence
  /** Events at most. */
  readonly limit: number
  /** The last sequence there is, as far as is known. */
  readonly head: Sequence
}

export class FeedWindow {
  readonly #options: FeedOptions
  readonly #world: FeedWorld
  readonly #order: DeliveryOrder
  readonly #progress: FeedProgress
  readonly #aside: SetAside
  #live = false
  #stopped = false
  /** Everything up to here was read or offered; the head may be further while live. */
  #cursor: Sequence
  /** The head when the reader last began to read. */
  #headAtRead = origin
  #openEvents = 0
  /** Of those, events that were set aside and came back. */
  readonly #retries = new Map<Sequence, Item>()
  #openBytes = 0
  #missed = 0

  constructor(
    options: FeedOptions,
    world: FeedWorld,
    order: DeliveryOrder,
    progress: FeedProgress,
    aside: SetAside,
    cursor: Sequence,
  ) {
    this.#options = options
    this.#world = world
    this.#order = order
    this.#progress = progress
    this.#aside = aside
    this.#cursor = cursor
  }

  get isLive(): boolean {
    return this.#live
  }

  /** Nothing more is admitted. */
  get isStopped(): boolean {
    return this.#stopped
  }

  /** Events that were admitted and are under way or wait for their turn. */
  get openEvents(): number {
    return this.#openEvents
  }

  /** Events, matching or not, that the journal no longer held when they were to be read. */
  get missed(): number {
    return this.#missed
  }

  /** The delivery of an event that was set aside and has come back. */
  retried(sequence: Sequence): Item | undefined {
    return this.#retries.get(sequence)
  }

  /** Everything up to here was admitted or is of no interest. */
  get scanned(): Sequence {
    return this.#live ? later(this.#world.head(), this.#cursor) : this.#cursor
  }

  // --- What is offered -------------------------------------------------------------------------

  offer(event: JournaledEvent): void {
    // What was read from the journal before it was offered has been admitted.
    if (!this.#live || event.sequence <= this.#cursor || !this.#world.passes(event)) return
    if (this.room() > 0) this.#admit(event)
    else this.fallBehind(Sequence.make(event.sequence - 1))
  }

  /** False when it is wanted and there is no room for it. */
  offerEphemeral(event: JournaledEvent): boolean {
    if (this.#stopped) return false
    if (!this.#world.passes(event)) return true
    if (this.#openEvents >= this.#options.windowEvents) return false
    this.#openEvents++
    const key = orderKeyOf(event, this.#options.ordering)
    this.#order.push({
      event,
      orderKey: key,
      kind: "ephemeral",
      replay: undefined,
      place: undefined,
      attempts: 0,
      since: undefined,
      parkedSince: undefined,
      startedAt: 0,
      probe: 0,
    })
    return true
  }

  /** Stops taking what is offered: from `cursor` on the journal is read. */
  fallBehind(cursor: Sequence): void {
    if (!this.#live) return
    this.#live = false
    this.#cursor = later(cursor, this.#cursor)
    this.#world.wakeReader()
  }

  // --- What is read ----------------------------------------------------------------------------

  /** Where to read on; undefined when there is nothing to read or no room. */
  nextRead(): NextRead | undefined {
    if (!this.mayRead) return undefined
    this.#headAtRead = this.#world.head()
    const left = Math.max(1, this.#end - this.#cursor)
    return { after: this.#cursor, limit: Math.min(this.room(), left), head: this.#headAtRead }
  }

  /** There is something to read, and room for it. */
  get mayRead(): boolean {
    // Half a window at a time, so that reading overlaps delivering without reading by ones.
    return !this.#live && !this.#stopped && this.room() * 2 >= this.#options.windowEvents
  }

  /** Admits a page that was read after the cursor; false when it comes too late to be of use. */
  admitPage(events: ReadonlyArray<JournaledEvent>): boolean {
    if (this.#live || this.#stopped) return false
    for (const event of events) {
      if (event.sequence <= this.#cursor) continue
      this.#moveTo(Math.min(event.sequence - 1, this.#end))
      if (event.sequence > this.#end) break
      this.#cursor = event.sequence
      if (this.#progress.isSettled(event.sequence)) continue
      if (this.#world.matches(event.type) && this.#world.passes(event)) this.#admit(event)
    }
    // The head may have moved while an empty page was read: what it moved over was not read.
    if (events.length === 0) this.#moveTo(this.#headAtRead)
    if (this.#cursor >= this.#world.head()) this.#live = true
    return true
  }

  /** Moves over what the journal does not hold. */
  #moveTo(sequence: number): void {
    if (sequence <= this.#cursor) return
    this.#missed += sequence - this.#cursor
    this.#cursor = Sequence.make(sequence)
  }

  /** Where there is no more to read, ever. */
  get #end(): number {
    return this.#options.replay?.to ?? Number.POSITIVE_INFINITY
  }

  // --- Room ------------------------------------------------------------------------------------

  /** Events that may be admitted now. */
  room(): number {
    const { windowEvents, windowBytes, maxDeferred } = this.#options
    if (this.#stopped || this.#openBytes >= windowBytes) return 0
    if (this.#aside.size >= maxDeferred || this.#progress.spread >= maxSpread) return 0
    return windowEvents - this.#openEvents
  }

  /** Deliveries that were set aside and may come back now. They do not wait for room among fresh ones. */
  get retryRoom(): number {
    const { windowEvents, windowBytes } = this.#options
    if (this.#stopped || (this.#retries.size > 0 && this.#openBytes >= 2 * windowBytes)) return 0
    return Math.max(0, windowEvents - this.#retries.size)
  }

  #admit(event: JournaledEvent): void {
    const key = orderKeyOf(event, this.#options.ordering)
    const place = this.#progress.admit(event.sequence)
    if (key !== undefined && this.#options.ordering === "key" && this.#aside.blocks(key)) {
      this.#progress.pass(place)
      return this.#aside.behind(event.sequence, key)
    }
    this.#openEvents++
    this.#openBytes += event.json.length
    this.#order.push({
      event: this.marked(event),
      orderKey: key,
      kind: "fresh",
      replay: this.#options.replay?.id,
      place,
      attempts: 0,
      since: undefined,
      parkedSince: undefined,
      startedAt: 0,
      probe: 0,
    })
  }

  /** Admits again an event that was set aside. */
  readmit(deferral: Deferral, event: JournaledEvent): void {
    const { orderKey, attempts, since, parkedSince, replay } = deferral
    this.#openEvents++
    this.#openBytes += event.json.length
    const item: Item = {
      event,
      orderKey,
      kind: "retried",
      replay: replay ?? this.#options.replay?.id,
      place: undefined,
      attempts,
      since,
      parkedSince,
      startedAt: 0,
      probe: 0,
    }
    this.#retries.set(event.sequence, item)
    this.#order.pushRetry(item)
  }

  /** The event as it is delivered: of the replay, or else of the one that the feed is of. */
  marked(event: JournaledEvent, replay = this.#options.replay?.id): JournaledEvent {
    return replay === undefined ? event : replayed(event, replay)
  }

  /** The item leaves the window: its delivery is over or set aside. */
  leave(item: Item): void {
    if (item.place !== undefined) this.#progress.pass(item.place)
    this.#openEvents--
    if (item.kind !== "ephemeral") this.#openBytes -= item.event.json.length
    if (item.kind === "retried") {
      this.#retries.delete(item.event.sequence)
      this.#world.wakeReader()
    } else if (!this.#live && this.#openEvents * 2 <= this.#options.windowEvents) {
      this.#world.wakeReader()
    }
  }

  /** Admits nothing more. */
  shut(): void {
    this.#stopped = true
  }

  /** Likewise, and the head moves on without it. */
  stop(): void {
    this.#cursor = this.scanned
    this.#live = false
    this.#stopped = true
  }
}

const later = (a: Sequence, b: Sequence): Sequence => (a > b ? a : b)
