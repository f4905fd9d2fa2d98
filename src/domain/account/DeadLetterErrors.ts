/**
 * Why a dead letter cannot be had, or cannot be tried again.
 */
import { Schema } from "effect"
import { Sequence } from "../journal/index.js"
import { NamespaceName, SubscriptionName } from "../namespace/index.js"

/** No dead letter has this id: it never was, was tried again, or was discarded. */
export class DeadLetterNotFound extends Schema.TaggedError<DeadLetterNotFound>()(
  "DeadLetterNotFound",
  { namespace: NamespaceName, deadLetter: Schema.String },
) {
  override get message(): string {
    return `There is no dead letter "${this.deadLetter}" in "${this.namespace}".`
  }
}

/** The subscription delivers nothing until somebody resumes it, so nothing is tried again for it. */
export class SubscriptionInactive extends Schema.TaggedError<SubscriptionInactive>()(
  "SubscriptionInactive",
  {
    namespace: NamespaceName,
    subscription: SubscriptionName,
    status: Schema.Literal("paused", "disabled"),
  },
) {
  override get message(): string {
    return `The subscription "${this.subscription}" of "${this.namespace}" is ${this.status}: resume it first.`
  }
}

/** The event is on its way to the subscription already; the dead letter is of an earlier time. */
export class DeliveryUnderWay extends Schema.TaggedError<DeliveryUnderWay>()("DeliveryUnderWay", {
  namespace: NamespaceName,
  subscription: SubscriptionName,
  sequence: Sequence,
}) {
  override get message(): string {
    return `The event ${this.sequence} of "${this.namespace}" is on its way to "${this.subscription}" already.`
  }
}

/** So many deliveries of the subscription wait to be tried again that no more are taken for the moment. */
export class RedeliveryFull extends Schema.TaggedError<RedeliveryFull>()("RedeliveryFull", {
  namespace: NamespaceName,
  subscription: SubscriptionName,
  waiting: Schema.Number,
}) {
  override get message(): string {
    return `${this.waiting} deliveries of the subscription "${this.subscription}" of "${this.namespace}" wait to be tried again; no more are taken for the moment.`
  }
}
