// Every law of every store adapter. `EVENTLOOM_LAWS=memory` runs the named adapters only.

import { addEqualityTesters, it } from "@effect/vitest"
import { Effect } from "effect"
import { auditLogLaws } from "./auditLogLaws.js"
import { deliveryLogLaws } from "./deliveryLogLaws.js"
import { eventTypesLaws } from "./eventTypesLaws.js"
import { invalidationLaws } from "./invalidationLaws.js"
import { journalLaws } from "./journalLaws.js"
import { keysLaws } from "./keysLaws.js"
import { chosenAdapters } from "./registry.js"
import { modelLaws } from "./modelLaws.js"
import { registryLaws } from "./registryLaws.js"
import { removalsLaws } from "./removalsLaws.js"
import { replaysLaws } from "./replaysLaws.js"
import { restartLaws } from "./restartLaws.js"
import { signingKeysLaws } from "./signingKeysLaws.js"
import { sourcesLaws } from "./sourcesLaws.js"
import { type StoreHarness, withSharedStore } from "./StoreHarness.js"

addEqualityTesters()

const suites: ReadonlyArray<(name: string, harness: StoreHarness) => void> = [
  journalLaws,
  registryLaws,
  deliveryLogLaws,
  keysLaws,
  signingKeysLaws,
  eventTypesLaws,
  auditLogLaws,
  replaysLaws,
  sourcesLaws,
  removalsLaws,
  invalidationLaws,
  restartLaws,
  modelLaws,
]

for (const [name, harness] of chosenAdapters()) {
  const missing = await Effect.runPromise(harness.missing ?? Effect.succeed(undefined))
  if (missing === undefined)
    withSharedStore(`laws of ${name}`, harness, () => {
      for (const laws of suites) laws(name, harness)
    })
  else reportMissing(`${name} is not tested: ${missing}`)
}

/** A skip with its reason; under `CI=true` a failure. */
function reportMissing(title: string): void {
  const register = process.env["CI"] === "true" ? it : it.skip
  register(title, () => {
    throw new Error(title)
  })
}
