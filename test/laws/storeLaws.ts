// Every law of store adapters. To add an adapter, write its `StoreHarness` (see StoreHarness.ts) and a file of
// tests that registers the laws for it.

import { addEqualityTesters } from "@effect/vitest"
import { Effect } from "effect"
import { reportMissing } from "../support/Missing.js"
import { auditLogLaws } from "./auditLogLaws.js"
import { deliveryLogLaws } from "./deliveryLogLaws.js"
import { eventTypesLaws } from "./eventTypesLaws.js"
import { invalidationLaws } from "./invalidationLaws.js"
import { journalLaws } from "./journalLaws.js"
import { keysLaws } from "./keysLaws.js"
import { modelLaws } from "./modelLaws.js"
import { registryLaws } from "./registryLaws.js"
import { removalsLaws } from "./removalsLaws.js"
import { replaysLaws } from "./replaysLaws.js"
import { restartLaws } from "./restartLaws.js"
import { signingKeysLaws } from "./signingKeysLaws.js"
import { sourcesLaws } from "./sourcesLaws.js"
import { type StoreHarness, withSharedStore } from "./StoreHarness.js"
import type { StoreOperation } from "../support/StoreFaults.js"

addEqualityTesters()

type Laws = (name: string, harness: StoreHarness) => void

/** A port of a store, by its name. */
type Port = StoreOperation extends `${infer Name}.${string}` ? Name : never

/** Every port has its laws. */
const ofPorts: Readonly<Record<Port, Laws>> = {
  Journal: journalLaws,
  Registry: registryLaws,
  DeliveryLog: deliveryLogLaws,
  Keys: keysLaws,
  SigningKeys: signingKeysLaws,
  EventTypes: eventTypesLaws,
  AuditLog: auditLogLaws,
  Replays: replaysLaws,
  Sources: sourcesLaws,
  Removals: removalsLaws,
  Invalidation: invalidationLaws,
}

const suites: ReadonlyArray<Laws> = [...Object.values(ofPorts), restartLaws, modelLaws]

/** Registers every law for an adapter. */
export const storeLaws = async (adapter: string, harness: StoreHarness): Promise<void> => {
  const missing = await Effect.runPromise(harness.missing ?? Effect.succeed(undefined))
  if (missing !== undefined) return reportMissing(`${adapter} is not tested: ${missing}`)
  withSharedStore(`laws of ${adapter}`, harness, () => {
    for (const laws of suites) laws(adapter, harness)
  })
}
