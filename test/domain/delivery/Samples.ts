/** Values that the tests of delivery decisions draw from. */
import * as fc from "fast-check"
import { Outcome } from "../../../src/domain/delivery/index.js"

/** Some day in 2026, in milliseconds since the epoch. */
export const NOW = Date.UTC(2026, 6, 1)

export const outcomeArbitrary: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(Outcome.delivered({ status: 200, durationMillis: 3 })) },
  {
    weight: 8,
    arbitrary: fc
      .option(fc.integer({ min: -1_000, max: 400_000_000 }), { nil: undefined })
      .map((ahead) => Outcome.retry("503", ahead === undefined ? undefined : NOW + ahead)),
  },
  { weight: 1, arbitrary: fc.constant(Outcome.reject("422")) },
  { weight: 1, arbitrary: fc.constant(Outcome.misconfigured("401")) },
  { weight: 1, arbitrary: fc.constant(Outcome.gone("410")) },
)

/** What `Random.next` gives. */
export const randomArbitrary = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
