// Which events of the journal a subscription has not had, as the store knows it: those that its position
// has not passed, and those that are set aside.

import { Effect, Either, Option } from "effect"
import {
  AckedRanges,
  type NamespaceName,
  Sequence,
  type SubscriptionName,
} from "../../domain/index.js"
import type { DeliveryLog, StoreUnavailable, SubscriptionProgress } from "../ports/index.js"

export interface Undelivered {
  readonly subscription: SubscriptionName
  /** How many it has not had from one sequence to another, both included; none is above `upTo`. */
  readonly within: (from: number, to: number) => number
}

const deferralPage = 1000

/** Of each subscription of a namespace that has not had all events up to a sequence. */
export const undeliveredUpTo = (
  log: DeliveryLog["Type"],
  namespace: NamespaceName,
  upTo: Sequence,
): Effect.Effect<ReadonlyArray<Undelivered>, StoreUnavailable> =>
  Effect.flatMap(log.progress(namespace), (all) =>
    Effect.forEach(all, (progress) =>
      Effect.map(setAsideUpTo(log, namespace, progress.subscription, upTo), (setAside) =>
        undeliveredOf(progress, setAside),
      ),
    ),
  )

const undeliveredOf = (
  { acknowledged, position, subscription }: SubscriptionProgress,
  setAside: ReadonlyArray<Sequence>,
): Undelivered => {
  const acked = Either.getOrElse(AckedRanges.parse(acknowledged), () => new AckedRanges(position))
  return {
    subscription,
    within: (from, to) => {
      const overlap = (range: { readonly from: number; readonly to: number }) =>
        Math.max(0, Math.min(range.to, to) - Math.max(range.from, from) + 1)
      const ahead = overlap({ from: acked.floor + 1, to })
      const had = acked.ranges.reduce((sum, range) => sum + overlap(range), 0)
      const waiting = setAside.filter((sequence) => sequence >= from && sequence <= to).length
      return ahead - had + waiting
    },
  }
}

/** Those that come back from the journal: one that was a dead letter has kept its event. */
const setAsideUpTo = (
  log: DeliveryLog["Type"],
  namespace: NamespaceName,
  subscription: SubscriptionName,
  upTo: Sequence,
): Effect.Effect<ReadonlyArray<Sequence>, StoreUnavailable> =>
  Effect.gen(function* () {
    const found: Array<Sequence> = []
    let after = Sequence.make(0)
    for (;;) {
      const page = yield* log.deferrals(namespace, subscription, after, deferralPage)
      for (const { sequence } of page) {
        if (sequence > upTo) return found
        const kept = yield* log.keptEvent(namespace, subscription, sequence)
        if (Option.isNone(kept)) found.push(sequence)
      }
      const last = page.at(-1)
      if (last === undefined || page.length < deferralPage) return found
      after = last.sequence
    }
  })
