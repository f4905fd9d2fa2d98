// The consent of an endpoint, asked for before anything is delivered: the handshake of "HTTP 1.1 Web
// Hooks for Event Delivery" (CloudEvents), section 4.
//
// It is asked for with the first delivery, which waits for the answer. An endpoint that does not
// consent parks the sink, and each probe of it asks again. Consent holds for as long as the sink is open:
// a sink that is changed or woken asks anew.

import { Deferred, Effect, Either, Exit, FiberId, FiberSet, type Scope } from "effect"
import type { Availability, Connection, Delivery } from "../../../actors/index.js"
import { MAX_RATE_AMOUNT, Outcome, type Rate } from "../../../domain/index.js"
import type { WholeAnswer } from "./Exchange.js"
import { outcomeOfAnswer } from "./Response.js"

export const REQUEST_ORIGIN = "webhook-request-origin"
const REQUEST_RATE = "webhook-request-rate"
const ALLOWED_ORIGIN = "webhook-allowed-origin"
const ALLOWED_RATE = "webhook-allowed-rate"

export interface ConsentRequest {
  /** The name of this system, which consent is given to. */
  readonly origin: string
  /** The requests per minute that are asked for. */
  readonly requestRate?: number | undefined
}

/** The headers of the request, names and values in turn. */
export const consentHeaders = ({ origin, requestRate }: ConsentRequest): ReadonlyArray<string> => [
  REQUEST_ORIGIN,
  origin,
  ...(requestRate === undefined ? [] : [REQUEST_RATE, String(requestRate)]),
]

/** How fast an endpoint that has consented takes requests; undefined: as they come. */
export type Consent = Either.Either<Rate | undefined, Outcome>

const perMinute = 60_000

/** Spaced evenly, so that no minute has more than are allowed. */
const rateOf = (amount: number): Rate => ({
  amount: Math.min(amount, MAX_RATE_AMOUNT),
  perMillis: perMinute,
  burst: Math.max(1, Math.ceil(amount / perMinute)),
})

/**
 * What an answer says. The headers decide, whatever the status: an endpoint that knows nothing of the
 * handshake may answer any. `now` is in milliseconds since the epoch.
 */
export const consentOf = (
  { headers, status }: Pick<WholeAnswer, "headers" | "status">,
  { origin, requestRate }: ConsentRequest,
  now: number,
): Consent => {
  const allowed = headers[ALLOWED_ORIGIN]
  const refused = (why: string) => Either.left(Outcome.unusable(`${why} (HTTP ${status})`))
  if (allowed === undefined) {
    const retryAfter = headers["retry-after"]
    const outcome = outcomeOfAnswer({ status, retryAfter }, 0, now)
    return outcome._tag === "Retry"
      ? Either.left(outcome)
      : refused(`the endpoint has not consented to deliveries from "${origin}"`)
  }
  if (allowed !== "*" && String(allowed).toLowerCase() !== origin.toLowerCase()) {
    return refused(`the endpoint consents to deliveries from others than "${origin}"`)
  }
  const rate = headers[ALLOWED_RATE]
  if (rate === "*") return Either.right(undefined)
  if (rate === undefined) {
    return requestRate === undefined
      ? Either.right(undefined)
      : refused("the endpoint does not say which rate it consents to")
  }
  return /^[1-9]\d{0,8}$/.test(String(rate))
    ? Either.right(rateOf(Number(rate)))
    : refused("the endpoint consents to a rate that is no number")
}

/** Until it is known how many are welcome, now and then one. */
const beforeConsent: Rate = { amount: 1, perMillis: 1_000, burst: 1 }

/** A connection that delivers once `ask` has brought consent, and no faster than allowed. */
export const withConsent = (
  inner: Connection,
  ask: Effect.Effect<Consent>,
): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* FiberSet.makeRuntime<never, void, never>()
    let given: { readonly rate: Rate | undefined } | undefined
    let underWay: Deferred.Deferred<Consent> | undefined
    const watching = new Set<() => void>()

    const asked: Effect.Effect<Consent> = Effect.suspend(() => {
      if (given !== undefined) return Effect.succeed(Either.right(given.rate))
      if (underWay !== undefined) return Deferred.await(underWay)
      const answer = Deferred.unsafeMake<Consent>(FiberId.none)
      underWay = answer
      // Of the connection, not of who asked first: others wait for it too.
      run(
        Effect.flatMap(Effect.exit(ask), (exit) => {
          underWay = undefined
          if (Exit.isSuccess(exit) && Either.isRight(exit.value)) {
            given = { rate: exit.value.right }
            for (const changed of watching) changed()
          }
          return Effect.asVoid(Deferred.done(answer, exit))
        }),
      )
      return Deferred.await(answer)
    })

    const afterConsent = <A>(deliver: Effect.Effect<A>, refused: (outcome: Outcome) => A) =>
      Effect.flatMap(
        asked,
        Either.match({
          onLeft: (outcome): Effect.Effect<A> => Effect.succeed(refused(outcome)),
          onRight: () => deliver,
        }),
      )
    const deliver = (delivery: Delivery) =>
      given === undefined
        ? afterConsent(
            Effect.suspend(() => inner.deliver(delivery)),
            (outcome) => outcome,
          )
        : inner.deliver(delivery)
    const { deliverBatch, start } = inner
    const availability: Availability = {
      current: () => true,
      watch: (changed) => {
        watching.add(changed)
        return () => watching.delete(changed)
      },
    }
    return {
      ...inner,
      deliver,
      availability,
      get rate() {
        return given === undefined ? beforeConsent : given.rate
      },
      ...(deliverBatch === undefined
        ? {}
        : {
            deliverBatch: (deliveries: ReadonlyArray<Delivery>) =>
              afterConsent(
                Effect.suspend(() => deliverBatch(deliveries)),
                (outcome) => deliveries.map(() => outcome),
              ),
          }),
      ...(start === undefined
        ? {}
        : {
            start: (delivery: Delivery, settled: (outcome: Outcome) => void) => {
              if (given !== undefined) return start(delivery, settled)
              const fiber = run(Effect.map(deliver(delivery), (outcome) => settled(outcome)))
              return () => fiber.unsafeInterruptAsFork(FiberId.none)
            },
          }),
    }
  })
