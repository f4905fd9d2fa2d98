// Suites whose tests share one layer: `layer` of @effect/vitest, without what it leaves behind. It puts
// the runtime of its layer on the `it` that all files of a process import, so that tests elsewhere would
// run on that runtime, with its clock.

import { it, layer } from "@effect/vitest"

/** As `layer` of @effect/vitest; afterwards `it` is what it was. */
export const sharedLayer: typeof layer = (shared, options) => {
  const { effect, scoped, live, scopedLive, prop, flakyTest } = it
  const suite = layer(shared, options)
  type Tests = Parameters<typeof suite>[0]
  const restoring =
    (tests: Tests): Tests =>
    (own) => {
      try {
        tests(own)
      } finally {
        Object.assign(it, { effect, scoped, live, scopedLive, prop, flakyTest, layer: it.layer })
      }
    }
  return (...args: [Tests] | [string, Tests]) =>
    args.length === 1 ? suite(restoring(args[0])) : suite(args[0], restoring(args[1]))
}
