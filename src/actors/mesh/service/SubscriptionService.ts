// Subscriptions, and replays to them.

import type {
  InvalidSetting,
  NamespaceName,
  QuotaReached,
  ReplayNotFound,
  ReplaySpec,
  SinkNotFound,
  SubscriptionName,
  SubscriptionNotFound,
  SubscriptionSpec,
  TooManyReplays,
} from "../../../domain/index.js"
import type { ReplayKey } from "../../ports/index.js"
import type { ReplayView, SubscriptionView } from "../Views.js"
import type { InNamespace, Put } from "./Answers.js"

export interface SubscriptionService {
  readonly put: (
    namespace: NamespaceName,
    name: SubscriptionName,
    spec: SubscriptionSpec,
  ) => InNamespace<Put<SubscriptionView>, SinkNotFound | InvalidSetting | QuotaReached>
  readonly get: (
    namespace: NamespaceName,
    name: SubscriptionName,
  ) => InNamespace<SubscriptionView, SubscriptionNotFound>
  readonly list: (namespace: NamespaceName) => InNamespace<ReadonlyArray<SubscriptionView>>
  readonly remove: (
    namespace: NamespaceName,
    name: SubscriptionName,
  ) => InNamespace<void, SubscriptionNotFound>
  readonly pause: (
    namespace: NamespaceName,
    name: SubscriptionName,
  ) => InNamespace<SubscriptionView, SubscriptionNotFound>
  readonly resume: (
    namespace: NamespaceName,
    name: SubscriptionName,
  ) => InNamespace<SubscriptionView, SubscriptionNotFound>
}

/** Parts of the journal delivered once more to one subscription, beside its live flow. */
export interface ReplayService {
  /** Starts one. It pauses with its subscription, survives a crash and ends by itself. */
  readonly start: (
    namespace: NamespaceName,
    subscription: SubscriptionName,
    spec: ReplaySpec,
  ) => InNamespace<ReplayView, SubscriptionNotFound | InvalidSetting | TooManyReplays>
  readonly get: (key: ReplayKey) => InNamespace<ReplayView, SubscriptionNotFound | ReplayNotFound>
  /** Those that run and the latest that have ended, in the order in which they were asked for. */
  readonly list: (
    namespace: NamespaceName,
    subscription: SubscriptionName,
  ) => InNamespace<ReadonlyArray<ReplayView>, SubscriptionNotFound>
  /** Ends one before its time; what is in flight may end. One that has ended stays as it is. */
  readonly cancel: (
    key: ReplayKey,
  ) => InNamespace<ReplayView, SubscriptionNotFound | ReplayNotFound>
}
