// What is refused because a namespace has used up what it may have. Each names the setting that says
// how much that is.

import { Schema } from "effect"
import { NamespaceName } from "../namespace/index.js"

/** The settings that bound how fast a namespace may publish. */
export const RateQuota = Schema.Literal("publishRate", "publishByteRate")
export type RateQuota = typeof RateQuota.Type

/** More is published than the namespace's rate allows. */
export class PublishRateExceeded extends Schema.TaggedError<PublishRateExceeded>()(
  "PublishRateExceeded",
  {
    namespace: NamespaceName,
    quota: RateQuota,
    /** The setting as text, such as "100/s burst 500". */
    limit: Schema.String,
    /** When the same publish could pass, if nothing else is published until then. */
    retryAfterMillis: Schema.Number,
  },
) {
  override get message(): string {
    return `The namespace "${this.namespace}" publishes faster than its ${this.quota} of ${this.limit}.`
  }
}

/** More is published at once than the burst of the namespace's rate: trying again changes nothing. */
export class PublishExceedsBurst extends Schema.TaggedError<PublishExceedsBurst>()(
  "PublishExceedsBurst",
  {
    namespace: NamespaceName,
    quota: RateQuota,
    limit: Schema.String,
    /** Events, or bytes of JSON, that may come at once. */
    burst: Schema.Number,
    actual: Schema.Number,
  },
) {
  override get message(): string {
    const unit = this.quota === "publishRate" ? "events" : "bytes"
    return `${this.actual} ${unit} at once can never pass the ${this.quota} of ${this.limit} of the namespace "${this.namespace}": send at most ${this.burst}.`
  }
}

/** The journal of the namespace is as large as it may be, and nothing in it may go yet. */
export class JournalFull extends Schema.TaggedError<JournalFull>()("JournalFull", {
  namespace: NamespaceName,
  limitBytes: Schema.Number,
  currentBytes: Schema.Number,
  retryAfterMillis: Schema.Number,
}) {
  override get message(): string {
    return `The journal of the namespace "${this.namespace}" has ${this.currentBytes} bytes of its maxJournalBytes of ${this.limitBytes}.`
  }
}

/** The namespace has as many of something as it may. */
export class QuotaReached extends Schema.TaggedError<QuotaReached>()("QuotaReached", {
  namespace: NamespaceName,
  quota: Schema.Literal("maxSinks", "maxSubscriptions", "maxKeys"),
  limit: Schema.Number,
  current: Schema.Number,
}) {
  override get message(): string {
    return `The namespace "${this.namespace}" has ${this.current} ${counted[this.quota]}, and may have ${this.limit}.`
  }
}

const counted = { maxSinks: "sinks", maxSubscriptions: "subscriptions", maxKeys: "keys" }

/** Why a publish is refused by a quota. */
export const PublishRefused = Schema.Union(PublishRateExceeded, PublishExceedsBurst, JournalFull)
export type PublishRefused = typeof PublishRefused.Type

export const isPublishRefused = Schema.is(PublishRefused)
