// Port: what is configured: host types, namespaces, sinks, subscriptions.
//
// Plain records in, plain records out; secrets in them are sealed already. Lists are ascending by
// name (code-unit order) and paged by the last name seen.

import { Context, type Effect, type Option } from "effect"
import type {
  HostType,
  HostTypeName,
  Namespace,
  NamespaceName,
  NamespaceStatus,
  Sequence,
  Sink,
  SinkName,
  Subscription,
  SubscriptionName,
} from "../../domain/index.js"
import type { StoreUnavailable } from "./StoreErrors.js"

export interface Page<Name> {
  readonly after?: Name
  readonly limit: number
}

type Answer<A> = Effect.Effect<A, StoreUnavailable>

export class Registry extends Context.Tag("eventloom/Registry")<
  Registry,
  {
    readonly putHostType: (hostType: HostType) => Answer<void>
    readonly getHostType: (name: HostTypeName) => Answer<Option.Option<HostType>>
    readonly listHostTypes: (page: Page<HostTypeName>) => Answer<ReadonlyArray<HostType>>
    readonly deleteHostType: (name: HostTypeName) => Answer<boolean>

    /** Inserts or replaces, except that `incarnation`, `createdAt` and a status of `removing` stay. */
    readonly putNamespace: (namespace: Namespace) => Answer<void>
    readonly getNamespace: (name: NamespaceName) => Answer<Option.Option<Namespace>>
    readonly listNamespaces: (
      page: Page<NamespaceName> & { readonly hostType?: HostTypeName },
    ) => Answer<ReadonlyArray<Namespace>>
    readonly countNamespaces: (hostType: HostTypeName) => Answer<number>
    /** Sets the status unless it is `removing`; answers whether it did. */
    readonly setNamespaceStatus: (
      name: NamespaceName,
      status: Exclude<NamespaceStatus, "removing">,
      at: number,
    ) => Answer<boolean>

    readonly putSink: (sink: Sink) => Answer<void>
    readonly getSink: (namespace: NamespaceName, name: SinkName) => Answer<Option.Option<Sink>>
    /** All sinks of the namespace: their number is limited by quota. */
    readonly listSinks: (namespace: NamespaceName) => Answer<ReadonlyArray<Sink>>
    readonly deleteSink: (namespace: NamespaceName, name: SinkName) => Answer<boolean>
    /** Erases what was rotated out and signs no longer at `now`, in every namespace; answers how much. */
    readonly eraseRetired: (now: number) => Answer<number>

    /** Stores a new subscription together with its first position, in one write. One that exists keeps its position. */
    readonly createSubscription: (subscription: Subscription, position: Sequence) => Answer<void>
    /** Replaces the record of a subscription that exists; its position stays. */
    readonly updateSubscription: (subscription: Subscription) => Answer<boolean>
    readonly getSubscription: (
      namespace: NamespaceName,
      name: SubscriptionName,
    ) => Answer<Option.Option<Subscription>>
    readonly listSubscriptions: (namespace: NamespaceName) => Answer<ReadonlyArray<Subscription>>
    /** Deletes it with its position, deferred deliveries and replays; dead letters stay. */
    readonly deleteSubscription: (
      namespace: NamespaceName,
      name: SubscriptionName,
    ) => Answer<boolean>
  }
>() {}
