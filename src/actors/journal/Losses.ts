// How many events retention took that a subscription had not had, since the start of the process: what
// is shown beside each subscription.

import type { NamespaceName, SubscriptionName } from "../../domain/index.js"

export class Losses {
  readonly #events = new Map<NamespaceName, Map<SubscriptionName, number>>()
  /** Everything up to here is counted, whether or not it is gone. */
  readonly #countedTo = new Map<NamespaceName, number>()

  countedTo(namespace: NamespaceName): number {
    return this.#countedTo.get(namespace) ?? 0
  }

  counted(namespace: NamespaceName, upTo: number): void {
    this.#countedTo.set(namespace, upTo)
  }

  add(namespace: NamespaceName, subscription: SubscriptionName, events: number): void {
    const losses = this.#events.get(namespace) ?? new Map<SubscriptionName, number>()
    this.#events.set(namespace, losses.set(subscription, (losses.get(subscription) ?? 0) + events))
  }

  of(namespace: NamespaceName, subscription: SubscriptionName): number {
    return this.#events.get(namespace)?.get(subscription) ?? 0
  }

  /** The subscription is gone, or all of them with their namespace. */
  forget(namespace: NamespaceName, subscription?: SubscriptionName): void {
    if (subscription !== undefined) return void this.#events.get(namespace)?.delete(subscription)
    this.#events.delete(namespace)
    this.#countedTo.delete(namespace)
  }
}
