// Deliveries that were given up on.

import type {
  DeadLetterNotFound,
  DeliveryUnderWay,
  NamespaceDisabled,
  NamespaceName,
  RedeliveryFull,
  SubscriptionInactive,
  SubscriptionNotFound,
} from "../../../domain/index.js"
import type { DeadLetter, DeadLetterFilter } from "../../ports/index.js"
import type { InNamespace } from "./Answers.js"

/** Which dead letters, and how many of them; `after` is the id of the last one seen. */
export interface DeadLetterListing extends DeadLetterFilter {
  readonly after?: string | undefined
  readonly limit: number
}

/** What became of the dead letters that were looked at. */
export interface RedeliveryCount {
  readonly redelivered: number
  /** Those whose subscription is gone or inactive, whose event is on its way, or that found no room. */
  readonly skipped: number
  /** The last one looked at, if there are more: what to give as `after`. */
  readonly next: string | undefined
}

export interface DeadLetterService {
  /** In the order in which they were given up on; fewer than the limit where their events are large. */
  readonly list: (
    namespace: NamespaceName,
    page: DeadLetterListing,
  ) => InNamespace<{
    readonly deadLetters: ReadonlyArray<DeadLetter>
    /** What to give as `after` to read on; undefined at the end. */
    readonly next: string | undefined
  }>
  readonly get: (
    namespace: NamespaceName,
    id: string,
  ) => InNamespace<DeadLetter, DeadLetterNotFound>
  /**
   * Has it tried again, under the same delivery id, with its attempts counted anew; it is no dead
   * letter any more once this answers what it was. If it fails again, it becomes one with a new id.
   */
  readonly redeliver: (
    namespace: NamespaceName,
    id: string,
  ) => InNamespace<
    DeadLetter,
    | DeadLetterNotFound
    | DeliveryUnderWay
    | NamespaceDisabled
    | RedeliveryFull
    | SubscriptionInactive
    | SubscriptionNotFound
  >
  /** Likewise for many: at most `limit` are looked at. */
  readonly redeliverAll: (
    namespace: NamespaceName,
    page: DeadLetterListing,
  ) => InNamespace<RedeliveryCount, NamespaceDisabled | SubscriptionInactive | SubscriptionNotFound>
  readonly discard: (namespace: NamespaceName, id: string) => InNamespace<void, DeadLetterNotFound>
}
