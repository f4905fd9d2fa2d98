// What a namespace can set and a host type can give as default, field by field.
//
// Absent means "inherit"; null in a namespace clears what the host type gives. A secret and the URL
// it is for are one unit: they are inherited together or not at all, so a tenant that
// points the URL elsewhere never receives the operator's secret.

import { Schema } from "effect"
import { RetryPolicyText } from "../delivery/index.js"
import { type Effective, mergeSettings, type UnitTable } from "../inheritance/index.js"
import { ByteRateText, ByteSizeText, DurationText, RateText } from "../units/index.js"

const clearable = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

const ResourceCount = Schema.Int.pipe(Schema.between(0, 1_000_000))

export const Settings = Schema.Struct({
  /** Default retry policy of subscriptions that state none. */
  retry: clearable(RetryPolicyText),
  /** Events older than this may leave the journal. */
  retentionAge: clearable(DurationText),
  /** The journal of the namespace may be trimmed to this many bytes of events. */
  retentionBytes: clearable(ByteSizeText),
  /** Trim by retention even past events that a subscription has not had; they are counted and alarmed. */
  dropUndelivered: clearable(Schema.Boolean),
  /** Largest event accepted: bytes (UTF-8) of its structured JSON form. */
  maxEventBytes: clearable(ByteSizeText),
  /** Events that may be published, whatever their durability. */
  publishRate: clearable(RateText),
  /** Likewise, in bytes (UTF-8) of their structured JSON form. */
  publishByteRate: clearable(ByteRateText),
  /**
   * At this many bytes of events in the journal publishes are refused. Retention makes room, where it
   * may; this does not.
   */
  maxJournalBytes: clearable(ByteSizeText),
  maxSinks: clearable(ResourceCount),
  maxSubscriptions: clearable(ResourceCount),
  /** Deliveries in flight at once, over all sinks of the namespace. */
  maxConcurrentDeliveries: clearable(Schema.Int.pipe(Schema.between(1, 65_536))),
  /**
   * What becomes of events that do not match what their type is registered with: nothing (`off`, the
   * default), a count and a line in the log (`warn`), or the refusal of their publish (`reject`).
   */
  schemaEnforcement: clearable(Schema.Literal("off", "warn", "reject")),
  /** Whether types that are not registered match, where that is looked at. Default `accept`. */
  unregisteredTypes: clearable(Schema.Literal("accept", "refuse")),
  /** Sink kinds the namespace may use; absent means all that the process has. */
  sinkKinds: clearable(
    Schema.Array(Schema.NonEmptyTrimmedString.pipe(Schema.maxLength(64))).pipe(Schema.maxItems(64)),
  ),
  /** Where webhook sinks that state no URL deliver. */
  webhookUrl: clearable(Schema.String.pipe(Schema.maxLength(2048))),
  /** What such sinks sign with. One unit with `webhookUrl`. */
  webhookSecret: clearable(Schema.String.pipe(Schema.maxLength(512))),
})
export type Settings = typeof Settings.Type

/** Units of inheritance: fields of one unit come from the same level. */
export const settingUnits: UnitTable<Settings> = {
  retry: "retry",
  retentionAge: "retentionAge",
  retentionBytes: "retentionBytes",
  dropUndelivered: "dropUndelivered",
  maxEventBytes: "maxEventBytes",
  publishRate: "publishRate",
  publishByteRate: "publishByteRate",
  maxJournalBytes: "maxJournalBytes",
  maxSinks: "maxSinks",
  maxSubscriptions: "maxSubscriptions",
  maxConcurrentDeliveries: "maxConcurrentDeliveries",
  schemaEnforcement: "schemaEnforcement",
  unregisteredTypes: "unregisteredTypes",
  sinkKinds: "sinkKinds",
  webhookUrl: "webhook",
  webhookSecret: "webhook",
}

export type EffectiveSettings = Effective<Settings>

/** What holds for a namespace: its overrides over the defaults of its host type. */
export const effectiveSettings = (
  defaults: Settings | undefined,
  overrides: Settings,
): EffectiveSettings => mergeSettings(settingUnits, defaults ?? {}, overrides)
