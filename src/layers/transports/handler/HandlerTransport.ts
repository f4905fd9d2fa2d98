// The transport "handler": a sink that is a function of this process.
//
// While no function is attached nothing is delivered, so events keep their place. A function that
// answers at once is called without leaving the caller's stack: `deliver` then gives back an Exit.

import { Cause, Effect, Exit, Schema, type Scope } from "effect"
import { toStringUnknown } from "effect/Inspectable"
import {
  type Connection,
  type Delivery,
  type Handler,
  Handlers,
  type HandlerSlot,
  RejectEvent,
  type Transport,
} from "../../../actors/index.js"
import { Outcome } from "../../../domain/index.js"

export const HANDLER = "handler"

export const HandlerOptions = Schema.Struct({})

type Answered = Exit.Exit<Outcome>

const delivered: Answered = Exit.succeed(Outcome.delivered())

/** What was thrown, in words; reasons are bounded and cleaned where they are made. */
const textOf = (cause: unknown): string => {
  try {
    const text = cause instanceof Error ? cause.message || cause.name : toStringUnknown(cause, 0)
    return text || "no reason given"
  } catch {
    // `message` or `toString` of what was thrown throws itself.
    return "no reason that can be shown"
  }
}

const outcomeOfThrown = (cause: unknown): Outcome =>
  cause instanceof RejectEvent
    ? Outcome.reject(cause.reason)
    : Outcome.retry(`the handler failed: ${textOf(cause)}`)

/** What a handler returned or resolved to. Anything but an outcome means that it took the event. */
const answeredWith = (value: unknown): Answered =>
  isOutcome(value) ? Exit.succeed(rebuilt(value)) : delivered

const TAGS: ReadonlySet<string> = new Set([
  "Delivered",
  "Retry",
  "Reject",
  "Misconfigured",
  "Gone",
] satisfies ReadonlyArray<Outcome["_tag"]>)

const isOutcome = (value: unknown): value is Outcome =>
  typeof value === "object" &&
  value !== null &&
  "_tag" in value &&
  typeof value._tag === "string" &&
  TAGS.has(value._tag)

/** The same outcome with its reason made safe: handlers can be plain JavaScript. */
const rebuilt = (outcome: Outcome): Outcome => {
  const safe = safely(outcome)
  return outcome.status === undefined ? safe : Outcome.withStatus(safe, outcome.status)
}

const safely = (outcome: Outcome): Outcome => {
  switch (outcome._tag) {
    case "Delivered":
      return Outcome.delivered()
    case "Retry":
      return Outcome.retry(textOf(outcome.reason), outcome.notBefore)
    case "Reject":
      return Outcome.reject(textOf(outcome.reason))
    case "Misconfigured":
      return Outcome.misconfigured(textOf(outcome.reason))
    default:
      return Outcome.gone(textOf(outcome.reason))
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

const ofPromise = (promise: PromiseLike<unknown>): Effect.Effect<Outcome> =>
  Effect.async<Outcome>((resume) => {
    Promise.resolve(promise).then(
      (value) => resume(answeredWith(value)),
      (cause: unknown) => resume(Exit.succeed(outcomeOfThrown(cause))),
    )
  })

const ofEffect = (effect: Effect.Effect<unknown, unknown>): Effect.Effect<Outcome> =>
  Effect.matchCauseEffect(effect, {
    onSuccess: answeredWith,
    // An interruption that is not ours came from within the handler, and is its failure.
    onFailure: (cause) => Exit.succeed(outcomeOfThrown(Cause.squash(cause))),
  })

const call = (handler: Handler, delivery: Delivery): Effect.Effect<Outcome> => {
  try {
    const answer: unknown = handler(delivery.event.event, delivery)
    if (answer === undefined) return delivered
    if (Effect.isEffect(answer)) return ofEffect(answer as Effect.Effect<unknown, unknown>)
    return isThenable(answer) ? ofPromise(answer) : answeredWith(answer)
  } catch (cause) {
    return Exit.succeed(outcomeOfThrown(cause))
  }
}

const connect = (slot: HandlerSlot): Connection => ({
  availability: slot.availability,
  deliver: (delivery) =>
    slot.current === undefined
      ? Effect.flatMap(slot.attached, (handler) => call(handler, delivery))
      : call(slot.current, delivery),
})

export const make: Effect.Effect<
  Transport<typeof HandlerOptions.Type, typeof HandlerOptions.Encoded>,
  never,
  Handlers
> = Effect.map(Handlers, ({ slot }) => ({
  kind: HANDLER,
  options: HandlerOptions,
  secrets: [],
  open: ({ namespace, sink }): Effect.Effect<Connection, never, Scope.Scope> =>
    Effect.map(slot(namespace, sink), connect),
}))
