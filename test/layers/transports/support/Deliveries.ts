// Deliveries to try a transport with.

import { Either } from "effect"
import type { Delivery } from "../../../../src/actors/index.js"
import {
  CloudEvent,
  type CloudEventInput,
  JournaledEvent,
  NamespaceName,
  Sequence,
  SinkName,
  SubscriptionName,
} from "../../../../src/domain/index.js"

export const namespace = NamespaceName.make("acme.example")
export const sink = SinkName.make("orders")

/** The n-th delivery, of an event with these attributes. */
export const delivery = (n = 1, input: Partial<CloudEventInput> = {}): Delivery => {
  const event = Either.getOrThrow(
    CloudEvent.make({
      id: `event-${n}`,
      source: "/orders",
      type: "order.placed",
      data: { number: n },
      ...input,
    }),
  )
  return {
    namespace,
    subscription: SubscriptionName.make("all"),
    id: `dlv_${n}`,
    attempt: 1,
    event: JournaledEvent.of(Sequence.make(n), event, 0),
  }
}

export const deliveries = (count: number): ReadonlyArray<Delivery> =>
  Array.from({ length: count }, (_, index) => delivery(index + 1))
