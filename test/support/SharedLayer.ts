// A suite whose tests share one layer, on the real clock: `layer` of @effect/vitest without what it leaves
// behind. It puts the runtime of its layer on the `it` that all files of a process import, so that tests
// elsewhere would run on that runtime, with its clock.

import { it, layer, type Vitest } from "@effect/vitest"
import type { Duration, Layer } from "effect"

export const withSharedLayer = <R, E>(
  name: string,
  shared: Layer.Layer<R, E>,
  tests: (it: Vitest.MethodsNonLive<R, true>) => void,
  options: { readonly timeout?: Duration.DurationInput; readonly memoMap?: Layer.MemoMap } = {},
): void => {
  const { effect, flakyTest, live, prop, scoped, scopedLive } = it
  const before = { effect, flakyTest, layer: it.layer, live, prop, scoped, scopedLive }
  layer(shared, { timeout: "60 seconds", ...options, excludeTestServices: true })(name, (own) => {
    try {
      tests(own)
    } finally {
      Object.assign(it, before)
    }
  })
}
