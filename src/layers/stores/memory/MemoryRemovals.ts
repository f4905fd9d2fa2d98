// Removals in memory.

import { Effect, Option } from "effect"
import type { PurgeKind, Removals } from "../../../actors/index.js"
import type { RemovalReport } from "../../../domain/index.js"
import { type Holdings, type MemoryState, holdsNothing } from "./MemoryState.js"

export const makeRemovals = (state: MemoryState): typeof Removals.Service => ({
  begin: (report) =>
    Effect.sync(() => {
      const namespace = state.namespaces.get(report.namespace)
      if (namespace === undefined) return Option.none()
      state.namespaces.set(namespace.name, { ...namespace, status: "removing" })
      const stored = state.removals.get(namespace.name) ?? report
      state.removals.set(namespace.name, stored)
      return Option.some(stored)
    }),
  record: (report) =>
    Effect.sync(() => {
      const underWay = isUnderWay(state, report)
      if (underWay) state.removals.set(report.namespace, report)
      return underWay
    }),
  get: (namespace) => Effect.sync(() => Option.fromNullable(state.removals.get(namespace))),
  pending: Effect.sync(() => state.removals.all()),
  purge: (namespace, kind, limit) =>
    Effect.sync(() => {
      const holdings = state.holdings.get(namespace)
      return holdings === undefined ? 0 : purges[kind](holdings, limit)
    }),
  release: (removal) =>
    Effect.sync(() => {
      if (!isUnderWay(state, removal)) return
      const { namespace } = removal
      state.namespaces.delete(namespace)
      state.removals.delete(namespace)
      const holdings = state.holdings.get(namespace)
      if (holdings !== undefined && holdsNothing(holdings)) state.holdings.delete(namespace)
    }),
})

const isUnderWay = (
  state: MemoryState,
  { namespace, id }: Pick<RemovalReport, "id" | "namespace">,
): boolean => state.removals.get(namespace)?.id === id

/** Positions and replays go before dead letters and attempts: without them, a late change is skipped. */
const purgeDeliveries = (
  { attempts, progress, replays, deadLetters }: Holdings,
  limit: number,
): number => {
  let rows = 0
  for (
    let first = progress.first();
    first !== undefined && rows < limit;
    first = progress.first()
  ) {
    rows += first.deferrals.deleteFirst(limit - rows)
    if (first.deferrals.size === 0 && rows < limit) rows += progress.deleteFirst(1)
  }
  for (let first = replays.first(); first !== undefined && rows < limit; first = replays.first()) {
    rows += first.deferrals.deleteFirst(limit - rows)
    if (first.deferrals.size === 0 && rows < limit) rows += replays.deleteFirst(1)
  }
  rows += deadLetters.deleteFirst(limit - rows)
  return rows + attempts.forget(undefined, Number.POSITIVE_INFINITY, limit - rows)
}

const purges: Readonly<Record<PurgeKind, (holdings: Holdings, limit: number) => number>> = {
  deliveries: purgeDeliveries,
  events: ({ log }, limit) => log.purge(limit),
  subscriptions: ({ subscriptions }, limit) => subscriptions.deleteFirst(limit),
  sinks: ({ sinks }, limit) => sinks.deleteFirst(limit),
  "event-types": ({ eventTypes }, limit) => eventTypes.deleteFirst(limit),
  keys: ({ keys, signingKeys }, limit) => {
    const rows = keys.deleteFirst(limit)
    return rows + signingKeys.deleteFirst(limit - rows)
  },
  audit: ({ audit }, limit) => audit.deleteFirst(limit),
}
