// What is shown of what is configured: everything but secrets, of which only their presence.

import { Schema } from "effect"
import {
  type DeliveryAttempt,
  type DeliveryStanding,
  type HostType,
  type KeySetId,
  type Namespace,
  type NamespaceLimits,
  type NamespaceUsage,
  publicKeyText,
  type Replay,
  type Sequence,
  type Settings,
  type SigningKey,
  type Sink,
  type SinkName,
  type Subscription,
  type SubscriptionName,
} from "../../domain/index.js"

export interface SettingsView extends Omit<Settings, "webhookSecret"> {
  /** A secret is set; it is never shown. */
  readonly hasWebhookSecret?: boolean
}

export interface HostTypeView extends Omit<HostType, "defaults"> {
  readonly defaults: SettingsView
}

export interface NamespaceView extends Omit<Namespace, "overrides" | "incarnation"> {
  readonly overrides: SettingsView
}

export interface NamespaceDetail extends NamespaceView {
  readonly limits: NamespaceLimits
  readonly usage: NamespaceUsage
}

/** `waiting`: it is being opened, or no handler is attached. `asleep`: its namespace is. */
export const SinkState = Schema.Literal("connected", "parked", "misconfigured", "waiting", "asleep")
export type SinkState = typeof SinkState.Type

export interface SinkView extends Omit<Sink, "sealed" | "retiring"> {
  readonly state: SinkState
  readonly hasSecret: boolean
  /** While the secret is being rotated: until when the one before it signs as well. */
  readonly previousSecretUntil?: number
}

/** The public half of a signing key. */
export interface SigningKeyView {
  readonly kid: string
  /** As Standard Webhooks writes it: `whpk_` and base64. */
  readonly publicKey: string
  readonly createdAt: number
  /** It was rotated out, and signs beside the present one until then. */
  readonly until?: number
}

export interface SigningKeysView {
  /** Under which the keys are published; undefined before there is one. */
  readonly keySet: KeySetId | undefined
  /** The present one first. */
  readonly keys: ReadonlyArray<SigningKeyView>
}

/**
 * `live`: keeps up. `behind`: reading the journal. `parked`: its sink takes nothing. `asleep`: its
 * namespace has nothing to do. `suspended`: its namespace is disabled.
 */
export const SubscriptionState = Schema.Literal(
  "live",
  "behind",
  "parked",
  "paused",
  "disabled",
  "starting",
  "asleep",
  "suspended",
)
export type SubscriptionState = typeof SubscriptionState.Type

export interface SubscriptionView extends Subscription {
  readonly state: SubscriptionState
  /** Everything up to here is delivered, set aside, dead or of no interest. */
  readonly position: Sequence
  /** Events behind the head of the namespace, matching or not. */
  readonly lag: number
  /** Until when its rate limit holds back what is ready, in milliseconds since the epoch. */
  readonly rateLimitedUntil?: number
  /** Events, matching or not, that retention took before it had them, since the process started; if any. */
  readonly dropped?: number
}

/**
 * `paused`: its subscription is paused or disabled. `parked`: its sink takes nothing. `suspended`: its
 * namespace is disabled.
 */
export const ReplayState = Schema.Literal(
  "running",
  "paused",
  "parked",
  "suspended",
  "completed",
  "cancelled",
)
export type ReplayState = typeof ReplayState.Type

export interface ReplayView extends Replay {
  readonly state: ReplayState
  /** How much of the way from `from` to `to` its position is, from 0 to 1. */
  readonly progress: number
}

/** How it stands with an event and a subscription. */
export interface DeliveryView {
  readonly subscription: SubscriptionName
  readonly sink: SinkName
  readonly standing: DeliveryStanding
  /** Those that were kept, in the order in which they were made. */
  readonly attempts: ReadonlyArray<DeliveryAttempt>
  /** The subscription was changed then, after the event was accepted: its settings may have been others. */
  readonly changedAt?: number
}

export const settingsView = (settings: Settings): SettingsView => {
  const { webhookSecret, ...rest } = settings
  return webhookSecret === undefined ? rest : { ...rest, hasWebhookSecret: webhookSecret !== null }
}

export const signingKeysView = (keys: ReadonlyArray<SigningKey>): SigningKeysView => ({
  keySet: keys[0]?.keySet,
  keys: keys.map((key) => ({
    kid: key.kid,
    publicKey: publicKeyText(key),
    createdAt: key.createdAt,
    ...(key.until === undefined ? {} : { until: key.until }),
  })),
})

export const hostTypeView = ({ defaults, ...rest }: HostType): HostTypeView => ({
  ...rest,
  defaults: settingsView(defaults),
})

export const namespaceView = ({
  overrides,
  incarnation: _,
  ...rest
}: Namespace): NamespaceView => ({
  ...rest,
  overrides: settingsView(overrides),
})
