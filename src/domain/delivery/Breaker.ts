/**
 * When to stop sending to a sink that fails, and when to try it again.
 *
 * Closed: deliveries flow; enough transient failures in a row open it. Open: nothing is sent until
 * `probeAt`. Half-open: one probe is under way; its outcome closes or reopens the breaker, and probes
 * grow rarer up to a cap. Any answer that shows the endpoint at work closes it, from any state.
 *
 * Pure: time and chance are arguments. Times are milliseconds since the epoch.
 */
import { Data, Duration, Option } from "effect"
import type { Outcome } from "./Outcome.js"
import { backoffCeiling, postponement, unitInterval } from "./RetryPolicy.js"

export interface BreakerPolicy {
  /** How many transient failures in a row open the breaker. */
  readonly failures: number
  /** The longest wait before the first probe. */
  readonly probeInitial: Duration.Duration
  /** The longest wait before any probe, and how long a probe may go without an outcome. */
  readonly probeMax: Duration.Duration
}

/** 5 failures in a row; probes from 1 s to 5 min. */
export const defaultBreakerPolicy: BreakerPolicy = {
  failures: 5,
  probeInitial: Duration.seconds(1),
  probeMax: Duration.minutes(5),
}

export type Breaker = Data.TaggedEnum<{
  Closed: { readonly consecutiveFailures: number }
  /** `since` is when the outage began; `probes` have failed in it; the next is due at `probeAt`. */
  Open: { readonly since: number; readonly probeAt: number; readonly probes: number }
  /** The probe under way began at `startedAt`. */
  HalfOpen: { readonly since: number; readonly startedAt: number; readonly probes: number }
}>
export const Breaker = Data.taggedEnum<Breaker>()

/** The state of a sink of which nothing bad is known. */
export const closedBreaker: Breaker = Breaker.Closed({ consecutiveFailures: 0 })

/** When something happened, and a number drawn uniformly from 0 up to but not including 1. */
export interface Moment {
  readonly now: number
  readonly random: number
}

/** The longest wait in milliseconds before the next probe when `probes` have failed. */
export const probeCeiling = (policy: BreakerPolicy, probes: number): number =>
  backoffCeiling({ initial: policy.probeInitial, max: policy.probeMax, factor: 2 }, probes + 1)

/** Half of the wait is certain and half is random, so that probes spread but never hammer. */
const open = (
  policy: BreakerPolicy,
  since: number,
  probes: number,
  { now, random }: Moment,
  notBefore?: number,
): Breaker => {
  const wait = Math.ceil(probeCeiling(policy, probes) * (0.5 + unitInterval(random) / 2))
  return Breaker.Open({
    since,
    probes,
    probeAt: now + Math.max(1, wait, postponement(now, notBefore)),
  })
}

/** Opens a breaker whatever its count, as when an event has shown that the sink is out. */
export const tripBreaker = (policy: BreakerPolicy, breaker: Breaker, moment: Moment): Breaker =>
  breaker._tag === "Closed" ? open(policy, moment.now, 0, moment) : breaker

/**
 * The breaker after the outcome of an attempt.
 *
 * `Delivered`, `Reject` and `Gone` show an endpoint at work. `Misconfigured` says nothing about
 * outages, but does not end one either. A failure that arrives while the breaker is open was sent
 * before, and changes nothing.
 */
export const breakerAfter = (
  policy: BreakerPolicy,
  breaker: Breaker,
  outcome: Outcome,
  moment: Moment,
): Breaker => {
  const isTransient = outcome._tag === "Retry"
  if (!isTransient && outcome._tag !== "Misconfigured") return closedBreaker
  const notBefore = isTransient ? outcome.notBefore : undefined
  if (breaker._tag === "Open") return breaker
  if (breaker._tag === "HalfOpen")
    return open(policy, breaker.since, breaker.probes + 1, moment, notBefore)
  if (!isTransient) return breaker
  const consecutiveFailures = breaker.consecutiveFailures + 1
  return consecutiveFailures < policy.failures
    ? Breaker.Closed({ consecutiveFailures })
    : open(policy, moment.now, 0, moment, notBefore)
}

/**
 * The half-open breaker if a probe may start, which the caller then must send. None while closed,
 * before `probeAt`, or while a probe is under way; a probe that never reports is given up on after
 * `probeMax`.
 */
export const startProbe = (
  policy: BreakerPolicy,
  breaker: Breaker,
  now: number,
): Option.Option<Breaker> => {
  if (breaker._tag === "Closed") return Option.none()
  const { since, probes } = breaker
  // Before the outage began: the clock was set back, and what is due by it may be days away.
  const isEarly = now < probeDueAt(policy, breaker) && now >= since
  return isEarly ? Option.none() : Option.some(Breaker.HalfOpen({ since, probes, startedAt: now }))
}

/** When the next probe may start. */
export const probeDueAt = (
  policy: BreakerPolicy,
  breaker: Exclude<Breaker, { readonly _tag: "Closed" }>,
): number =>
  breaker._tag === "Open" ? breaker.probeAt : breaker.startedAt + Duration.toMillis(policy.probeMax)
