// Batches: one request for several deliveries, and one outcome for all of them.
//
// A batch that is rejected is sent again in halves, so that an event that is bad, or the size of them
// all, costs the others nothing. What stands behind a half that neither arrived nor was rejected is
// left alone, with the same outcome, to keep the order.

import { Effect } from "effect"
import type { Delivery } from "../../../actors/index.js"
import type { Outcome } from "../../../domain/index.js"

type Outcomes = Effect.Effect<ReadonlyArray<Outcome>>

/** Delivers batches with a function that sends one request. */
export const inBatches = (
  send: (deliveries: ReadonlyArray<Delivery>) => Effect.Effect<Outcome>,
) => {
  const deliver = (deliveries: ReadonlyArray<Delivery>): Outcomes =>
    Effect.flatMap(send(deliveries), (outcome) =>
      outcome._tag === "Reject" && deliveries.length > 1
        ? deliverHalves(deliveries)
        : Effect.succeed(deliveries.map(() => outcome)),
    )

  const deliverHalves = (deliveries: ReadonlyArray<Delivery>): Outcomes => {
    const middle = deliveries.length >> 1
    const rest = deliveries.slice(middle)
    return Effect.flatMap(deliver(deliveries.slice(0, middle)), (first) => {
      const last = first.at(-1)
      const isThrough = last?._tag === "Delivered" || last?._tag === "Reject"
      return last === undefined || isThrough
        ? Effect.map(deliver(rest), (second) => [...first, ...second])
        : Effect.succeed([...first, ...rest.map(() => last)])
    })
  }

  return (deliveries: ReadonlyArray<Delivery>): Outcomes =>
    deliveries.length === 0 ? Effect.succeed([]) : deliver(deliveries)
}
