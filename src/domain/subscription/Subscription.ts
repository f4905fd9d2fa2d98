// A subscription: a filter, a position in the journal and a sink.

import { Duration, Schema } from "effect"
import { RetryPolicyText } from "../delivery/index.js"
import { Filter, MAX_FILTER_CLAUSES } from "../filter/index.js"
import { SequenceFromString } from "../journal/index.js"
import { NamespaceName, SinkName, SubscriptionName } from "../namespace/index.js"
import { TypePattern } from "../routing/index.js"
import { Transform } from "../transform/index.js"
import { ByteSize, ByteSizeText, durationBetween, RateText } from "../units/index.js"

/**
 * `none`: events overtake each other. `key`: events with the same order key (`partitionkey`, else
 * `subject`) one after the other, keys in parallel. `strict`: one event at a time.
 */
export const Ordering = Schema.Literal("none", "key", "strict")
export type Ordering = typeof Ordering.Type

/** Where a new subscription starts: what comes from now on, all the journal holds, a place, a time. */
export const StartAt = Schema.Union(
  Schema.Literal("now", "earliest"),
  Schema.Struct({ sequence: SequenceFromString }),
  Schema.Struct({ time: Schema.DateTimeUtc }),
)
export type StartAt = typeof StartAt.Type

/** For sinks in a batch mode: what fits into one request. */
export const BatchLimits = Schema.Struct({
  /** 100, unless stated. */
  maxEvents: Schema.optional(Schema.Int.pipe(Schema.between(1, 1000))),
  /** Bytes (UTF-8) of the events' JSON: 1 MiB. A larger event goes alone. */
  maxBytes: Schema.optional(ByteSizeText),
  /** How long an event may wait for others: not at all, unless stated; up to a minute. */
  maxWait: Schema.optional(durationBetween(Duration.zero, Duration.minutes(1))),
})
export type BatchLimits = typeof BatchLimits.Type

/** `failures`: attempts that failed and those that followed them. `all`: every attempt. */
export const Audit = Schema.Literal("failures", "all")
export type Audit = typeof Audit.Type

/** What a caller states of a subscription; everything but the sink has a default. */
export const SubscriptionSpec = Schema.Struct({
  sink: SinkName,
  /** Event type patterns; absent means every event. */
  types: Schema.optional(Schema.Array(TypePattern).pipe(Schema.minItems(1), Schema.maxItems(256))),
  /** Content filters, all of which must hold; absent means every event of those types. */
  filters: Schema.optional(Schema.Array(Filter).pipe(Schema.maxItems(MAX_FILTER_CLAUSES))),
  /** What is delivered in place of each event; absent means the event as it is. */
  transform: Schema.optional(Transform),
  startAt: Schema.optional(StartAt),
  ordering: Schema.optional(Ordering),
  /** Deliveries of this subscription in flight at once. */
  concurrency: Schema.optional(Schema.Int.pipe(Schema.between(1, 1024))),
  retry: Schema.optional(RetryPolicyText),
  batch: Schema.optional(BatchLimits),
  /** Deliveries that may start, retries included; each event of a batch counts. */
  rateLimit: Schema.optional(RateText),
  /** Which attempts are kept for explanations; absent means those that failed, with what followed. */
  audit: Schema.optional(Audit),
})
export type SubscriptionSpec = typeof SubscriptionSpec.Type

/** The limits of batches, with the defaults for what is not stated. */
export const batchOf = ({ batch: { maxBytes, maxEvents, maxWait } = {} }: SubscriptionSpec) => ({
  maxEvents: maxEvents ?? 100,
  maxBytes: maxBytes ?? ByteSize.make(1024 * 1024),
  maxWait: maxWait ?? Duration.zero,
})

export const defaultOrdering: Ordering = "none"
export const defaultSubscriptionConcurrency = 16

/** `disabled` is the mesh's own doing (the destination answered Gone); `paused` is the operator's. */
export const SubscriptionStatus = Schema.Literal("active", "paused", "disabled")
export type SubscriptionStatus = typeof SubscriptionStatus.Type

export const Subscription = Schema.Struct({
  namespace: NamespaceName,
  name: SubscriptionName,
  spec: SubscriptionSpec,
  status: SubscriptionStatus,
  /** Why it is disabled. */
  reason: Schema.optional(Schema.String),
  createdAt: Schema.Number,
  updatedAt: Schema.Number,
})
export type Subscription = typeof Subscription.Type
