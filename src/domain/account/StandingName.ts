/**
 * The names of standings outside the process.
 */
import { Schema } from "effect"
import type { DeliveryStanding, WaitingCause } from "./DeliveryStanding.js"

export const StandingName = Schema.Literal(
  "not-interested",
  "filtered",
  "skipped",
  "waiting",
  "delivered",
  "dead-lettered",
  "discarded",
  "forgotten",
)
export type StandingName = typeof StandingName.Type

export const WaitingName = Schema.Literal(
  "behind",
  "queued",
  "rate-limited",
  "in-flight",
  "ordered-behind",
  "retry",
  "parked",
  "sink-not-ready",
  "starting",
  "paused",
  "disabled",
  "namespace-disabled",
)
export type WaitingName = typeof WaitingName.Type

const standings: Readonly<Record<DeliveryStanding["_tag"], StandingName>> = {
  NotInterested: "not-interested",
  Filtered: "filtered",
  Skipped: "skipped",
  Waiting: "waiting",
  Delivered: "delivered",
  DeadLettered: "dead-lettered",
  Discarded: "discarded",
  Forgotten: "forgotten",
}

const causes: Readonly<Record<WaitingCause["_tag"], WaitingName>> = {
  Behind: "behind",
  Queued: "queued",
  RateLimited: "rate-limited",
  InFlight: "in-flight",
  OrderedBehind: "ordered-behind",
  Retry: "retry",
  Parked: "parked",
  SinkNotReady: "sink-not-ready",
  Starting: "starting",
  Paused: "paused",
  Disabled: "disabled",
  NamespaceDisabled: "namespace-disabled",
}

export const standingName = ({ _tag }: DeliveryStanding): StandingName => standings[_tag]

export const waitingName = ({ _tag }: WaitingCause): WaitingName => causes[_tag]
