// The services of the mesh that change what is configured, each change with its entry in the audit log.

import type { DeadLetterService } from "../mesh/service/DeadLetterService.js"
import type { EventTypeCatalogue } from "../mesh/service/EventTypeService.js"
import type { HostTypeService, NamespaceService } from "../mesh/service/NamespaceService.js"
import type { SigningKeyService, SinkService } from "../mesh/service/SinkService.js"
import type { SourceService } from "../mesh/service/SourceService.js"
import type { ReplayService, SubscriptionService } from "../mesh/service/SubscriptionService.js"
import type { CataloguedType, CatalogueOwner } from "../../domain/index.js"
import type { AuditTrail } from "./AuditTrail.js"

export const auditedHostTypes = (
  trail: AuditTrail,
  hostTypes: HostTypeService,
): HostTypeService => ({
  ...hostTypes,
  put: (name, defaults) =>
    trail.changing(
      { action: "host-type.put", name, input: defaults },
      hostTypes.put(name, defaults),
    ),
  remove: (name) => trail.changing({ action: "host-type.remove", name }, hostTypes.remove(name)),
})

export const auditedEventTypes = (
  trail: AuditTrail,
  eventTypes: EventTypeCatalogue,
): EventTypeCatalogue => {
  const log = (owner: CatalogueOwner, type: CataloguedType) =>
    owner._tag === "Namespace"
      ? { namespace: owner.name, name: type }
      : { name: `${owner.name}/${type}` }
  return {
    ...eventTypes,
    put: (owner, type, spec) =>
      trail.changing(
        { ...log(owner, type), action: "event-type.put", input: spec },
        eventTypes.put(owner, type, spec),
      ),
    remove: (owner, type) =>
      trail.changing(
        { ...log(owner, type), action: "event-type.remove" },
        eventTypes.remove(owner, type),
      ),
  }
}

/** The tenant sees what the operator makes of its namespace, all but the end of it. */
export const auditedNamespaces = (
  trail: AuditTrail,
  namespaces: NamespaceService,
): NamespaceService => ({
  ...namespaces,
  put: (name, input) =>
    trail.changing(
      {
        namespace: name,
        operators: true,
        action: "namespace.put",
        name,
        input: { hostType: input?.hostType, ...input?.overrides },
      },
      namespaces.put(name, input),
    ),
  setStatus: (name, status) =>
    trail.changing(
      {
        namespace: name,
        operators: true,
        action: status === "enabled" ? "namespace.enable" : "namespace.disable",
        name,
      },
      namespaces.setStatus(name, status),
    ),
  remove: (name, options) =>
    trail.changing({ action: "namespace.remove", name }, namespaces.remove(name, options)),
})

export const auditedSinks = (trail: AuditTrail, sinks: SinkService): SinkService => ({
  ...sinks,
  put: (namespace, name, input) =>
    trail.changing(
      { namespace, action: "sink.put", name, input },
      sinks.put(namespace, name, input),
    ),
  rotateSecret: (namespace, name, options) =>
    trail.changing(
      { namespace, action: "sink.rotate-secret", name, input: options ?? {} },
      sinks.rotateSecret(namespace, name, options),
    ),
  remove: (namespace, name) =>
    trail.changing({ namespace, action: "sink.remove", name }, sinks.remove(namespace, name)),
})

export const auditedSigningKeys = (
  trail: AuditTrail,
  signingKeys: SigningKeyService,
): SigningKeyService => ({
  ...signingKeys,
  rotate: (namespace, options) =>
    trail.changing(
      { namespace, action: "signing-key.rotate", name: namespace, input: options ?? {} },
      signingKeys.rotate(namespace, options),
    ),
})

export const auditedSubscriptions = (
  trail: AuditTrail,
  subscriptions: SubscriptionService,
): SubscriptionService => ({
  ...subscriptions,
  put: (namespace, name, spec) =>
    trail.changing(
      { namespace, action: "subscription.put", name, input: spec },
      subscriptions.put(namespace, name, spec),
    ),
  remove: (namespace, name) =>
    trail.changing(
      { namespace, action: "subscription.remove", name },
      subscriptions.remove(namespace, name),
    ),
  pause: (namespace, name) =>
    trail.changing(
      { namespace, action: "subscription.pause", name },
      subscriptions.pause(namespace, name),
    ),
  resume: (namespace, name) =>
    trail.changing(
      { namespace, action: "subscription.resume", name },
      subscriptions.resume(namespace, name),
    ),
})

export const auditedReplays = (trail: AuditTrail, replays: ReplayService): ReplayService => ({
  ...replays,
  start: (namespace, subscription, spec) =>
    trail.changing(
      { namespace, action: "replay.start", name: subscription, input: spec },
      replays.start(namespace, subscription, spec),
    ),
  cancel: (key) =>
    trail.changing(
      { namespace: key.namespace, action: "replay.cancel", name: key.id },
      replays.cancel(key),
    ),
})

export const auditedDeadLetters = (
  trail: AuditTrail,
  deadLetters: DeadLetterService,
): DeadLetterService => ({
  ...deadLetters,
  redeliver: (namespace, id) =>
    trail.changing(
      { namespace, action: "dead-letter.redeliver", name: id },
      deadLetters.redeliver(namespace, id),
    ),
  redeliverAll: (namespace, page) =>
    trail.changing(
      {
        namespace,
        action: "dead-letter.redeliver-all",
        name: page.subscription ?? "",
        input: page,
      },
      deadLetters.redeliverAll(namespace, page),
    ),
  discard: (namespace, id) =>
    trail.changing(
      { namespace, action: "dead-letter.discard", name: id },
      deadLetters.discard(namespace, id),
    ),
})

export const auditedSources = (trail: AuditTrail, sources: SourceService): SourceService => ({
  ...sources,
  put: (name, input) =>
    trail.changing({ action: "source.put", name, input }, sources.put(name, input)),
  remove: (name) => trail.changing({ action: "source.remove", name }, sources.remove(name)),
  snapshot: (name, table) =>
    trail.changing(
      { action: "source.snapshot", name, input: { table } },
      sources.snapshot(name, table),
    ),
})
