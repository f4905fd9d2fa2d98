// The audit logs in memory.

import { Effect } from "effect"
import type { AuditLog } from "../../../actors/index.js"
import type { AuditEntry, NamespaceName } from "../../../domain/index.js"
import { holdingsOf, type MemoryState } from "./MemoryState.js"
import type { SortedTable } from "./SortedTable.js"

export const makeAuditLog = (state: MemoryState): typeof AuditLog.Service => {
  const tableOf = (log: NamespaceName | undefined): SortedTable<string, AuditEntry> | undefined =>
    log === undefined ? state.audit : state.holdings.get(log)?.audit
  return {
    record: (log, entry) =>
      Effect.sync(() => {
        if (log === undefined) {
          state.audit.set(entry.id, entry)
          return true
        }
        const namespace = state.namespaces.get(log)
        if (namespace === undefined || namespace.status === "removing") return false
        holdingsOf(state, log).audit.set(entry.id, entry)
        return true
      }),
    retract: (log, id) => Effect.sync(() => void tableOf(log)?.delete(id)),
    list: (log, { after, limit }) => Effect.sync(() => tableOf(log)?.page(after, limit) ?? []),
    trim: (log, { keep, before, limit }) =>
      Effect.sync(() => {
        const table = tableOf(log)
        if (table === undefined) return 0
        const all = table.all()
        const surplus = all.length - keep
        const tooOld = all.findIndex(({ at }) => at >= before)
        const old = tooOld < 0 ? all.length : tooOld
        return table.deleteFirst(Math.min(limit, Math.max(surplus, old, 0)))
      }),
  }
}
