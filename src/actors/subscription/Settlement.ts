// What becomes of a delivery after an attempt: pure, from the outcome and what is known of the sink.

import {
  type DeadLetterReason,
  judgeExhaustion,
  type Outcome,
  type Reason,
  retryDelay,
  type RetryPolicy,
} from "../../domain/index.js"
import type { Report } from "../sink/SinkGate.js"

export type Settlement =
  | { readonly _tag: "Delivered" }
  /** To be tried again at `dueAt` (ms since the epoch). `outage`: it has shown that the sink is out. */
  | {
      readonly _tag: "SetAside"
      readonly dueAt: number
      readonly attempts: number
      readonly parkedSince: number | undefined
      readonly reason: Reason
      readonly outage: boolean
    }
  | { readonly _tag: "Dead"; readonly attempts: number; readonly reason: DeadLetterReason }
  /** The destination asks to be sent nothing more. */
  | { readonly _tag: "Disable"; readonly reason: Reason }

export interface AttemptFacts {
  readonly policy: RetryPolicy
  /** Attempts that counted before this one. */
  readonly attempts: number
  /** When it was first tried, in milliseconds since the epoch. */
  readonly since: number
  readonly report: Report
  /** Since when it waited for a sink that was out before this attempt, likewise. */
  readonly parkedSince: number | undefined
  /** The sink is parked after this attempt. */
  readonly parked: boolean
  readonly lastSuccessAt: number | undefined
  readonly now: number
  readonly random: number
}

const delivered: Settlement = { _tag: "Delivered" }

export const settlementOf = (outcome: Outcome, facts: AttemptFacts): Settlement => {
  const { policy, report, parked, lastSuccessAt, now, random, since } = facts
  const attempts = facts.attempts + (report.counts ? 1 : 0)
  const parkedSince = stillParkedSince(facts)
  const setAside = (
    reason: Reason,
    notBefore: number | undefined,
    outage: boolean,
  ): Settlement => ({
    _tag: "SetAside",
    dueAt: now + retryDelay(policy, { attempt: Math.max(1, attempts), random, now, notBefore }),
    attempts,
    parkedSince: parkedSince ?? (parked || outage ? now : undefined),
    reason,
    outage,
  })
  switch (outcome._tag) {
    case "Delivered":
      return delivered
    case "Reject":
      return { _tag: "Dead", attempts, reason: { _tag: "Rejected", reason: outcome.reason } }
    case "Gone":
      return { _tag: "Disable", reason: outcome.reason }
    case "Retry":
    case "Misconfigured": {
      const { reason } = outcome
      const notBefore = outcome._tag === "Retry" ? outcome.notBefore : undefined
      const verdict = judgeExhaustion(policy, {
        attempts,
        firstAttemptAt: since,
        lastSuccessAt,
        parkedSince: parked ? parkedSince : undefined,
        last: reason,
        now,
      })
      if (verdict._tag === "RetryAgain") return setAside(reason, notBefore, false)
      if (outcome._tag === "Misconfigured" && attempts >= policy.attempts) {
        // Not the sink's fault unless it answers different events so.
        return report.suspicion === "SinkMisconfigured" || parked
          ? setAside(reason, notBefore, false)
          : { _tag: "Dead", attempts, reason: { _tag: "Rejected", reason } }
      }
      return verdict._tag === "DeadLetter"
        ? { _tag: "Dead", attempts, reason: verdict.reason }
        : setAside(reason, notBefore, true)
    }
  }
}

/**
 * Its parking lasts over restarts, after which the sink is not known to be out until it fails again. It
 * ends when the sink takes something.
 */
const stillParkedSince = ({ parkedSince, lastSuccessAt, now }: AttemptFacts): number | undefined =>
  parkedSince === undefined || parkedSince > now || (lastSuccessAt ?? 0) > parkedSince
    ? undefined
    : parkedSince
