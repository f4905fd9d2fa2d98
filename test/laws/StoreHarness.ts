// What the law suites need to know of a store adapter, and how they run on it.
//
// The suites of an adapter share one store, and each run of a law works in namespaces of its own
// (`freshNamespaces`), so an adapter that is slow to start is started a few times only.

import type { Vitest } from "@effect/vitest"
import { Effect, Layer, type Scope } from "effect"
import type { Invalidation, StorePorts } from "../../src/actors/index.js"
import { NamespaceName } from "../../src/domain/index.js"
import { withSharedLayer } from "../support/SharedLayer.js"

/** What a store adapter provides. */
export type Stores = StorePorts

/** Somewhere a store can be: a directory, a database, a state in memory. Empty at first. */
export interface StorePlace {
  /** Opens the store that is here. Building it again, after its scope was closed, is a restart. */
  readonly open: Layer.Layer<Stores, unknown>
  /** Invalidation of another process on the same store, while it is open here. Required where `processes` holds. */
  readonly otherProcess?: Layer.Layer<Invalidation, unknown>
}

export interface StoreHarness {
  /** A new empty place, shared with nothing; the scope deletes it. */
  readonly place: Effect.Effect<StorePlace, unknown, Scope.Scope>
  /** What is acknowledged is still there when the place is opened again. */
  readonly durable: boolean
  /** Opening a place that is open already fails with `StoreLocked`. */
  readonly exclusive: boolean
  /** Other processes hear what is broadcast. */
  readonly processes: boolean
  /** How often a property runs: the slower the adapter, the fewer. */
  readonly runs: number
  /** Why the adapter cannot be tested on this machine; undefined when it can. */
  readonly missing?: Effect.Effect<string | undefined>
}

/** A new empty store in a place of its own. */
export const freshStore = (harness: StoreHarness): Layer.Layer<Stores, unknown> =>
  Layer.unwrapScoped(Effect.map(harness.place, (place) => place.open))

export type LawIt = Vitest.MethodsNonLive<Stores, true>

/** What a property takes as options: how often it runs on this adapter. */
export interface LawRuns {
  readonly timeout: number
  readonly fastCheck: { readonly numRuns: number }
}

/** For a law that starts stores itself; generous, since a run of all tests keeps the machine busy. */
export const lawTimeout = 120_000

const sharedStores = new WeakMap<
  StoreHarness,
  { readonly store: Layer.Layer<Stores, unknown>; readonly memoMap: Layer.MemoMap }
>()

/** The store of a harness: one for as long as any suite uses it. */
const sharedStore = (harness: StoreHarness) => {
  const present = sharedStores.get(harness)
  if (present !== undefined) return present
  const shared = { store: freshStore(harness), memoMap: Effect.runSync(Layer.makeMemoMap) }
  sharedStores.set(harness, shared)
  return shared
}

/** A group of laws over one store, on the live clock. */
export const lawSuite = (
  title: string,
  harness: StoreHarness,
  laws: (it: LawIt, runs: LawRuns) => void,
): void => {
  const { store, memoMap } = sharedStore(harness)
  withSharedLayer(
    title,
    store,
    (it) => laws(it, { timeout: lawTimeout, fastCheck: { numRuns: harness.runs } }),
    { timeout: lawTimeout, memoMap },
  )
}

/** Keeps the shared store of a harness from the first of the suites inside to the last. */
export const withSharedStore = (title: string, harness: StoreHarness, suites: () => void): void => {
  const { store, memoMap } = sharedStore(harness)
  withSharedLayer(title, store, suites, { timeout: lawTimeout, memoMap })
}

let taken = 0

/**
 * Names of namespaces that nothing has used. They sort after every name given before, and among
 * themselves as their suffixes do, so a list after `before` holds those of this call alone.
 */
export const freshNamespaces = Effect.sync(() => {
  taken += 1
  const before = NamespaceName.make(`run${String(taken).padStart(9, "0")}`)
  return { before, name: (suffix: string) => NamespaceName.make(`${before}-${suffix}`) }
})

/** One namespace that nothing has used. */
export const freshNamespace = Effect.map(freshNamespaces, ({ name }) => name("a"))
