/**
 * Tells how it stands with a delivery from what is known of it: what the feed knows while there is
 * one, else what is stored.
 */
import { Either } from "effect"
import { AckedRanges, type DeadLetterReason, type Reason } from "../delivery/index.js"
import type { FilterVerdict } from "../filter/index.js"
import type { Sequence } from "../journal/index.js"
import type { DeliveryAttempt } from "./DeliveryAttempt.js"
import type { DeliveryStanding, WaitingCause } from "./DeliveryStanding.js"

/** What a running feed knows of an event. */
export type LiveStanding =
  /** It was not read yet; `events` come before it. */
  | { readonly _tag: "Behind"; readonly events: number }
  | { readonly _tag: "Queued" }
  | { readonly _tag: "RateLimited"; readonly until: number }
  | { readonly _tag: "InFlight"; readonly attempt: number }
  | { readonly _tag: "OrderedBehind"; readonly sequence: Sequence | undefined }
  | {
      readonly _tag: "Retry"
      readonly attempt: number
      readonly dueAt: number
      readonly last: Reason
    }
  /** It is over, or was never of interest. */
  | { readonly _tag: "Over" }

/** A delivery set aside, as it is stored. */
export interface StoredDeferral {
  readonly attempts: number
  readonly dueAt: number | undefined
  readonly reason: Reason
}

export interface KnownDeadLetter {
  readonly id: string
  readonly reason: DeadLetterReason
  readonly deadAt: number
}

export interface DeliveryFacts {
  readonly sequence: Sequence
  /** Whether its types and filters want the event; undefined when the event is no longer known. */
  readonly interest: "NotInterested" | FilterVerdict | undefined
  /** What keeps the whole subscription from delivering. */
  readonly hindrance: Hindrance | undefined
  /** The position it started at. */
  readonly startedAfter: Sequence
  /** As it is stored: the position with what is settled above it. */
  readonly acknowledged: string
  /** What the feed knows; undefined while there is none. */
  readonly live: LiveStanding | undefined
  /** Why the sink takes nothing at the moment, if the namespace is awake and it does not. */
  readonly sink: Extract<WaitingCause, { readonly _tag: "Parked" | "SinkNotReady" }> | undefined
  /** As it is stored. */
  readonly deferral: StoredDeferral | undefined
  readonly deadLetter: KnownDeadLetter | undefined
  /** In the order in which they were made. */
  readonly attempts: ReadonlyArray<DeliveryAttempt>
}

export type Hindrance = Extract<
  WaitingCause,
  { readonly _tag: "NamespaceDisabled" | "Paused" | "Disabled" | "Starting" }
>

export const explainDelivery = (facts: DeliveryFacts): DeliveryStanding => {
  const { attempts, deadLetter, interest, sequence, startedAfter } = facts
  const last = attempts.at(-1)
  const live = facts.live ?? storedStanding(facts)
  // What was taken in is on its way, whatever the settings say of it by now.
  if (live._tag !== "Over" && live._tag !== "Behind") return waiting(live, facts)
  if (deadLetter !== undefined) {
    const { id, reason, deadAt } = deadLetter
    return { _tag: "DeadLettered", deadLetter: id, reason, deadAt }
  }
  if (last?.outcome === "Delivered") return { _tag: "Delivered", attempt: last }
  if (live._tag === "Over" && last !== undefined) return { _tag: "Discarded" }
  if (sequence <= startedAfter) return { _tag: "Skipped", startedAfter }
  if (interest === "NotInterested") return { _tag: "NotInterested" }
  if (interest?._tag === "NotMatched") return { _tag: "Filtered", failures: interest.failures }
  if (live._tag === "Behind") return waiting(live, facts)
  return interest === undefined ? { _tag: "Forgotten" } : { _tag: "Delivered" }
}

const storedStanding = ({ sequence, acknowledged, deferral }: DeliveryFacts): LiveStanding => {
  if (deferral !== undefined) {
    const { attempts, dueAt, reason } = deferral
    return dueAt === undefined
      ? { _tag: "OrderedBehind", sequence: undefined }
      : { _tag: "Retry", attempt: attempts + 1, dueAt, last: reason }
  }
  const acked = Either.getOrElse(AckedRanges.parse(acknowledged), () => new AckedRanges())
  return acked.isAcknowledged(sequence)
    ? { _tag: "Over" }
    : { _tag: "Behind", events: sequence - acked.floor - 1 }
}

const waiting = (
  live: Exclude<LiveStanding, { readonly _tag: "Over" }>,
  { hindrance, sink }: DeliveryFacts,
): DeliveryStanding => ({
  _tag: "Waiting",
  // What is under way ends, whatever was stopped since.
  cause: live._tag === "InFlight" || hindrance === undefined ? causeOf(live, sink) : hindrance,
})

const causeOf = (
  live: Exclude<LiveStanding, { readonly _tag: "Over" }>,
  sink: DeliveryFacts["sink"],
): WaitingCause => {
  switch (live._tag) {
    case "InFlight":
      return live
    case "OrderedBehind":
      return {
        _tag: "OrderedBehind",
        ...(live.sequence === undefined ? {} : { sequence: live.sequence }),
      }
    case "Queued":
    case "RateLimited":
    case "Behind":
    case "Retry":
      return sink ?? live
  }
}
