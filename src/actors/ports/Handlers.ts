// Port: functions of this process that take events, for sinks of the kind "handler".
//
// A sink of that kind is configured like any other and outlives the process; the function is not, so
// it is attached at run time. While none is attached, deliveries wait and keep their place.

import { Context, type Effect, Schema, type Scope } from "effect"
import { type CloudEvent, NamespaceName, type Outcome, SinkName } from "../../domain/index.js"
import type { Availability, Delivery } from "./Transport.js"

type Answer = void | Outcome

/**
 * Takes one event. Returning (or resolving, or succeeding) without an outcome means delivered; an
 * outcome says more. A throw, a rejection or a failure is a `Retry`, except `RejectEvent`. Effects
 * are interrupted when the delivery is; a promise cannot be, and what it answers then is ignored.
 */
export type Handler = (
  event: CloudEvent,
  delivery: Delivery,
) => Answer | Promise<Answer> | Effect.Effect<Answer, unknown>

/** Thrown by a handler, or failed with, to say that it will never take the event. */
export class RejectEvent extends Schema.TaggedError<RejectEvent>()("RejectEvent", {
  reason: Schema.String,
}) {
  override get message(): string {
    return `The handler rejects the event: ${this.reason}`
  }
}

/** Another function is attached to the sink. */
export class HandlerAttached extends Schema.TaggedError<HandlerAttached>()("HandlerAttached", {
  namespace: NamespaceName,
  sink: SinkName,
}) {
  override get message(): string {
    return `A handler is attached to the sink "${this.sink}" of "${this.namespace}" already.`
  }
}

/** Where the function of a sink stands, or will. */
export interface HandlerSlot {
  readonly current: Handler | undefined
  /** Waits until a function is attached. */
  readonly attached: Effect.Effect<Handler>
  /** Whether one is. */
  readonly availability: Availability
}

export class Handlers extends Context.Tag("eventloom/Handlers")<
  Handlers,
  {
    /** Attaches the function until the scope closes. The sink need not exist yet. */
    readonly attach: (
      namespace: NamespaceName,
      sink: SinkName,
      handler: Handler,
    ) => Effect.Effect<void, HandlerAttached, Scope.Scope>
    /** The transport's side: the same slot for as long as the scope is open. */
    readonly slot: (
      namespace: NamespaceName,
      sink: SinkName,
    ) => Effect.Effect<HandlerSlot, never, Scope.Scope>
    /** Detaches all functions of a namespace that is removed: one of the same name starts with none. */
    readonly detachAll: (namespace: NamespaceName) => Effect.Effect<void>
  }
>() {}
