// A replay: a part of the journal delivered once more to one subscription, beside its live flow.

import { Schema } from "effect"
import type { CloudEvent } from "../event/index.js"
import { JournaledEvent, type Sequence, SequenceFromString } from "../journal/index.js"
import { NamespaceName, SubscriptionName } from "../namespace/index.js"
import { RateText } from "../units/index.js"

/** Ascends with the time of asking; a value for the extension attribute `replay` as it is. */
export const ReplayId = Schema.String.pipe(
  Schema.pattern(/^rp_[a-z0-9]{1,61}$/),
  Schema.brand("ReplayId"),
)
export type ReplayId = typeof ReplayId.Type

const Place = Schema.Struct({ sequence: SequenceFromString })
const Time = Schema.Struct({ time: Schema.DateTimeUtc })

/** How fast a replay goes; absent, as fast as its sink takes it beside what is live. */
export const ReplayPace = Schema.Struct({
  /** Attempts per time. Its burst comes at once, at the start. */
  rate: Schema.optional(RateText),
  /** Deliveries in flight at once; at most those of the subscription. */
  concurrency: Schema.optional(Schema.Int.pipe(Schema.between(1, 1024))),
})
export type ReplayPace = typeof ReplayPace.Type

/** What a caller states of a replay. */
export const ReplaySpec = Schema.Struct({
  /** The first event: the oldest retained, a sequence, or the first accepted at or after a time. */
  from: Schema.Union(Schema.Literal("earliest"), Place, Time),
  /** The last event: a sequence, or the last accepted before a time. Absent: the head as it is asked. */
  to: Schema.optional(Schema.Union(Place, Time)),
  pace: Schema.optional(ReplayPace),
})
export type ReplaySpec = typeof ReplaySpec.Type

export const ReplayStatus = Schema.Literal("running", "completed", "cancelled")
export type ReplayStatus = typeof ReplayStatus.Type

/** What has become of the deliveries of a replay. */
export interface ReplayCounts {
  readonly delivered: number
  /** Attempts that ended otherwise. */
  readonly failed: number
  /** Deliveries given up on. */
  readonly dead: number
  /** Events, matching or not, that the journal no longer held when their turn came. */
  readonly skipped: number
}

export const noReplayCounts: ReplayCounts = { delivered: 0, failed: 0, dead: 0, skipped: 0 }

export interface Replay extends ReplayCounts {
  readonly namespace: NamespaceName
  readonly subscription: SubscriptionName
  readonly id: ReplayId
  /** The first and the last event of it; with nothing between them, `to` is just before `from`. */
  readonly from: Sequence
  readonly to: Sequence
  readonly pace: ReplayPace
  readonly status: ReplayStatus
  /** Everything up to here is delivered, set aside, dead, skipped or of no interest. */
  readonly position: Sequence
  /** In milliseconds since the epoch. */
  readonly createdAt: number
  readonly endedAt: number | undefined
}

/** Replays of one subscription that may run at once. */
export const maxRunningReplays = 4

/** The event as a replay delivers it, marked with the extension attribute `replay`. */
export const replayed = (event: JournaledEvent, replay: ReplayId): JournaledEvent => {
  const { data, data_base64, ...attributes } = event.event
  const marked: CloudEvent = {
    ...attributes,
    replay,
    ...(data === undefined ? {} : { data }),
    ...(data_base64 === undefined ? {} : { data_base64 }),
  }
  return JournaledEvent.of(event.sequence, marked, event.acceptedAt)
}

/** The replay is not, or no longer, known of the subscription. */
export class ReplayNotFound extends Schema.TaggedError<ReplayNotFound>()("ReplayNotFound", {
  namespace: NamespaceName,
  subscription: SubscriptionName,
  replay: Schema.String,
}) {
  override get message(): string {
    return `There is no replay "${this.replay}" of "${this.subscription}".`
  }
}

/** As many replays of the subscription run as may; one has to end first. */
export class TooManyReplays extends Schema.TaggedError<TooManyReplays>()("TooManyReplays", {
  namespace: NamespaceName,
  subscription: SubscriptionName,
  limit: Schema.Number,
}) {
  override get message(): string {
    return `${this.limit} replays of "${this.subscription}" run already.`
  }
}
