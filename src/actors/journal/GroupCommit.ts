// The one writer of the journal: what is published while a write is under way goes into the next.
//
// A publish is answered after its events are committed, all or none of them. When a write fails its
// publishes fail and nothing was promised; whether it was carried out is found out before the next
// one, so that no committed event is left undelivered.

import { type Clock, Duration, Effect, Exit, Schema } from "effect"
import { JournaledEvent, type NamespaceName, type Sequence } from "../../domain/index.js"
import type { MeshConfigShape } from "../mesh/MeshConfig.js"
import type { NamespaceHub } from "../namespace/NamespaceHub.js"
import type { Appended, Journal, JournalEntry, StoreUnavailable } from "../ports/index.js"

/** More is being published than the journal takes. Try again after a moment. */
export class MeshOverloaded extends Schema.TaggedError<MeshOverloaded>()("MeshOverloaded", {
  waitingEvents: Schema.Number,
  retryAfterMillis: Schema.Number,
}) {
  override get message(): string {
    return `${this.waitingEvents} events wait to be journalled; no more are taken for the moment.`
  }
}

/** What became of one published event. */
export interface Receipt {
  readonly source: string
  readonly id: string
  readonly sequence: Sequence
  /** It was published before; `sequence` is the first one's and nothing was delivered. */
  readonly duplicate: boolean
}

export type CommitExit = Exit.Exit<ReadonlyArray<Receipt>, StoreUnavailable | MeshOverloaded>

interface Pending {
  readonly hub: NamespaceHub
  readonly entries: ReadonlyArray<JournalEntry>
  readonly resume: (exit: CommitExit) => void
}

/** The publishes of one write to the journal. */
interface Write {
  readonly batch: ReadonlyArray<Pending>
  readonly entries: Array<JournalEntry>
  readonly acceptedAt: number
}

const nothing: ReadonlyArray<Appended> = []

const doubtInterval = Duration.seconds(1)

export class GroupCommit {
  readonly #journal: Journal["Type"]
  readonly #config: MeshConfigShape
  readonly #clock: Clock.Clock
  readonly #arrival = Effect.unsafeMakeLatch(false)
  readonly #unsure = new Set<NamespaceHub>()
  readonly #doubt = Effect.unsafeMakeLatch(false)
  #queue: Array<Pending> = []
  #writing: Write | undefined
  #events = 0
  #bytes = 0
  #published = 0
  #duplicates = 0

  constructor(journal: Journal["Type"], config: MeshConfigShape, clock: Clock.Clock) {
    this.#journal = journal
    this.#config = config
    this.#clock = clock
  }

  /** Events journalled since the start. */
  get published(): number {
    return this.#published
  }

  /** Events published again since the start. */
  get duplicates(): number {
    return this.#duplicates
  }

  /** Events that wait to be journalled. */
  get waiting(): number {
    return this.#events
  }

  /** How long the present write has been under way. */
  get writingMillis(): number {
    return this.#writing === undefined
      ? 0
      : Math.max(0, this.#clock.unsafeCurrentTimeMillis() - this.#writing.acceptedAt)
  }

  /** The hubs of a namespace that have publishes under way or in doubt: their journal may still grow by them. */
  hubsOf(namespace: NamespaceName): ReadonlySet<NamespaceHub> {
    const hubs = [...(this.#writing?.batch ?? []), ...this.#queue].map(({ hub }) => hub)
    return new Set([...hubs, ...this.#unsure].filter(({ name }) => name === namespace))
  }

  /** Queues the events of one publish; `resume` is called once, after their commit or its failure. */
  submit(
    hub: NamespaceHub,
    entries: ReadonlyArray<JournalEntry>,
    resume: (exit: CommitExit) => void,
  ): void {
    const { publishQueueEvents, publishQueueBytes } = this.#config
    if (this.#events >= publishQueueEvents || this.#bytes >= publishQueueBytes) {
      const waitingEvents = this.#events
      return resume(Exit.fail(new MeshOverloaded({ waitingEvents, retryAfterMillis: 1000 })))
    }
    for (const { json } of entries) this.#bytes += json.length
    this.#events += entries.length
    hub.beginPublish()
    this.#queue.push({ hub, entries, resume })
    this.#arrival.unsafeOpen()
  }

  /** The writer: runs until interrupted, then writes what is queued. */
  get run(): Effect.Effect<never> {
    const write = Effect.uninterruptible(this.#write)
    const turn = Effect.zipRight(
      this.#arrival.await,
      // Those answered by the write before may publish again at once: let them join this one.
      Effect.zipRight(Effect.yieldNow({ priority: 1 }), write),
    )
    const drain: Effect.Effect<void> = Effect.suspend(() =>
      this.#queue.length === 0 ? Effect.void : Effect.zipRight(this.#write, drain),
    )
    return Effect.forever(turn).pipe(Effect.ensuring(drain))
  }

  /**
   * Writes what is queued. One effect for all writes, that finds each in `#writing` and holds none, since
   * whatever an effect holds may stay in memory long after it has run (decision 0020).
   */
  get #write(): Effect.Effect<void> {
    const append = Effect.suspend(() => {
      const writing = this.#take()
      if (writing === undefined) return Effect.succeed(nothing)
      this.#writing = writing
      return this.#journal.append(writing.entries, writing.acceptedAt)
    })
    return append.pipe(
      Effect.flatMap((appended) => {
        if (this.#unsure.size === 0) return Effect.succeed(appended)
        // What a failed write may have committed after all is offered before anything newer.
        this.#settleByNews(appended)
        return Effect.as(this.settleUnsure, appended)
      }),
      Effect.matchCauseEffect({
        onSuccess: (appended) => {
          this.#succeed(appended)
          return Effect.void
        },
        onFailure: (cause) =>
          Effect.zipRight(
            Effect.logWarning("A write to the journal failed", cause),
            Effect.sync(() => this.#fail(Exit.failCause(cause))),
          ),
      }),
      Effect.ensuring(
        Effect.sync(() => {
          // The effects of the journal may still hold the list.
          if (this.#writing !== undefined) this.#writing.entries.length = 0
          this.#writing = undefined
        }),
      ),
    )
  }

  #take(): Write | undefined {
    if (this.#queue.length === 0) return undefined
    const { commitEvents, commitBytes } = this.#config
    let count = 0
    let events = 0
    let bytes = 0
    for (const { entries } of this.#queue) {
      if (count > 0 && (events + entries.length > commitEvents || bytes >= commitBytes)) break
      count++
      events += entries.length
      for (const { json } of entries) bytes += json.length
    }
    const batch = count === this.#queue.length ? this.#queue : this.#queue.slice(0, count)
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count)
    this.#events -= events
    this.#bytes -= bytes
    if (this.#queue.length === 0) this.#arrival.unsafeClose()
    return {
      batch,
      entries: batch.flatMap(({ entries }) => entries),
      acceptedAt: this.#clock.unsafeCurrentTimeMillis(),
    }
  }

  /** Namespaces that got something new see by themselves what a failed write may have left; others have to ask. */
  #settleByNews(appended: ReadonlyArray<Appended>): void {
    let at = 0
    for (const { hub, entries } of this.#writing?.batch ?? []) {
      const own = appended.slice(at, (at += entries.length))
      if (own.some(({ duplicate }) => !duplicate)) this.#unsure.delete(hub)
    }
  }

  #succeed(appended: ReadonlyArray<Appended>): void {
    if (this.#writing === undefined) return
    const { acceptedAt, batch } = this.#writing
    const committed = new Map<NamespaceHub, Array<JournaledEvent>>()
    const receipts: Array<ReadonlyArray<Receipt>> = []
    let at = 0
    for (const { hub, entries } of batch) {
      const own: Array<Receipt> = []
      for (const { event, json } of entries) {
        const result = appended[at++]
        if (result === undefined) continue
        const { sequence, duplicate } = result
        own.push({ source: event.source, id: event.id, sequence, duplicate })
        if (duplicate) {
          this.#duplicates++
          continue
        }
        this.#published++
        const stored = new JournaledEvent(sequence, event.type, json, acceptedAt, event)
        const events = committed.get(hub)
        if (events === undefined) committed.set(hub, [stored])
        else events.push(stored)
      }
      receipts.push(own)
    }
    for (const [hub, events] of committed) {
      hub.lastActivity = acceptedAt
      hub.committed(events)
    }
    for (const [index, { hub, resume }] of batch.entries()) {
      const own = receipts[index] ?? []
      for (const { sequence, duplicate } of own) if (duplicate) hub.advance(sequence)
      hub.endPublish()
      resume(Exit.succeed(own))
    }
  }

  #fail(exit: CommitExit): void {
    for (const { hub, resume } of this.#writing?.batch ?? []) {
      this.#unsure.add(hub)
      this.#doubt.unsafeOpen()
      hub.endPublish()
      resume(exit)
    }
  }

  /** Asks the journal once about namespaces whose last write failed. */
  get settleUnsure(): Effect.Effect<void> {
    return Effect.suspend(() =>
      Effect.forEach(
        [...this.#unsure],
        (hub) =>
          this.#journal.bounds(hub.name).pipe(
            Effect.map(({ head }) => {
              hub.advance(head)
              this.#unsure.delete(hub)
            }),
            Effect.ignore,
          ),
        { discard: true },
      ),
    )
  }

  /** Asks for as long as there is doubt, for who publishes no more; runs until interrupted. */
  get settleDoubts(): Effect.Effect<never> {
    return Effect.forever(
      this.#doubt.await.pipe(
        Effect.zipRight(Effect.sleep(doubtInterval)),
        Effect.zipRight(this.settleUnsure),
        Effect.zipRight(
          Effect.sync(() => (this.#unsure.size === 0 ? this.#doubt.unsafeClose() : undefined)),
        ),
      ),
    )
  }
}
