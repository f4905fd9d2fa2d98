// Every law of every store adapter. `EVENTLOOM_LAWS=memory` runs the named adapters only.

import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { journalLaws } from "./journalLaws.js"
import { chosenAdapters } from "./registry.js"
import type { StoreHarness } from "./StoreHarness.js"

const suites: ReadonlyArray<(name: string, harness: StoreHarness) => void> = [journalLaws]

for (const [name, harness] of chosenAdapters()) {
  const missing = await Effect.runPromise(harness.missing ?? Effect.succeed(undefined))
  describe(name, () => {
    if (missing === undefined) for (const laws of suites) laws(name, harness)
    else reportMissing(missing)
  })
}

/** A skip with its reason; under `CI=true` a failure. */
function reportMissing(reason: string): void {
  const title = `is not tested: ${reason}`
  if (process.env["CI"] !== "true") return void it.skip(title)
  it(title, () => {
    throw new Error(reason)
  })
}
