// Hook0's API: posts events to an application, and registers their types where that is wanted.

import { Effect, Either, Redacted } from "effect"
import { Outcome } from "../../../domain/index.js"
import type { AttemptContext } from "../webhook/InFlight.js"
import { exchange, type WholeAnswer } from "../webhook/Exchange.js"
import { isUnknownType, outcomeOfHook0 } from "./Hook0Answer.js"
import { type EventPost, typeParts } from "./Hook0Event.js"

const DEFAULT_PATH = "/api/v1"

export interface Hook0Client {
  readonly submit: (post: EventPost) => Effect.Effect<Outcome>
}

export interface Hook0ClientOptions {
  /** Of the API; a bare host stands for its `/api/v1`. */
  readonly url: URL
  readonly applicationId: string
  readonly token: Redacted.Redacted
  /** Registers types that Hook0 does not know, instead of giving up on their events. */
  readonly createEventTypes: boolean
}

export const hook0Client = (
  context: AttemptContext,
  { applicationId, createEventTypes, token, url }: Hook0ClientOptions,
): Hook0Client => {
  const stated = url.pathname.replace(/\/+$/, "")
  const path = stated === "" ? DEFAULT_PATH : stated
  const headers = [
    "content-type",
    "application/json",
    "user-agent",
    "Eventloom",
    "authorization",
    `Bearer ${Redacted.value(token)}`,
  ]
  const send = (resource: string, body: unknown) =>
    exchange(context, {
      method: "POST",
      path: `${path}/${resource}`,
      headers,
      body: Buffer.from(JSON.stringify(body)),
    })
  const outcomeOf = (answer: Either.Either<WholeAnswer, Outcome>): Outcome =>
    Either.match(answer, {
      onLeft: (outcome) => outcome,
      onRight: (whole) => outcomeOfHook0(whole, context.now()),
    })
  const register = (post: EventPost): Effect.Effect<Outcome> => {
    const parts = typeParts(post.event_type)
    if (parts === undefined) {
      return Effect.succeed(Outcome.reject("its type is too long to be registered"))
    }
    const [service, resource_type, verb] = parts
    const body = { application_id: applicationId, service, resource_type, verb }
    return Effect.map(send("event_types", body), outcomeOf)
  }
  return {
    submit: (post) =>
      Effect.flatMap(send("event", post), (answer) => {
        const isUnknown = Either.isRight(answer) && isUnknownType(answer.right)
        if (!isUnknown || !createEventTypes) return Effect.succeed(outcomeOf(answer))
        return Effect.flatMap(register(post), (registered) =>
          registered._tag === "Delivered"
            ? Effect.map(send("event", post), outcomeOf)
            : Effect.succeed(registered),
        )
      }),
  }
}
