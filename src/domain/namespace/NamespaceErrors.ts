// What can be wrong with the namespace, host type, sink or subscription that a caller named.

import { Schema } from "effect"
import { NamespaceName } from "./NamespaceName.js"
import { HostTypeName, SinkName, SubscriptionName } from "./ResourceName.js"

export class NamespaceNotFound extends Schema.TaggedError<NamespaceNotFound>()(
  "NamespaceNotFound",
  { namespace: NamespaceName },
) {
  override get message(): string {
    return `There is no namespace "${this.namespace}".`
  }
}

/** The namespace is registered but takes no events until it is enabled. */
export class NamespaceDisabled extends Schema.TaggedError<NamespaceDisabled>()(
  "NamespaceDisabled",
  { namespace: NamespaceName },
) {
  override get message(): string {
    return `The namespace "${this.namespace}" is disabled.`
  }
}

/** The namespace is being removed; its name is free again when the removal has ended. */
export class NamespaceRemoving extends Schema.TaggedError<NamespaceRemoving>()(
  "NamespaceRemoving",
  { namespace: NamespaceName },
) {
  override get message(): string {
    return `The namespace "${this.namespace}" is being removed.`
  }
}

export class HostTypeNotFound extends Schema.TaggedError<HostTypeNotFound>()("HostTypeNotFound", {
  hostType: HostTypeName,
}) {
  override get message(): string {
    return `There is no host type "${this.hostType}".`
  }
}

export class HostTypeInUse extends Schema.TaggedError<HostTypeInUse>()("HostTypeInUse", {
  hostType: HostTypeName,
  namespaces: Schema.Number,
}) {
  override get message(): string {
    return `The host type "${this.hostType}" is used by ${this.namespaces} namespace(s).`
  }
}

export class SinkNotFound extends Schema.TaggedError<SinkNotFound>()("SinkNotFound", {
  namespace: NamespaceName,
  sink: SinkName,
}) {
  override get message(): string {
    return `There is no sink "${this.sink}" in "${this.namespace}".`
  }
}

export class SinkInUse extends Schema.TaggedError<SinkInUse>()("SinkInUse", {
  namespace: NamespaceName,
  sink: SinkName,
  subscriptions: Schema.Array(SubscriptionName),
}) {
  override get message(): string {
    return `The sink "${this.sink}" is used by: ${this.subscriptions.join(", ")}.`
  }
}

export class SubscriptionNotFound extends Schema.TaggedError<SubscriptionNotFound>()(
  "SubscriptionNotFound",
  { namespace: NamespaceName, subscription: SubscriptionName },
) {
  override get message(): string {
    return `There is no subscription "${this.subscription}" in "${this.namespace}".`
  }
}

/** The request is well formed but cannot be carried out as stated. `field` names what to change. */
export class InvalidSetting extends Schema.TaggedError<InvalidSetting>()("InvalidSetting", {
  field: Schema.String,
  reason: Schema.String,
  /** In a field that is an expression, where it goes wrong: from zero, in UTF-16 units. */
  position: Schema.optional(Schema.Number),
}) {
  override get message(): string {
    return `${this.field}: ${this.reason}`
  }
}
