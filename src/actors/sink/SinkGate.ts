// What every delivery to a sink passes: its connection, the sink's concurrency, its breaker, and the suspicion that
// it is misconfigured. One gate per sink, shared by its subscriptions, so that an outage seen by one
// parks them all and one probe speaks for all.
//
// A delivery enters, reports what became of it and leaves. Synchronous, since it stands on the path of every event; what changes is told to the sink's actor.

import {
  Breaker,
  type BreakerPolicy,
  breakerAfter,
  closedBreaker,
  type MisconfigurationVerdict,
  type Moment,
  noSuspicion,
  observeMisconfiguration,
  type Outcome,
  probeDueAt,
  startProbe,
  type Suspicion,
  tripBreaker,
} from "../../domain/index.js"
import { Option } from "effect"
import type { Connection } from "../ports/index.js"

/** A subscription, as its gate sees it. */
export interface GateUser {
  /** Gives way to users that do not, as long as they have use for every place. */
  readonly yields: boolean
  /** There may be room again: start what is ready. */
  readonly pump: () => void
  /** The sink works, so a delivery that was suspect is at fault. Ignores what it does not know. */
  readonly rejectSuspect: (key: string) => void
}

export type ParkCause = "outage" | "misconfigured"

export type GateChange =
  | {
      readonly _tag: "Parked"
      readonly cause: ParkCause
      readonly since: number
      readonly probeAt: number
      readonly reason: string
    }
  | { readonly _tag: "Recovered" }

export interface SinkGateOptions {
  readonly concurrency: number
  readonly breaker: BreakerPolicy
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Uniform from 0 up to but not including 1. */
  readonly random: () => number
  readonly onChange: (change: GateChange) => void
}

export interface Report {
  /** The attempt counts against the event: the sink was not known to be out when it ended. */
  readonly counts: boolean
  readonly suspicion: MisconfigurationVerdict<string>["_tag"]
}

/** A place stays with a user for so many deliveries, or for so long, while others wait. */
const maxTurns = 32
const turnMillis = 10
/** Of so many places that change hands one goes to a user that yields, if one waits. */
const yieldingTurns = 8

export class SinkGate {
  readonly #options: SinkGateOptions
  readonly #users = new Set<GateUser>()
  readonly #waiting = new Set<GateUser>()
  /** Those that wait and yield to all others. */
  readonly #yielding = new Set<GateUser>()
  /** Places that are kept for the next delivery of a user. */
  readonly #kept = new Map<GateUser, number>()
  #keptPlaces = 0
  /** Deliveries since a place changed hands, and when it did. */
  #turns = 0
  #handedOverAt = 0
  #handedOver = 0
  /** Deliveries under way of users that yield. */
  #activeYielding = 0
  #breaker: Breaker = closedBreaker
  #cause: ParkCause = "outage"
  #suspicion: Suspicion<string> = noSuspicion
  #active = 0
  #probing = false
  #probes = 0
  #lastSuccessAt: number | undefined
  #connection: Connection | undefined
  #unwatch: (() => void) | undefined

  constructor(options: SinkGateOptions) {
    this.#options = options
  }

  /** The open sink; undefined while its actor is starting. */
  get connection(): Connection | undefined {
    return this.#connection
  }

  /** The sink is open and has somebody to deliver to. */
  get isOpen(): boolean {
    return this.#connection?.availability?.current() ?? this.#connection !== undefined
  }

  /** The sink is open: deliveries may start. */
  connect(connection: Connection): void {
    this.#connection = connection
    this.#unwatch = connection.availability?.watch(() => this.#pumpAll())
    this.#pumpAll()
  }

  /** Says again that the sink is parked, if it is, and when to look at it. */
  announce(): void {
    if (this.#breaker._tag === "Closed") return
    const { since } = this.#breaker
    const probeAt = probeDueAt(this.#options.breaker, this.#breaker)
    this.#options.onChange({ _tag: "Parked", cause: this.#cause, since, probeAt, reason: "" })
  }

  /** The sink is closed: nothing starts until it is open again. */
  disconnect(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#connection = undefined
  }

  /** Since when the sink is parked and why; undefined while it takes events. */
  get parked(): { readonly since: number; readonly cause: ParkCause } | undefined {
    return this.#breaker._tag === "Closed"
      ? undefined
      : { since: this.#breaker.since, cause: this.#cause }
  }

  /** Deliveries under way. */
  get active(): number {
    return this.#active
  }

  /** When the sink last took an event. */
  get lastSuccessAt(): number | undefined {
    return this.#lastSuccessAt
  }

  /** Probes take turns between what failed before and what is fresh, so that no event decides alone. */
  get probeFresh(): boolean {
    return this.#probing && this.#probes % 2 === 1
  }

  join(user: GateUser): void {
    this.#users.add(user)
  }

  quit(user: GateUser): void {
    this.#users.delete(user)
    this.pass(user)
    this.#waiting.delete(user)
    this.#yielding.delete(user)
  }

  /** How many deliveries a user could start now. */
  room(user: GateUser): number {
    if (!this.isOpen) return 0
    if (this.#breaker._tag !== "Closed") return this.#canProbe() ? 1 : 0
    const kept = this.#kept.get(user) ?? 0
    const free = this.#options.concurrency - this.#active - this.#keptPlaces + kept
    return user.yields ? Math.min(free, this.#roomForYielding(kept)) : free
  }

  /** Never all places at once, and while others wait only those that are kept for it. */
  #roomForYielding(kept: number): number {
    const most = Math.max(1, Math.floor(this.#options.concurrency / 2)) - this.#activeYielding
    return this.#waiting.size > 0 ? Math.min(kept, most) : most
  }

  /** Takes a place, to be given back with `leave`. When there is none, the user is pumped later. */
  enter(user: GateUser): boolean {
    if (this.room(user) <= 0) {
      this.wait(user)
      // The place it has left is for those it yields to.
      if (user.yields) this.#pumpWaiting()
      return false
    }
    this.#useKept(user, 1)
    if (this.#breaker._tag !== "Closed") {
      const { breaker, now } = this.#options
      this.#breaker = Option.getOrElse(
        startProbe(breaker, this.#breaker, now()),
        () => this.#breaker,
      )
      this.#probing = true
      this.#probes++
      // Should it never end, another is due.
      this.announce()
    }
    this.#active++
    if (user.yields) this.#activeYielding++
    return true
  }

  /** Asks to be pumped when there is room. */
  wait(user: GateUser): void {
    if (user.yields) this.#yielding.add(user)
    else this.#waiting.add(user)
  }

  /** The user starts nothing for now: the place that it has just left is for others. */
  pass(user: GateUser): void {
    this.#useKept(user, Number.POSITIVE_INFINITY)
    if (this.#isWaitedFor) this.#pumpWaiting()
  }

  /** The user has no use for places that are kept for it. */
  release(user: GateUser): void {
    if (this.#kept.has(user)) this.pass(user)
  }

  /**
   * Gives a place back, after what became of the attempt was reported, or if it was cut off. Whoever
   * leaves enters again or passes: a place changes hands now and then, not at each delivery, for that
   * costs more than the delivery itself where sinks are fast.
   */
  leave(user: GateUser): void {
    this.#active--
    if (user.yields) this.#activeYielding--
    if (this.#breaker._tag === "HalfOpen") {
      // A probe that was cut off has shown nothing: another may start at once.
      const { since, probes } = this.#breaker
      this.#breaker = Breaker.Open({ since, probes, probeAt: this.#options.now() })
      this.#probing = false
    }
    if (this.#isWaitedFor) this.#handOver()
  }

  /** Takes note of the outcome of an attempt; `key` tells the delivery from all others of the sink. */
  report(key: string, outcome: Outcome): Report {
    const breaker = this.#breaker
    if (
      outcome._tag === "Delivered" &&
      breaker._tag === "Closed" &&
      this.#suspicion.events.length === 0
    ) {
      this.#lastSuccessAt = this.#options.now()
      if (breaker.consecutiveFailures !== 0) this.#breaker = closedBreaker
      return delivered
    }
    return this.#reportTrouble(key, outcome)
  }

  /** Parks the sink because an event has shown that it is out. */
  trip(reason: string): void {
    const before = this.#breaker
    this.#breaker = tripBreaker(this.#options.breaker, before, this.#moment())
    this.#announce(before, "outage", reason)
  }

  /** Forgets all that was held against the sink: it was configured anew, or a person says it is back. */
  reset(): void {
    const before = this.#breaker
    this.#breaker = closedBreaker
    this.#suspicion = noSuspicion
    this.#announce(before, "outage", "")
    this.#pumpAll()
  }

  /**
   * A probe may be due: lets everybody try, since who made the last one, and never heard, does not
   * wait. Too early, as after a clock was set back, it asks again.
   */
  probeDue(): void {
    if (this.#breaker._tag === "Open" && !this.#canProbe()) return this.announce()
    this.#pumpAll()
  }

  #reportTrouble(key: string, outcome: Outcome): Report {
    const { breaker: policy, now } = this.#options
    const before = this.#breaker
    if (outcome._tag === "Delivered") this.#lastSuccessAt = now()
    this.#breaker = breakerAfter(policy, before, outcome, this.#moment())
    const { suspicion, verdict } = observeMisconfiguration(this.#suspicion, key, outcome)
    this.#suspicion = suspicion
    if (verdict._tag === "SinkMisconfigured") {
      this.#breaker = tripBreaker(policy, this.#breaker, this.#moment())
    }
    const cause = verdict._tag === "SinkMisconfigured" ? "misconfigured" : this.#cause
    this.#announce(before, cause, "reason" in outcome ? outcome.reason : "")
    if (verdict._tag === "RejectEarlier") {
      for (const suspect of verdict.events) {
        for (const user of this.#users) user.rejectSuspect(suspect)
      }
    }
    return { counts: before._tag === "Closed", suspicion: verdict._tag }
  }

  #announce(before: Breaker, cause: ParkCause, reason: string): void {
    const after = this.#breaker
    if (after._tag !== "HalfOpen") this.#probing = false
    if (after._tag === "Open" && after !== before) {
      this.#cause = cause
      const { since, probeAt } = after
      this.#options.onChange({ _tag: "Parked", cause, since, probeAt, reason })
    } else if (after._tag === "Closed" && before._tag !== "Closed") {
      this.#cause = "outage"
      this.#options.onChange({ _tag: "Recovered" })
      this.#pumpAll()
    }
  }

  #canProbe(): boolean {
    return startProbe(this.#options.breaker, this.#breaker, this.#options.now())._tag === "Some"
  }

  #moment(): Moment {
    return { now: this.#options.now(), random: this.#options.random() }
  }

  /** Keeps the place that was left for who has waited longest, if it is time to. */
  #handOver(): void {
    if (this.#breaker._tag !== "Closed") return this.#pumpWaiting()
    const now = this.#options.now()
    if (++this.#turns < maxTurns && Math.abs(now - this.#handedOverAt) < turnMillis) return
    this.#turns = 0
    this.#handedOverAt = now
    const next = this.#nextInLine()
    if (next === undefined) return
    this.#waiting.delete(next)
    this.#yielding.delete(next)
    this.#kept.set(next, (this.#kept.get(next) ?? 0) + 1)
    this.#keptPlaces++
    next.pump()
  }

  #nextInLine(): GateUser | undefined {
    const [first] = this.#waiting
    const [yielding] = this.#yielding
    const isItsTurn = first === undefined || ++this.#handedOver % yieldingTurns === 0
    return yielding !== undefined && isItsTurn ? yielding : first
  }

  get #isWaitedFor(): boolean {
    return this.#waiting.size > 0 || this.#yielding.size > 0
  }

  #useKept(user: GateUser, most: number): void {
    const kept = this.#kept.get(user)
    if (kept === undefined) return
    const used = Math.min(kept, most)
    this.#keptPlaces -= used
    if (used === kept) this.#kept.delete(user)
    else this.#kept.set(user, kept - used)
  }

  /** In turn, as long as there is room; one that still waits goes to the end of the line. */
  #pumpWaiting(): void {
    this.#pumpInTurn(this.#waiting)
    if (this.#waiting.size === 0) this.#pumpInTurn(this.#yielding)
  }

  #pumpInTurn(users: Set<GateUser>): void {
    let turns = users.size
    for (const user of users) {
      if (turns-- <= 0 || this.room(user) <= 0) return
      users.delete(user)
      user.pump()
    }
  }

  #pumpAll(): void {
    this.#waiting.clear()
    this.#yielding.clear()
    for (const user of this.#users) if (!user.yields) user.pump()
    for (const user of this.#users) if (user.yields) user.pump()
  }
}

const delivered: Report = { counts: true, suspicion: "Clear" }
