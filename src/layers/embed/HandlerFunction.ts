// A plain function as a handler of the mesh: what it throws is turned into an outcome, and what it is
// given can be aborted.

import { Effect, Exit } from "effect"
import type { Delivery, Handler } from "../../actors/index.js"
import { Outcome } from "../../domain/index.js"
import { type DeliveryInfo, RejectEvent, RetryLater } from "./PlainEvent.js"
import type { EventHandler } from "./Options.js"

/** Few handlers look at the signal, so its controller is made when it is asked for. */
class Attempt implements DeliveryInfo {
  readonly #delivery: Delivery
  #controller: AbortController | undefined
  #cutOff = false

  constructor(delivery: Delivery) {
    this.#delivery = delivery
  }

  get id(): string {
    return this.#delivery.id
  }
  get attempt(): number {
    return this.#delivery.attempt
  }
  get namespace(): string {
    return this.#delivery.namespace
  }
  get subscription(): string {
    return this.#delivery.subscription
  }
  get sequence(): number {
    return this.#delivery.event.sequence
  }
  get acceptedAt(): Date {
    return new Date(this.#delivery.event.acceptedAt)
  }
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#cutOff) this.#controller.abort()
    return this.#controller.signal
  }

  cutOff(): void {
    this.#cutOff = true
    this.#controller?.abort()
  }
}

/** What a throw says of the event; what else is thrown is the transport's to judge. */
const outcomeOf = (thrown: unknown): Exit.Exit<Outcome, unknown> => {
  if (thrown instanceof RejectEvent) return Exit.succeed(Outcome.reject(thrown.message))
  return thrown instanceof RetryLater
    ? Exit.succeed(Outcome.retry(thrown.message, thrown.notBefore.getTime()))
    : Exit.fail(thrown)
}

export const handlerOf =
  (handler: EventHandler): Handler =>
  (event, delivery) => {
    const attempt = new Attempt(delivery)
    try {
      const answer = handler(event, attempt)
      return answer instanceof Promise ? awaited(answer, attempt) : undefined
    } catch (thrown) {
      return outcomeOf(thrown)
    }
  }

const awaited = (
  answer: Promise<unknown>,
  attempt: Attempt,
): Effect.Effect<void | Outcome, unknown> =>
  Effect.async((resume) => {
    answer.then(
      () => resume(Exit.void),
      (thrown: unknown) => resume(outcomeOf(thrown)),
    )
    return Effect.sync(() => attempt.cutOff())
  })
