// A feed with everything around it in the hands of the test: the journal, the store of its progress,
// its reader, its workers, the clock. Each step is taken only when the test takes it, so any
// interleaving can be played; what must never happen is checked at each step.

import { Effect, Either } from "effect"
import {
  AckedRanges,
  defaultBreakerPolicy,
  defaultRetryPolicy,
  JournaledEvent,
  NamespaceName,
  TokenBucket,
  type Ordering,
  Outcome,
  parseTypePattern,
  type Rate,
  type RetryPolicy,
  Sequence,
  SubscriptionName,
} from "../../../src/domain/index.js"
import { NamespaceHub } from "../../../src/actors/namespace/NamespaceHub.js"
import type { Deferral, NewDeadLetter } from "../../../src/actors/index.js"
import { SinkGate } from "../../../src/actors/sink/SinkGate.js"
import type { BatchWait } from "../../../src/actors/subscription/BatchFill.js"
import type { ProgressSnapshot } from "../../../src/actors/subscription/FeedProgress.js"
import type { FeedOptions } from "../../../src/actors/subscription/FeedWorld.js"
import { noDeliveries } from "../../../src/actors/subscription/FeedWorld.js"
import type { Item } from "../../../src/actors/subscription/Item.js"
import { SubscriptionFeed } from "../../../src/actors/subscription/SubscriptionFeed.js"
import { cloudEvent } from "../../laws/LawEvents.js"

const name = SubscriptionName.make("s")
const namespace = NamespaceName.make("acme.example")
const wanted = Either.getOrThrow(parseTypePattern("wanted"))

/** Something happened that must not. */
export class Violation extends Error {}

export interface RigOptions {
  readonly ordering: Ordering
  readonly concurrency?: number
  readonly windowEvents?: number
  readonly maxDeferred?: number
  readonly maxUnwritten?: number
  readonly retry?: Partial<RetryPolicy>
  readonly rate?: Rate
  readonly batch?: BatchWait
}

interface Stored {
  position: number
  acknowledged: string
  readonly deferrals: Map<number, Deferral>
  readonly dead: Map<string, NewDeadLetter>
}

export class FeedRig {
  now = 1_000_000
  hub = new NamespaceHub(namespace, "i", "enabled", Sequence.make(0), 0)
  readonly journal: Array<JournaledEvent> = []
  readonly store: Stored = { position: 0, acknowledged: "0", deferrals: new Map(), dead: new Map() }
  readonly options: FeedOptions
  gate: SinkGate
  feed: SubscriptionFeed
  /** Committed and not offered yet. */
  unannounced: Array<JournaledEvent> = []
  /** Workers that were started and have not run. */
  startedWorkers = 0
  /** What each running worker delivers. */
  attempts: Array<Array<Item>> = []
  readerAwake = true
  page: { readonly after: number; readonly events: ReadonlyArray<JournaledEvent> } | undefined
  loading: Array<Deferral> = []
  write: ProgressSnapshot | undefined
  touched = false
  probeAt: number | undefined
  alarmAt: number | undefined
  gone = 0
  dropped = 0
  /** Sequences that are over: delivered or dead. */
  readonly over = new Map<number, "delivered" | "dead">()
  /** Sequences that were dead letters and are tried again: the order of the first time is past. */
  readonly redelivered = new Set<number>()
  /** Deliveries that succeeded, ever. */
  readonly delivered: Array<number> = []
  #letters = 0

  constructor(options: RigOptions) {
    this.options = {
      name,
      concurrency: options.concurrency ?? 4,
      windowEvents: options.windowEvents ?? 6,
      windowBytes: 1_000_000,
      maxDeferred: options.maxDeferred ?? 20,
      maxUnwritten: options.maxUnwritten ?? 50,
      ordering: options.ordering,
      audit: "failures",
      retry: { ...defaultRetryPolicy, ...options.retry },
      rate: options.rate === undefined ? undefined : new TokenBucket(options.rate, this.now),
      batch: options.batch,
      replay: undefined,
    }
    this.gate = this.#gate()
    this.feed = this.#start()
  }

  // --- The journal -----------------------------------------------------------------------------

  /** Commits an event; whoever reads sees it, and `announce` offers it. */
  commit(type: "wanted" | "other", key?: string): number {
    const sequence = Sequence.make(this.journal.length + 1)
    const event = JournaledEvent.of(sequence, this.#event(`e${sequence}`, type, key), this.now)
    this.journal.push(event)
    this.unannounced.push(event)
    return sequence
  }

  announce(): void {
    this.hub.committed(this.unannounced.splice(0))
  }

  publish(type: "wanted" | "other", key?: string): number {
    const sequence = this.commit(type, key)
    this.announce()
    return sequence
  }

  ephemeral(key?: string): void {
    const event = JournaledEvent.ephemeral(this.#event("x", "wanted", key), this.now)
    for (const route of this.hub.ephemeral(event)) route.drop()
  }

  // --- The reader ------------------------------------------------------------------------------

  /** What the reader would do at this moment: load what is due, else begin to read. */
  readerBegins(): boolean {
    if (this.page !== undefined || this.loading.length > 0) return false
    this.readerAwake = false
    this.loading = [...this.feed.takeDue(64)]
    if (this.loading.length > 0) return true
    const read = this.feed.nextRead()
    if (read === undefined) return false
    const events = this.journal.slice(read.after, read.after + Math.min(read.limit, 4))
    this.page = { after: read.after, events }
    return true
  }

  readerEnds(fails = false): void {
    if (fails) {
      this.feed.untakeDue(this.loading)
      this.loading = []
      this.page = undefined
      this.readerAwake = true
      return
    }
    const deferral = this.loading.shift()
    if (deferral !== undefined) {
      this.feed.admitDue(deferral, this.journal[deferral.sequence - 1])
      if (this.loading.length === 0) this.readerAwake = true
    } else if (this.page !== undefined) {
      const { events } = this.page
      this.page = undefined
      this.feed.admitPage(events)
      this.readerAwake = true
    }
  }

  // --- Workers ---------------------------------------------------------------------------------

  workerBegins(batch = 1): boolean {
    if (this.startedWorkers === 0) return false
    this.startedWorkers--
    this.#take(batch)
    return true
  }

  workerEnds(index: number, outcomes: (item: Item) => Outcome): boolean {
    const [items] = this.attempts.splice(index, 1)
    if (items === undefined) return false
    const answers = items.map(outcomes)
    for (const [at, item] of items.entries()) {
      if (item.kind === "ephemeral" || answers[at]?._tag !== "Delivered") continue
      this.delivered.push(item.event.sequence)
      if (this.over.has(item.event.sequence)) throw new Violation(`${item.event.sequence} twice`)
      this.over.set(item.event.sequence, "delivered")
    }
    const [only] = items
    const [answer] = answers
    if (items.length === 1 && only !== undefined && answer !== undefined) {
      this.feed.settle(only, answer)
    } else {
      this.feed.settleAll(items, answers)
    }
    this.#take(items.length)
    return true
  }

  #take(batch: number): void {
    const first = this.feed.take()
    if (first === undefined) return
    const items = [first, ...this.feed.takeMore(batch - 1, 1_000_000)]
    const started: Array<Item> = []
    this.attempts.push(started)
    for (const item of items) {
      this.#checkStart(item)
      started.push(item)
    }
    const { concurrency } = this.options
    if (this.attempts.length > concurrency) throw new Violation("more in flight than may be")
  }

  #checkStart({ event: { sequence }, kind, orderKey }: Item): void {
    if (kind === "ephemeral") return
    if (this.over.has(sequence)) throw new Violation(`${sequence} starts though it is over`)
    const flying = this.attempts.flat()
    if (flying.some((other) => other.event.sequence === sequence))
      throw new Violation(`${sequence} is in flight twice`)
    if (orderKey === undefined) return
    if (flying.some((other) => other.orderKey === orderKey))
      throw new Violation(`two of the key "${orderKey}" are in flight`)
    for (const earlier of this.journal.slice(0, sequence - 1)) {
      if (earlier.type !== "wanted" || this.over.has(earlier.sequence)) continue
      if (this.redelivered.has(earlier.sequence)) continue
      if (this.options.ordering === "strict" || earlier.event["partitionkey"] === orderKey)
        throw new Violation(`${sequence} starts before ${earlier.sequence} is over`)
    }
  }

  /** Has one of the stored dead letters tried again. */
  redeliver(index: number): void {
    const letter = [...this.store.dead.values()][index]
    const event = this.journal[(letter?.sequence ?? 0) - 1]
    if (letter === undefined || event === undefined) return
    this.feed.redeliver({ id: letter.id, event }, () => {
      if (this.store.dead.has(letter.id)) throw new Violation(`${letter.id} is not stored`)
    })
  }

  // --- The store of progress -------------------------------------------------------------------

  writeBegins(): boolean {
    if (this.write !== undefined || !this.touched) return false
    this.touched = false
    this.write = this.feed.collect()
    return true
  }

  writeEnds(result: "done" | "failed" | "unknown"): void {
    const snapshot = this.write
    if (snapshot === undefined) return
    this.write = undefined
    if (result !== "failed") this.#apply(snapshot)
    if (result === "done") return this.feed.written(snapshot)
    this.feed.restore(snapshot)
    this.touched = true
  }

  #apply({ position, acknowledged, unwritten }: ProgressSnapshot): void {
    const { store } = this
    if (position < store.position) throw new Violation(`the position falls to ${position}`)
    store.position = position
    store.acknowledged = acknowledged
    for (const deferral of unwritten.deferred) store.deferrals.set(deferral.sequence, deferral)
    for (const sequence of unwritten.settled) store.deferrals.delete(sequence)
    for (const letter of unwritten.dead) store.dead.set(letter.id, letter)
    for (const { deadLetter, deferral } of unwritten.redelivered) {
      const { sequence } = deferral
      if (!store.dead.delete(deadLetter)) continue
      if (store.deferrals.has(sequence)) throw new Violation(`${sequence} was set aside already`)
      store.deferrals.set(sequence, deferral)
      this.redelivered.add(sequence)
      this.over.delete(sequence)
      this.#knownSettled.delete(sequence)
    }
    this.checkStore()
  }

  get acknowledged(): AckedRanges {
    return Either.getOrThrow(AckedRanges.parse(this.store.acknowledged))
  }

  /** What the store says is settled is over, or set aside; nothing it knew is forgotten. */
  checkStore(): void {
    const acked = this.acknowledged
    if (acked.floor !== this.store.position) throw new Violation("two positions are stored")
    for (const { sequence, type } of this.journal) {
      if (type !== "wanted" || !acked.isAcknowledged(sequence)) continue
      if (!this.over.has(sequence) && !this.store.deferrals.has(sequence))
        throw new Violation(`${sequence} is stored as settled and is not`)
    }
    for (const sequence of this.#knownSettled) {
      if (!acked.isAcknowledged(sequence)) throw new Violation(`${sequence} is forgotten`)
      if (this.store.deferrals.has(sequence)) throw new Violation(`${sequence} is set aside again`)
    }
    for (const { sequence, type } of this.journal) {
      const settled = acked.isAcknowledged(sequence) && !this.store.deferrals.has(sequence)
      if (type === "wanted" && settled) this.#knownSettled.add(sequence)
    }
  }
  readonly #knownSettled = new Set<number>()

  // --- Life ------------------------------------------------------------------------------------

  /** The process dies: what is not in the store is forgotten, and a new one begins. */
  crash(): void {
    this.feed.stop()
    this.hub.withdraw(this.feed)
    this.hub = new NamespaceHub(
      namespace,
      "i",
      "enabled",
      Sequence.make(this.journal.length),
      this.now,
    )
    this.unannounced = []
    this.startedWorkers = 0
    this.attempts = []
    this.page = undefined
    this.loading = []
    this.write = undefined
    this.readerAwake = true
    this.alarmAt = undefined
    for (const sequence of this.over.keys()) {
      if (!this.#knownSettled.has(sequence)) this.over.delete(sequence)
    }
    this.gate = this.#gate()
    this.feed = this.#start()
  }

  /** The subscription was disabled by its sink, its progress was written, and a person enabled it. */
  enableAgain(): void {
    this.gone = 0
    while (this.attempts.length > 0) this.workerEnds(0, () => Outcome.delivered())
    if (this.write !== undefined) this.writeEnds("done")
    if (this.writeBegins()) this.writeEnds("done")
    this.crash()
  }

  get head(): Sequence {
    return Sequence.make(this.journal.length)
  }

  advance(millis: number): void {
    this.now += millis
    if (this.probeAt === undefined || this.probeAt > this.now) return
    this.probeAt = undefined
    this.gate.probeDue()
  }

  /** Whether anything happens by itself before the clock moves. */
  step(outcomes: (item: Item) => Outcome): boolean {
    if (this.unannounced.length > 0) {
      this.announce()
      return true
    }
    if (this.loading.length > 0 || this.page !== undefined) {
      this.readerEnds()
      return true
    }
    if (this.workerBegins()) return true
    if (this.attempts.length > 0) return this.workerEnds(0, outcomes)
    if (this.write !== undefined) {
      this.writeEnds("done")
      return true
    }
    if (this.writeBegins()) return true
    if (this.alarmAt !== undefined && this.alarmAt <= this.now) {
      this.alarmAt = undefined
      this.feed.pump()
      return true
    }
    const due = this.feed.nextDue()
    if (this.readerAwake || (due !== undefined && due <= this.now)) {
      this.readerBegins()
      return true
    }
    return false
  }

  /** Lets everything run to its end on a sink that takes everything; false when it never ends. */
  settleAll(outcomes: (item: Item) => Outcome = () => Outcome.delivered()): boolean {
    for (let steps = 0; steps < 20_000; steps++) {
      if (this.step(outcomes)) continue
      const next = Math.min(
        this.feed.nextDue() ?? Infinity,
        this.probeAt ?? Infinity,
        this.alarmAt ?? Infinity,
      )
      if (next === Infinity) return true
      this.advance(Math.max(1, next - this.now))
    }
    return false
  }

  /** Wanted events that are neither delivered nor dead. */
  get missing(): ReadonlyArray<number> {
    return this.journal
      .filter(({ type, sequence }) => type === "wanted" && !this.over.has(sequence))
      .map(({ sequence }) => sequence)
  }

  #gate(): SinkGate {
    this.probeAt = undefined
    const gate = new SinkGate({
      concurrency: 8,
      breaker: defaultBreakerPolicy,
      now: () => this.now,
      random: () => 0.5,
      onChange: (change) => {
        this.probeAt = change._tag === "Parked" ? change.probeAt : undefined
      },
    })
    gate.connect({
      deliver: () => Effect.succeed(Outcome.delivered()),
      ...(this.options.batch === undefined ? {} : { deliverBatch: () => Effect.succeed([]) }),
    })
    return gate
  }

  #start(): SubscriptionFeed {
    const deferrals = [...this.store.deferrals.values()].sort((a, b) => a.sequence - b.sequence)
    const feed: SubscriptionFeed = new SubscriptionFeed(
      this.options,
      {
        now: () => this.now,
        random: () => 0.5,
        deadLetterId: () => `dl_${this.#letters++}`,
        totals: noDeliveries(),
        head: () => this.hub.head,
        matches: (type) => this.hub.wants(feed, type),
        passes: () => true,
        startWorker: () => void this.startedWorkers++,
        wakeReader: () => {
          this.readerAwake = true
        },
        alarm: (at) => {
          this.alarmAt = Math.min(at, this.alarmAt ?? at)
        },
        touched: () => {
          this.touched = true
        },
        onGone: () => void this.gone++,
        onIdle: () => undefined,
        onDeadLetter: (event) => this.#died(event),
      },
      this.gate,
      this.acknowledged,
      deferrals,
    )
    this.hub.route(feed, [wanted])
    return feed
  }

  #died({ sequence }: JournaledEvent): void {
    if (this.over.has(sequence)) throw new Violation(`${sequence} dies though it is over`)
    this.over.set(sequence, "dead")
  }

  #event(id: string, type: string, key: string | undefined) {
    return cloudEvent({
      id,
      source: "/rig",
      type,
      ...(key === undefined ? {} : { partitionkey: key }),
    })
  }
}
