// Delivers parcels one after the other, each until it is delivered or set aside; the place in the log
// is confirmed when everything before it is.
//
// An event that a sink will never take must not hold up all others for ever, and an outage must not
// cost a single one. One that is rejected is set aside after its attempts. Where the sink does not say
// whose fault it is, it is tried out. What it took last is sent again, which harms nobody: if it does
// not take that, it is out, and everything waits. If it does, and not this one, what comes next is sent:
// if the sink takes a later change and still not this one, this one is at fault, and set aside. What was
// sent out of turn is sent again in its turn, unless what was before it has been set aside.

import { Clock, Deferred, Effect, Queue, Random } from "effect"
import type { Batch, Outlet } from "../../actors/index.js"
import {
  type FailedOutcome,
  type Outcome,
  retryDelay,
  type RetryPolicy,
} from "../../domain/index.js"
import type { Parcel, ParcelSink } from "./ParcelSink.js"

export interface Failure<P extends Parcel> {
  readonly parcel: P
  readonly outcome: FailedOutcome
  readonly attempts: number
}

export interface DeliveryOptions<P extends Parcel> {
  readonly sink: ParcelSink<P>
  readonly policy: RetryPolicy
  /** Keeps a parcel that is not delivered; false when it could not be kept, and must be delivered. */
  readonly setAside: (failure: Failure<P>) => Effect.Effect<boolean>
  /** Run each time that a parcel has failed and its attempts are used up. */
  readonly failing: (failure: Failure<P>) => Effect.Effect<void>
  /** Run when a parcel is delivered that was failing. */
  readonly recovered: Effect.Effect<void>
  /** Whether the server keeps more log than it may: then even an outage does not make it keep more. */
  readonly isOverLimit: () => boolean
}

type Entry<P> = { readonly parcel: P } | { readonly safe: () => void }

/** Parcels after which others have a turn, such as what keeps the server from taking us for dead. */
const parcelsAtOnce = 128

const othersTurn = Effect.async<void>((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

/** Changes that are tried before a sink counts as out. */
const probes = 8
/** Entries looked ahead for them. */
const maxAhead = 5_000

export class OrderedDelivery<P extends Parcel> implements Outlet<P> {
  readonly #options: DeliveryOptions<P>
  readonly #batches: Queue.Queue<ReadonlyArray<Entry<P>>>
  readonly #stop: Deferred.Deferred<void>
  #ahead: Array<Entry<P>> = []
  /** What the sink took last: a change, where there was one. */
  #last: P | undefined
  /** Some of a transaction is delivered, and not all of it. */
  #isMidway = false
  #isStopping = false

  private constructor(
    options: DeliveryOptions<P>,
    batches: Queue.Queue<ReadonlyArray<Entry<P>>>,
    stop: Deferred.Deferred<void>,
  ) {
    this.#options = options
    this.#batches = batches
    this.#stop = stop
  }

  static make<P extends Parcel>(options: DeliveryOptions<P>): Effect.Effect<OrderedDelivery<P>> {
    return Effect.zipWith(
      Queue.bounded<ReadonlyArray<Entry<P>>>(1),
      Deferred.make<void>(),
      (batches, stop) => new OrderedDelivery(options, batches, stop),
    )
  }

  deliver({ items, place }: Batch<P>, safe: () => void): Effect.Effect<void> {
    const entries: Array<Entry<P>> = items.map((parcel) => ({ parcel }))
    if (place !== undefined) entries.push({ safe })
    return Effect.asVoid(Queue.offer(this.#batches, entries))
  }

  /** Ends with the transaction under way, or at once where it cannot be delivered. */
  get stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#isStopping = true
      return Effect.asVoid(Deferred.succeed(this.#stop, undefined))
    })
  }

  /** Delivers until it is told to stop. */
  get run(): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      for (let count = 1; ; count++) {
        const entry = yield* this.#next
        if (entry === undefined) return
        if (count % parcelsAtOnce === 0) yield* othersTurn
        if ("safe" in entry) {
          entry.safe()
          this.#isMidway = false
        } else {
          const isThrough = yield* this.#bring(entry.parcel)
          if (!isThrough) return
          this.#isMidway = true
        }
      }
    })
  }

  /** Undefined when it is time to stop. */
  get #next(): Effect.Effect<Entry<P> | undefined> {
    return Effect.gen(this, function* () {
      for (;;) {
        if (this.#isStopping && !this.#isMidway) return undefined
        const entry = this.#ahead.shift()
        if (entry !== undefined) return entry
        const more = Queue.take(this.#batches)
        const batch = yield* this.#isMidway
          ? more
          : Effect.raceFirst(more, Effect.as(Deferred.await(this.#stop), []))
        this.#ahead.push(...batch)
      }
    })
  }

  /** Delivers it or sets it aside; false when it was told to stop before. */
  #bring(parcel: P): Effect.Effect<boolean> {
    const { failing, isOverLimit, policy, recovered, setAside, sink } = this.#options
    return Effect.gen(this, function* () {
      for (let attempts = 1; ; attempts++) {
        const outcome = yield* sink.send(parcel)
        if (outcome._tag === "Delivered") {
          if (attempts > policy.attempts) yield* recovered
          this.#took(parcel)
          return true
        }
        const failure = { parcel, outcome, attempts }
        const isRejected = outcome._tag === "Reject"
        if (attempts >= policy.attempts || (isRejected && !sink.triesRejectedAgain)) {
          if (isRejected) {
            if (yield* setAside(failure)) return true
          } else {
            yield* failing(failure)
            if (isOverLimit() && (yield* setAside(failure))) return true
            const isThrough = yield* this.#judge(failure)
            if (isThrough) return true
          }
        }
        if (yield* this.#wait(outcome, attempts)) return false
      }
    })
  }

  #took(parcel: P): void {
    if (parcel.isChange || this.#last?.isChange !== true) this.#last = parcel
  }

  /** Whether the parcel, which fails, is through now: delivered after all, or found to be at fault. */
  #judge({ attempts, parcel }: Failure<P>): Effect.Effect<boolean> {
    const { recovered, setAside, sink } = this.#options
    const onceMore = Effect.tap(sink.send(parcel), (outcome) => {
      if (outcome._tag !== "Delivered") return Effect.void
      this.#took(parcel)
      return recovered
    })
    return Effect.gen(this, function* () {
      if (!(yield* this.#seesChangeFrom(0))) return false
      if (this.#last !== undefined) {
        const again = yield* sink.send(this.#last)
        if (again._tag !== "Delivered" && again._tag !== "Reject") return false
        if ((yield* onceMore)._tag === "Delivered") return true
      }
      const taken = yield* this.#probe
      if (taken === undefined) return false
      const outcome = yield* onceMore
      if (outcome._tag === "Delivered") return true
      if (!(yield* setAside({ parcel, outcome, attempts: attempts + 2 }))) return false
      for (const entry of this.#ahead.slice(0, taken)) {
        if ("parcel" in entry) this.#took(entry.parcel)
      }
      this.#ahead = this.#ahead.filter((entry, index) => index >= taken || "safe" in entry)
      return true
    })
  }

  /**
   * Sends what comes next until the sink takes a change. Answers how many entries it took up to the
   * first that it did not take; undefined when it took no change.
   */
  get #probe(): Effect.Effect<number | undefined> {
    return Effect.gen(this, function* () {
      let taken: number | undefined
      let tried = 0
      for (let index = 0; ; index++) {
        // What only says what others belong to is not sent for nothing.
        if (!(yield* this.#seesChangeFrom(index))) return undefined
        const entry = this.#ahead[index]
        if (entry === undefined || "safe" in entry) continue
        const outcome = yield* this.#options.sink.send(entry.parcel)
        if (outcome._tag === "Delivered") {
          if (entry.parcel.isChange) return taken ?? index + 1
          continue
        }
        if (!entry.parcel.isChange || !blamesOne(outcome) || ++tried === probes) return undefined
        taken ??= index
      }
    })
  }

  /** Takes what has come meanwhile, but does not wait for it. */
  #seesChangeFrom(index: number): Effect.Effect<boolean> {
    return Effect.gen(this, function* () {
      for (let at = index; ; at++) {
        while (at >= this.#ahead.length) {
          if (at >= maxAhead) return false
          const more = yield* Queue.poll(this.#batches)
          if (more._tag === "None") return false
          this.#ahead.push(...more.value)
        }
        const entry = this.#ahead[at]
        if (entry !== undefined && "parcel" in entry && entry.parcel.isChange) return true
      }
    })
  }

  /** Until the next attempt; true when it was told to stop. */
  #wait(outcome: FailedOutcome, attempt: number): Effect.Effect<boolean> {
    return Effect.gen(this, function* () {
      const now = yield* Clock.currentTimeMillis
      const random = yield* Random.next
      const notBefore = outcome._tag === "Retry" ? outcome.notBefore : undefined
      const millis = retryDelay(this.#options.policy, { attempt, random, now, notBefore })
      return yield* Effect.raceFirst(
        Effect.as(Deferred.await(this.#stop), true),
        Effect.as(Effect.sleep(millis), false),
      )
    })
  }
}

/** 429 and what a proxy answers are said of all, and so is no answer at all. */
const ofAll: ReadonlySet<number> = new Set([429, 502, 503, 504])

const blamesOne = (outcome: Outcome): boolean =>
  outcome._tag === "Reject" ||
  ("status" in outcome && outcome.status !== undefined && !ofAll.has(outcome.status))
