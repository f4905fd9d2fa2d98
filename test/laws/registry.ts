// The store adapters that the laws hold for, by name.
//
// To add one, write its `StoreHarness` (see StoreHarness.ts) next to this file and give it an entry
// in `storeAdapters`:
//
//   export const embedded: StoreHarness = {
//     // a new empty place; here a temporary directory that the scope deletes
//     place: Effect.map(temporaryDirectory, (directory) => ({
//       open: EmbeddedStore.layer({ directory }),       // Layer of the five ports
//       otherProcess: <Invalidation of a second process>, // only with `processes: true`
//     })),
//     durable: true,   // what is acknowledged survives opening the place again
//     exclusive: true, // a second open while the first is open fails with StoreLocked
//     processes: false, // invalidations reach other processes on the same store
//     runs: 25,        // runs of each property
//     missing: Effect<string | undefined>, // optional: why it cannot run on this machine
//   }
//
// `EVENTLOOM_LAWS=memory,embedded` runs the named ones only; an unknown name throws.

import { memory } from "./memoryHarness.js"
import { embedded, postgres } from "./sqlHarnesses.js"
import type { StoreHarness } from "./StoreHarness.js"

export const storeAdapters: Readonly<Record<string, StoreHarness>> = {
  memory,
  embedded,
  postgres,
}

/** The adapters that a comma-separated filter names, or all without one. Throws on an unknown name. */
export const chosenAdapters = (
  filter: string | undefined = process.env["EVENTLOOM_LAWS"],
): ReadonlyArray<readonly [name: string, harness: StoreHarness]> => {
  const names = (filter ?? "").split(",").flatMap((name) => name.trim() || [])
  if (names.length === 0) return Object.entries(storeAdapters)
  return names.map((name) => {
    const harness = Object.hasOwn(storeAdapters, name) ? storeAdapters[name] : undefined
    if (harness === undefined) {
      const known = Object.keys(storeAdapters).join(", ")
      throw new Error(`EVENTLOOM_LAWS names "${name}", which is no store adapter. Known: ${known}.`)
    }
    return [name, harness]
  })
}
