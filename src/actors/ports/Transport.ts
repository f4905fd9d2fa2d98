// Port: the code that speaks a sink's protocol. A custom transport implements this and nothing else.

import { Context, type Effect, type Redacted, type Schema, type Scope } from "effect"
import type {
  InvalidSetting,
  JournaledEvent,
  NamespaceName,
  Outcome,
  Rate,
  SinkName,
  SubscriptionName,
} from "../../domain/index.js"

/** One event for one subscription, being tried. */
export interface Delivery {
  readonly namespace: NamespaceName
  readonly subscription: SubscriptionName
  /** The same for every attempt at this delivery, and for no other: what a receiver dedupes by. */
  readonly id: string
  /** 1 for the first. */
  readonly attempt: number
  readonly event: JournaledEvent
}

/** Whether an open sink has somebody to deliver to at the moment. */
export interface Availability {
  readonly current: () => boolean
  /** Calls `changed` at each change, until what it returns is called. */
  readonly watch: (changed: () => void) => () => void
}

/** An open sink. Never fails: whatever happens to an attempt is an outcome. Safe to interrupt. */
export interface Connection {
  readonly deliver: (delivery: Delivery) => Effect.Effect<Outcome>
  /**
   * `deliver` without a fiber, where that matters: tells the outcome once, perhaps before it returns,
   * to a function that must not throw. What it returns lets go of the attempt; no outcome is told
   * after that.
   */
  readonly start?: (delivery: Delivery, settled: (outcome: Outcome) => void) => () => void
  /** Absent: always. While it is not available no delivery is started; nothing is held against anyone. */
  readonly availability?: Availability
  /**
   * Requests that may be sent, over all subscriptions; absent: as many as there is room for. Looked
   * at again when the availability changes.
   */
  readonly rate?: Rate | undefined
  /** Present when several events can go in one request; one outcome each, in order. */
  readonly deliverBatch?: (
    deliveries: ReadonlyArray<Delivery>,
  ) => Effect.Effect<ReadonlyArray<Outcome>>
  /**
   * Goes on with these secrets; attempts under way end as they began. Absent: the sink is opened
   * anew.
   */
  readonly renew?: (secrets: SinkSecrets) => void
}

export interface SinkSecrets {
  /** The secret options by name, opened. */
  readonly secrets: Readonly<Record<string, Redacted.Redacted>>
  /** Secret options that were rotated out, and until when they hold beside `secrets`. */
  readonly retiring?: RetiringOptions
  /** The keys of the namespace, the present one first, for transports that sign with them. */
  readonly signingKeys?: ReadonlyArray<OpenSigningKey>
}

export interface OpenSigningKey {
  /** `whsk_` and base64, as Standard Webhooks writes it. */
  readonly secretKey: Redacted.Redacted
  /** It was rotated out, and signs beside the present one until then (ms since the epoch). */
  readonly until?: number
}

/** What a transport is given to open a sink. */
export interface SinkConfig<Options> extends SinkSecrets {
  readonly namespace: NamespaceName
  readonly sink: SinkName
  readonly options: Options
}

export interface RetiringOptions {
  readonly secrets: Readonly<Record<string, Redacted.Redacted>>
  /** Milliseconds since the epoch. */
  readonly until: number
}

export interface Transport<Options = unknown, Encoded = unknown> {
  readonly kind: string
  /** What a sink of this kind can be told, without the fields every sink has and without secrets. */
  readonly options: Schema.Schema<Options, Encoded>
  /** Names of string options that are secrets: sealed at rest, never shown again. */
  readonly secrets: ReadonlyArray<string>
  /**
   * The one of `secrets` that can be rotated: for a while an earlier value holds beside it. Without a
   * value, `prepare` draws one.
   */
  readonly rotates?: string
  /** Whether a sink with these options signs with the signing keys of its namespace. Absent: none does. */
  readonly usesSigningKeys?: (options: Options) => boolean
  /** Names of options that are records of strings whose values are secrets, such as HTTP headers. */
  readonly secretValues?: ReadonlyArray<string>
  /** Further checks and secrets to draw when a sink is stored; answers secrets to add, shown to the caller once. */
  readonly prepare?: (
    config: SinkConfig<Options>,
  ) => Effect.Effect<Readonly<Record<string, Redacted.Redacted>>, InvalidSetting>
  /** Opens the sink; closing the scope lets go of all it holds. */
  readonly open: (config: SinkConfig<Options>) => Effect.Effect<Connection, never, Scope.Scope>
}

/** The transports of this process, by kind. */
export class Transports extends Context.Tag("eventloom/Transports")<
  Transports,
  ReadonlyMap<string, Transport>
>() {}
