// What a namespace may use and what it uses, side by side.

import { Schema } from "effect"
import type { EffectiveSettings } from "../namespace/index.js"
import { ByteRateText, ByteSize, ByteSizeText, RateText } from "../units/index.js"

/** What holds for a namespace, wherever it comes from; absent means without limit. */
export const NamespaceLimits = Schema.Struct({
  publishRate: Schema.optional(RateText),
  publishByteRate: Schema.optional(ByteRateText),
  maxEventBytes: ByteSizeText,
  maxJournalBytes: Schema.optional(ByteSizeText),
  maxSinks: Schema.Int,
  maxSubscriptions: Schema.Int,
  maxConcurrentDeliveries: Schema.optional(Schema.Int),
}).annotations({ identifier: "NamespaceLimits" })
export type NamespaceLimits = typeof NamespaceLimits.Type

/** How much of it is used at the moment. */
export const NamespaceUsage = Schema.Struct({
  journalBytes: Schema.Number,
  journalEvents: Schema.Number,
  sinks: Schema.Number,
  subscriptions: Schema.Number,
  concurrentDeliveries: Schema.Number,
}).annotations({ identifier: "NamespaceUsage" })
export type NamespaceUsage = typeof NamespaceUsage.Type

/** What applies where a namespace and its host type say nothing. */
export interface LimitDefaults {
  readonly maxEventBytes: number
  /** Sinks and subscriptions, each. */
  readonly maxPerNamespace: number
}

export const limitsOf = (settings: EffectiveSettings, defaults: LimitDefaults): NamespaceLimits => {
  const { maxConcurrentDeliveries, maxJournalBytes, publishByteRate, publishRate } = settings
  return {
    ...(publishRate === undefined ? {} : { publishRate }),
    ...(publishByteRate === undefined ? {} : { publishByteRate }),
    maxEventBytes: settings.maxEventBytes ?? ByteSize.make(defaults.maxEventBytes),
    ...(maxJournalBytes === undefined ? {} : { maxJournalBytes }),
    maxSinks: settings.maxSinks ?? defaults.maxPerNamespace,
    maxSubscriptions: settings.maxSubscriptions ?? defaults.maxPerNamespace,
    ...(maxConcurrentDeliveries === undefined ? {} : { maxConcurrentDeliveries }),
  }
}
