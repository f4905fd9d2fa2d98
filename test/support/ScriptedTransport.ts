// A transport whose every answer the test decides, and which keeps account of every attempt.

import { Effect, Schema } from "effect"
import type { Connection, Delivery, SinkSecrets, Transport } from "../../src/actors/index.js"
import { Outcome, type Rate, RateText } from "../../src/domain/index.js"
import { erased } from "../../src/layers/transports/TransportRegistry.js"

export interface Attempt {
  readonly namespace: string
  readonly sink: string
  readonly subscription: string
  readonly delivery: string
  readonly event: string
  readonly sequence: number
  /** The replay that made it; undefined when it was live. */
  readonly replay: string | undefined
  readonly attempt: number
  readonly at: number
  /** What was answered; undefined while it is under way, or when it was cut off. */
  outcome: Outcome | undefined
}

/** What a sink does with a delivery: an answer, a defect, or nothing for ever. */
export type Answer = (delivery: Delivery) => Effect.Effect<Outcome>

export const delivered: Answer = () => Effect.succeed(Outcome.delivered())

export class ScriptedSinks {
  readonly attempts: Array<Attempt> = []
  /** The events of each request of a sink that takes several. */
  readonly batches: Array<ReadonlyArray<string>> = []
  /** How often each sink was opened, by `namespace/sink`. */
  readonly opened = new Map<string, number>()
  /** The secrets that each open sink has, by `namespace/sink`. */
  readonly secrets = new Map<string, SinkSecrets>()
  readonly #answers = new Map<string, Answer>()
  readonly #openings = new Map<string, Effect.Effect<void>>()
  readonly #now: () => number
  /** Called at the start of each attempt. */
  onAttempt: ((attempt: Attempt) => void) | undefined
  /** Called when an attempt is answered. */
  onOutcome: ((attempt: Attempt) => void) | undefined
  /** Called when an attempt is cut off. */
  onCutOff: ((attempt: Attempt) => void) | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /** Sets what the sink answers from now on. */
  answer(namespace: string, sink: string, answer: Answer): void {
    this.#answers.set(`${namespace}/${sink}`, answer)
  }

  /** Runs before the sink is open, from now on. */
  opening(namespace: string, sink: string, effect: Effect.Effect<void>): void {
    this.#openings.set(`${namespace}/${sink}`, effect)
  }

  heal(): void {
    this.#answers.clear()
    this.#openings.clear()
  }

  /** Deliveries that were taken, by subscription, in the order of their ends. */
  taken(subscription: string): ReadonlyArray<string> {
    return this.attempts
      .filter((one) => one.subscription === subscription && one.outcome?._tag === "Delivered")
      .map(({ event }) => event)
  }

  readonly transport: Transport = erased({
    kind: "scripted",
    options: Schema.Struct({
      note: Schema.optional(Schema.String),
      /** It takes several events in a request; all have the outcome of the first. */
      batches: Schema.optional(Schema.Boolean),
      /** Requests it may be sent. */
      rate: Schema.optional(RateText),
    }),
    secrets: ["token"],
    rotates: "token",
    open: ({ namespace, options: { batches = false, rate }, retiring, secrets, sink }) => {
      const key = `${namespace}/${sink}`
      return Effect.suspend(() => {
        this.secrets.set(key, { secrets, ...(retiring === undefined ? {} : { retiring }) })
        this.opened.set(key, (this.opened.get(key) ?? 0) + 1)
        return this.#openings.get(key) ?? Effect.void
      }).pipe(Effect.as(this.#connection(key, sink, batches, rate)))
    },
  })

  #connection(key: string, sink: string, batches: boolean, rate: Rate | undefined): Connection {
    const deliver: Connection["deliver"] = (delivery) => this.#attempt(key, sink, delivery)
    return {
      renew: (secrets) => void this.secrets.set(key, secrets),
      deliver,
      ...(rate === undefined ? {} : { rate }),
      ...(batches
        ? {
            deliverBatch: (deliveries) => {
              this.batches.push(deliveries.map(({ event }) => event.event.id))
              return Effect.map(Effect.all(deliveries.map(deliver)), (outcomes) =>
                outcomes.map((outcome) => outcomes[0] ?? outcome),
              )
            },
          }
        : {}),
    }
  }

  #attempt(key: string, sink: string, delivery: Delivery): Effect.Effect<Outcome> {
    return Effect.suspend(() => {
      const { namespace, subscription, event, attempt } = delivery
      const { replay } = event.event
      const record: Attempt = {
        namespace,
        sink,
        subscription,
        delivery: delivery.id,
        event: event.event.id,
        sequence: event.sequence,
        replay: typeof replay === "string" ? replay : undefined,
        attempt,
        at: this.#now(),
        outcome: undefined,
      }
      this.attempts.push(record)
      this.onAttempt?.(record)
      const answer = this.#answers.get(key) ?? delivered
      return answer(delivery).pipe(
        Effect.tap((outcome) =>
          Effect.sync(() => {
            record.outcome = outcome
            this.onOutcome?.(record)
          }),
        ),
        Effect.tapErrorCause(() => Effect.sync(() => this.onCutOff?.(record))),
        Effect.onInterrupt(() => Effect.sync(() => this.onCutOff?.(record))),
      )
    })
  }
}
