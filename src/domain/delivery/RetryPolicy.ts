/**
 * How often and how patiently a delivery is tried again.
 *
 * The wait grows exponentially up to a cap, and the whole of it is random ("full jitter"), so that
 * deliveries that failed together do not come back together.
 */
import { Duration, Schema } from "effect"
import { durationBetween } from "../units/index.js"

/** The longest that a destination can put a delivery off, whatever it asks for. */
export const MAX_NOT_BEFORE: Duration.Duration = Duration.days(1)

const DEFAULTS = {
  attempts: 5,
  initial: Duration.seconds(1),
  max: Duration.seconds(30),
  factor: 2,
  giveUpAfter: Duration.days(3),
} as const

const Wait = durationBetween(Duration.millis(1), Duration.days(1))
const withDefault = <A, I>(schema: Schema.Schema<A, I>, value: A) =>
  Schema.optionalWith(schema, { default: () => value })

/** Codec of a retry policy; what is left out has its default. */
export const RetryPolicyText = Schema.Struct({
  /** Attempts at one event, the first included: 1 to 100, 5 by default. */
  attempts: withDefault(Schema.Int.pipe(Schema.between(1, 100)), DEFAULTS.attempts),
  /** The longest wait before the second attempt: 1 ms to 1 day, 1 s by default. */
  initial: withDefault(Wait, DEFAULTS.initial),
  /** The longest wait before any attempt: 1 ms to 1 day, 30 s by default. */
  max: withDefault(Wait, DEFAULTS.max),
  /** What the longest wait is multiplied by after each attempt: 1 to 10, 2 by default. */
  factor: withDefault(Schema.Finite.pipe(Schema.between(1, 10)), DEFAULTS.factor),
  /** How long a delivery may be parked before it becomes a dead letter: 1 s to 30 days, 3 by default. */
  giveUpAfter: withDefault(
    durationBetween(Duration.seconds(1), Duration.days(30)),
    DEFAULTS.giveUpAfter,
  ),
}).pipe(
  Schema.filter(({ initial, max }) =>
    Duration.lessThanOrEqualTo(initial, max)
      ? undefined
      : { path: ["initial"], message: "must not be longer than max" },
  ),
  Schema.annotations({ identifier: "RetryPolicy" }),
)
export type RetryPolicy = typeof RetryPolicyText.Type

/** What applies where nothing else is said: 5 attempts from 1 s to 30 s, given up after 3 days. */
export const defaultRetryPolicy: RetryPolicy = DEFAULTS

/** The longest wait in milliseconds, jitter aside, after `attempt` attempts (from 1) have failed. */
export const backoffCeiling = (
  policy: Pick<RetryPolicy, "initial" | "max" | "factor">,
  attempt: number,
): number => {
  // 1 to the power of infinity is no number; so high a power of more than 1 is infinite anyway.
  const exponent = Number.isNaN(attempt) ? 0 : Math.min(100_000, Math.max(0, attempt - 1))
  const grown = Duration.toMillis(policy.initial) * policy.factor ** exponent
  return Math.min(Duration.toMillis(policy.max), grown)
}

/** What the wait before the next attempt depends on, besides the policy. */
export interface FailedAttempt {
  /** How many attempts have failed: 1 after the first. */
  readonly attempt: number
  /** A number drawn uniformly from 0 up to but not including 1. */
  readonly random: number
  /** Milliseconds since the epoch. */
  readonly now: number
  /** When the destination accepts the next attempt at the earliest, in milliseconds since the epoch. */
  readonly notBefore?: number | undefined
}

/**
 * How many milliseconds to wait before the next attempt: drawn from the backoff, and never before
 * `notBefore`, of which at most {@link MAX_NOT_BEFORE} is honoured.
 */
export const retryDelay = (policy: RetryPolicy, failed: FailedAttempt): number => {
  const jittered = Math.floor(unitInterval(failed.random) * backoffCeiling(policy, failed.attempt))
  return Math.max(jittered, postponement(failed.now, failed.notBefore))
}

/** How many milliseconds to wait for `notBefore`: none if absent or past, {@link MAX_NOT_BEFORE} at most. */
export const postponement = (now: number, notBefore: number | undefined): number => {
  const wait = Math.ceil((notBefore ?? now) - now)
  return wait > 0 ? Math.min(wait, Duration.toMillis(MAX_NOT_BEFORE)) : 0
}

/** The number itself where it is from 0 to 1, else the nearest bound; 0 for NaN. */
export const unitInterval = (random: number): number => (random > 0 ? Math.min(random, 1) : 0)
