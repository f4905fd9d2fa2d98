// One reader that follows a namespace: the journal after a position, then what is committed, in order
// of sequence, without gap or repeat.
//
// Live, it is offered each matching event as it is committed, into a bounded queue. When the queue is
// full it is behind, as a subscription is: it reads the journal from its position, as fast as its
// consumer takes, until it has caught up. It decides synchronously and leaves reading to `Follow`.

import { Effect } from "effect"
import {
  type CloudEvent,
  type JournaledEvent,
  origin,
  Sequence,
  type TypePattern,
  typeMatches,
} from "../../domain/index.js"
import type { NamespaceHub, Route } from "../namespace/NamespaceHub.js"

/** Why there will be no more: the namespace was removed, or the reader was closed. */
export type FollowEnd = "removed" | "closed"

/** What came since the last time; none of it comes again. */
export interface Followed {
  /** Journalled events in order of sequence; ephemeral ones, whose sequence is 0, as they came. */
  readonly events: ReadonlyArray<JournaledEvent>
  /** Everything up to here was given, or is of no interest: who stops now resumes after it. */
  readonly position: Sequence
  /** Ephemeral events that were lost because the consumer was slow. */
  readonly dropped: number
  /** Sequences before `events` that retention took before they were read, of interest or not. */
  readonly expired: number
  readonly end: FollowEnd | undefined
}

/** Which events the reader wants. */
export interface FollowerInterest {
  readonly patterns: ReadonlyArray<TypePattern>
  /** Of those whose type matches; absent, all of them. */
  readonly passes: ((event: CloudEvent) => boolean) | undefined
}

export interface FollowerLimits {
  /** Events in the queue: more and the reader is behind. */
  readonly maxEvents: number
  /** Likewise in characters of JSON, though never less than one event. */
  readonly maxBytes: number
}

export class Follower implements Route {
  readonly #incarnation: string
  readonly #interest: FollowerInterest
  readonly #limits: FollowerLimits
  readonly #work = Effect.unsafeMakeLatch(false)
  #hub: NamespaceHub | undefined
  #end: FollowEnd | undefined
  #live = false
  /** Everything up to here was queued, read, or is of no interest; the head may be further while live. */
  #cursor: Sequence
  /** The head when the journal was last asked. */
  #headAtRead = origin
  /** What was taken up to now: the queue comes after it. */
  #position: Sequence
  #queue: Array<JournaledEvent> = []
  #queueBytes = 0
  #dropped = 0
  #expired = 0

  constructor(
    incarnation: string,
    after: Sequence,
    interest: FollowerInterest,
    limits: FollowerLimits,
  ) {
    this.#incarnation = incarnation
    this.#cursor = after
    this.#position = after
    this.#interest = interest
    this.#limits = limits
  }

  /** Waits until there is something to take, to read, or to attach to. */
  get ready(): Effect.Effect<void> {
    return this.#work.await
  }

  get isAttached(): boolean {
    return this.#hub !== undefined
  }

  get isEnded(): boolean {
    return this.#end !== undefined
  }

  get isLive(): boolean {
    return this.#live
  }

  /** Joins the awake namespace. One of the same name that is not the same one is the end. */
  attach(hub: NamespaceHub): void {
    if (this.#end !== undefined) return
    if (hub.incarnation !== this.#incarnation || hub.status === "removing") {
      return this.finish("removed")
    }
    // It fell asleep on the way: it has to be woken again.
    if (hub.status === "asleep") return
    hub.route(this, this.#interest.patterns)
    this.#hub = hub
    this.#live = this.#cursor >= hub.head
    this.#signal()
  }

  /** Takes nothing more. What was not taken is for whoever resumes. */
  finish(end: FollowEnd): void {
    this.#end ??= end
    this.#hub?.withdraw(this)
    this.#hub = undefined
    this.#live = false
    this.#queue = []
    this.#queueBytes = 0
    this.#signal()
  }

  // --- What the hub tells ----------------------------------------------------------------------

  offer(event: JournaledEvent): void {
    // What was read from the journal before it was offered is known.
    if (!this.#live || event.sequence <= this.#cursor) return
    if (!this.#passes(event)) return
    if (!this.#hasRoom) return this.fallBehind(Sequence.make(event.sequence - 1))
    this.#cursor = event.sequence
    this.#push(event)
  }

  offerEphemeral(event: JournaledEvent): boolean {
    if (!this.#passes(event)) return true
    if (!this.#hasRoom) return false
    this.#push(event)
    return true
  }

  drop(): void {
    this.#dropped++
    this.#signal()
  }

  fallBehind(cursor: Sequence): void {
    if (!this.#live) return
    this.#live = false
    this.#cursor = later(cursor, this.#cursor)
    this.#signal()
  }

  /** The namespace is no longer awake; whether it can be woken again says whether this is the end. */
  end(): void {
    this.#cursor = this.#scanned
    this.#live = false
    this.#hub = undefined
    this.#signal()
  }

  pump(): void {}

  // --- What its consumer takes -----------------------------------------------------------------

  /** Whether there is something to take before anything is read. */
  get hasNews(): boolean {
    return this.#queue.length > 0 || this.#dropped > 0 || this.#end !== undefined
  }

  take(): Followed {
    if (this.#end === undefined) this.#position = this.#scanned
    const followed: Followed = {
      events: this.#queue,
      position: this.#position,
      dropped: this.#dropped,
      expired: this.#expired,
      end: this.#end,
    }
    this.#queue = []
    this.#queueBytes = 0
    this.#dropped = 0
    this.#expired = 0
    this.#signal()
    return followed
  }

  /** Where to read on; undefined when there is nothing to read. */
  nextRead(): { readonly after: Sequence; readonly limit: number } | undefined {
    if (this.#live || this.#hub === undefined) return undefined
    this.#headAtRead = this.#hub.head
    return { after: this.#cursor, limit: this.#limits.maxEvents }
  }

  /** Takes in a page that was read after the cursor. An empty one means that there was no more. */
  admitPage(page: ReadonlyArray<JournaledEvent>): void {
    if (this.#live || this.#hub === undefined) return
    const [first] = page
    if (first !== undefined) this.#expired += Math.max(0, first.sequence - this.#cursor - 1)
    for (const event of page) {
      if (event.sequence <= this.#cursor) continue
      this.#cursor = event.sequence
      if (this.#wants(event)) this.#push(event)
    }
    // The head may have moved while an empty page was read: what it moved over was not read.
    if (page.length === 0) this.#cursor = later(this.#headAtRead, this.#cursor)
    if (this.#cursor >= this.#hub.head) this.#live = true
  }

  get #scanned(): Sequence {
    return this.#live && this.#hub !== undefined
      ? later(this.#hub.head, this.#cursor)
      : this.#cursor
  }

  get #hasRoom(): boolean {
    const { maxBytes, maxEvents } = this.#limits
    return this.#queue.length < maxEvents && this.#queueBytes < maxBytes
  }

  #wants(event: JournaledEvent): boolean {
    const { patterns } = this.#interest
    return patterns.some((pattern) => typeMatches(pattern, event.type)) && this.#passes(event)
  }

  /** Without filters an event from the journal need not be parsed. */
  #passes(event: JournaledEvent): boolean {
    return this.#interest.passes?.(event.event) ?? true
  }

  #push(event: JournaledEvent): void {
    this.#queue.push(event)
    this.#queueBytes += event.json.length
    this.#work.unsafeOpen()
  }

  #signal(): void {
    if (this.hasNews || !this.#live) this.#work.unsafeOpen()
    else this.#work.unsafeClose()
  }
}

const later = (a: Sequence, b: Sequence): Sequence => (a > b ? a : b)
