/**
 * Whose fault it is when attempts keep failing: the event's or the sink's.
 *
 * An event that fails while its sink takes others is at fault, and becomes a dead letter. If the sink
 * took nothing since the first attempt, the endpoint is out: the sink parks and the event keeps its
 * place. A poison event must not park a sink for ever, so one parked for too long is given up on.
 */
import { Data, Duration } from "effect"
import type { DeadLetterReason } from "./DeadLetterReason.js"
import type { Reason } from "./Reason.js"
import type { RetryPolicy } from "./RetryPolicy.js"

/** The facts about a delivery whose latest attempt failed. Times are milliseconds since the epoch. */
export interface FailedDelivery {
  /** Attempts made so far. */
  readonly attempts: number
  /** When the first attempt started. */
  readonly firstAttemptAt: number
  /** When the sink last took an event, if it ever did. */
  readonly lastSuccessAt?: number | undefined
  /** Since when the delivery is parked, if it is. */
  readonly parkedSince?: number | undefined
  /** Why the latest attempt failed. */
  readonly last: Reason
  readonly now: number
}

export type ExhaustionVerdict = Data.TaggedEnum<{
  /** Attempts are left. */
  RetryAgain: {}
  /** The sink is out: park it, keep the event. */
  Park: {}
  /** The event is given up on. */
  DeadLetter: { readonly reason: DeadLetterReason }
}>
export const ExhaustionVerdict = Data.taggedEnum<ExhaustionVerdict>()

/** Decides what becomes of a delivery whose latest attempt failed for a transient reason. */
export const judgeExhaustion = (
  policy: Pick<RetryPolicy, "attempts" | "giveUpAfter">,
  delivery: FailedDelivery,
): ExhaustionVerdict => {
  const { attempts, firstAttemptAt, lastSuccessAt, parkedSince, last, now } = delivery
  const parkedMillis = parkedSince === undefined ? 0 : now - parkedSince
  if (parkedMillis > Duration.toMillis(policy.giveUpAfter)) {
    return ExhaustionVerdict.DeadLetter({
      reason: { _tag: "ParkedTooLong", parkedMillis, last },
    })
  }
  if (attempts < policy.attempts) return ExhaustionVerdict.RetryAgain()
  // A success in the very millisecond of the first attempt may have come before it, and parking
  // loses nothing.
  return lastSuccessAt !== undefined && lastSuccessAt > firstAttemptAt
    ? ExhaustionVerdict.DeadLetter({ reason: { _tag: "AttemptsExhausted", attempts, last } })
    : ExhaustionVerdict.Park()
}
