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
  type Moment,
  type Outcome,
  probeDueAt,
  startProbe,
  tripBreaker,
} from "../../domain/index.js"
import { Option } from "effect"
import type { Bulkhead } from "./Bulkhead.js"
import { Places, type PlaceUser } from "./Places.js"
import type { Connection } from "../ports/index.js"
import { SinkRate } from "./SinkRate.js"
import { type AttemptKey, type Finding, Suspects } from "./Suspects.js"

/** A subscription, as its gate sees it. */
export interface GateUser extends PlaceUser {
  /** The sink works, so an event that it was refused is at fault. Ignores what it does not know. */
  readonly rejectSuspect: (sequence: number) => void
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
  /** What all sinks of the namespace share; absent: nothing. */
  readonly bulkhead?: Bulkhead | undefined
  /** Has the gate look again at this time, in milliseconds since the epoch: `tokenDue`. */
  readonly alarm?: (at: number) => void
}

export interface Report {
  /** The attempt counts against the event: the sink was not known to be out when it ended. */
  readonly counts: boolean
  readonly suspicion: Finding<never>["verdict"]
}

export class SinkGate implements PlaceUser {
  /** At the bulkhead all sinks are equal. */
  readonly yields = false
  readonly #options: SinkGateOptions
  readonly #bulkhead: Bulkhead | undefined
  readonly #users = new Set<GateUser>()
  readonly #places: Places<GateUser>
  #breaker: Breaker = closedBreaker
  #cause: ParkCause = "outage"
  readonly #suspects = new Suspects<GateUser>()
  #probes = 0
  #lastSuccessAt: number | undefined
  #connection: Connection | undefined
  #unwatch: (() => void) | undefined
  /** Of the connection. */
  readonly #rate: SinkRate

  constructor(options: SinkGateOptions) {
    this.#options = options
    this.#bulkhead = options.bulkhead
    this.#places = new Places(options.concurrency, options.now)
    this.#rate = new SinkRate(options)
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
    this.#rate.adopt(connection.rate)
    this.#unwatch = connection.availability?.watch(() => {
      this.#rate.adopt(connection.rate)
      this.#pumpAll()
    })
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
    return this.#places.active
  }

  /** When the sink last took an event. */
  get lastSuccessAt(): number | undefined {
    return this.#lastSuccessAt
  }

  /** The number of the probe that is under way; 0 for none. Whoever has entered as one reports and leaves with it. */
  get probe(): number {
    return this.#breaker._tag === "HalfOpen" ? this.#probes : 0
  }

  /** Probes take turns between what failed before and what is fresh, so that no event decides alone. */
  get probeFresh(): boolean {
    return this.probe % 2 === 1
  }

  join(user: GateUser): void {
    this.#users.add(user)
  }

  quit(user: GateUser): void {
    this.#users.delete(user)
    this.#places.forget(user)
    this.#suspects.forget(user)
    if (this.#users.size === 0) this.#bulkhead?.quit(this)
    else this.pass(user)
  }

  /** How many deliveries a user could start now. */
  room(user: GateUser): number {
    const own = this.#ownRoom(user)
    return own <= 0 || this.#bulkhead === undefined ? own : Math.min(own, this.#bulkhead.room(this))
  }

  #ownRoom(user: GateUser): number {
    if (!this.isOpen) return 0
    const places =
      this.#breaker._tag === "Closed" ? this.#places.room(user) : this.#canProbe() ? 1 : 0
    return this.#rate.allowed(places)
  }

  /** A token of the connection's rate may have come. */
  tokenDue(): void {
    this.pump()
  }

  /** There may be room: whoever waits can try. */
  pump(): void {
    if (!this.#pumpWaiting()) this.#bulkhead?.release(this)
  }

  /** Takes a place, to be given back with `leave`. When there is none, the user is pumped later. */
  enter(user: GateUser): boolean {
    if (this.room(user) <= 0) {
      this.wait(user)
      // The place it has left is for those it yields to.
      if (user.yields) this.#pumpWaiting()
      return false
    }
    if (this.#breaker._tag !== "Closed") {
      const { breaker, now } = this.#options
      this.#breaker = Option.getOrElse(
        startProbe(breaker, this.#breaker, now()),
        () => this.#breaker,
      )
      this.#probes++
      // Should it never end, another is due.
      this.announce()
    }
    this.#places.enter(user)
    this.#bulkhead?.enter(this)
    this.#rate.take()
    return true
  }

  /** Asks to be pumped when there is room. */
  wait(user: GateUser): void {
    // A place that was kept for it is of no use to it now: it stands in line again.
    this.#places.forgo(user)
    this.#places.wait(user)
    if (this.#bulkhead === undefined) return
    // What keeps it waiting may be the sink's own: then the place that it has left is for others.
    if (this.#ownRoom(user) > 0) this.#bulkhead.wait(this)
    else this.#bulkhead.pass(this)
  }

  /** Asks to be pumped too when there is room for more than the user starts now. */
  want(user: GateUser): void {
    if (this.#users.size === 1 && this.#bulkhead === undefined) return
    this.#places.wait(user)
    this.#bulkhead?.wait(this)
  }

  /** The user starts nothing for now: the place that it has just left is for others. */
  pass(user: GateUser): void {
    this.#places.forgo(user)
    if (this.#places.isWaitedFor) this.#pumpWaiting()
    this.#bulkhead?.pass(this)
  }

  /** The user has no use for places that are kept for it. */
  release(user: GateUser): void {
    if (this.#places.keepsFor(user)) this.pass(user)
    else if (!this.#places.isWaitedFor) this.#bulkhead?.release(this)
  }

  /**
   * Gives a place back, after what became of the attempt was reported, or if it was cut off. Whoever
   * leaves enters again or passes. `probe` is the number that it entered with.
   */
  leave(user: GateUser, probe = 0): void {
    this.#places.leave(user)
    this.#bulkhead?.leave(this)
    if (probe !== 0 && probe === this.probe && this.#breaker._tag === "HalfOpen") {
      // A probe that was cut off has shown nothing: another may start at once.
      const { since, probes } = this.#breaker
      this.#breaker = Breaker.Open({ since, probes, probeAt: this.#options.now() })
    }
    if (!this.#places.isWaitedFor) return
    if (this.#breaker._tag === "Closed") this.#places.handOver()
    else this.#pumpWaiting()
  }

  /** Takes note of the outcome of an attempt; `probe` is the number that it entered with. */
  report(user: GateUser, key: AttemptKey, outcome: Outcome, probe = 0): Report {
    const breaker = this.#breaker
    if (outcome._tag === "Delivered" && breaker._tag === "Closed" && this.#suspects.isEmpty) {
      this.#lastSuccessAt = this.#options.now()
      if (breaker.consecutiveFailures !== 0) this.#breaker = closedBreaker
      return delivered
    }
    return this.#reportTrouble(user, key, outcome, probe)
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
    this.#suspects.clear()
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

  #reportTrouble(user: GateUser, key: AttemptKey, outcome: Outcome, probe: number): Report {
    const { breaker: policy, now } = this.#options
    const before = this.#breaker
    if (outcome._tag === "Delivered") this.#lastSuccessAt = now()
    const after = breakerAfter(policy, before, outcome, this.#moment())
    // A failure that was sent before the probe says nothing of it.
    const isLate = probe !== this.probe && before._tag === "HalfOpen" && after._tag === "Open"
    this.#breaker = isLate ? before : after
    const { guilty, verdict } = this.#suspects.observe(user, key, outcome)
    const isMisconfigured = verdict === "SinkMisconfigured"
    if (isMisconfigured) this.#breaker = tripBreaker(policy, this.#breaker, this.#moment())
    const cause = isMisconfigured ? "misconfigured" : this.#cause
    this.#announce(before, cause, "reason" in outcome ? outcome.reason : "")
    for (const { sequence, users } of guilty) {
      for (const each of users) each.rejectSuspect(sequence)
    }
    return { counts: before._tag === "Closed", suspicion: verdict }
  }

  #announce(before: Breaker, cause: ParkCause, reason: string): void {
    const after = this.#breaker
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

  #pumpWaiting(): boolean {
    return this.#places.pumpWaiting((user) => this.room(user) > 0)
  }

  #pumpAll(): void {
    this.#places.clearWaiting()
    for (const user of this.#users) if (!user.yields) user.pump()
    for (const user of this.#users) if (user.yields) user.pump()
  }
}

const delivered: Report = { counts: true, suspicion: "Clear" }
