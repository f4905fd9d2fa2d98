// The audit logs, page by page.

import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Mesh } from "../../../actors/index.js"
import type { AuditEntry } from "../../../domain/index.js"
import { defaultLimit, EventloomApi } from "../api/index.js"
import { answering } from "./Answering.js"

interface Asked {
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

/** One more than is shown tells whether there are more. */
const listing = ({ after, limit = defaultLimit }: Asked) => ({
  limit: limit + 1,
  ...(after === undefined ? {} : { after }),
})

const pageOf =
  ({ limit = defaultLimit }: Asked) =>
  (found: ReadonlyArray<AuditEntry>) => {
    const entries = found.slice(0, limit)
    return { entries, next: found.length > limit ? (entries.at(-1)?.id ?? null) : null }
  }

export const auditHandlers = HttpApiBuilder.group(EventloomApi, "audit", (handlers) =>
  Effect.map(Mesh, ({ audit }) =>
    handlers
      .handle("listNamespaceAudit", ({ path: { namespace }, urlParams }) =>
        answering(Effect.map(audit.ofNamespace(namespace, listing(urlParams)), pageOf(urlParams))),
      )
      .handle("listOperatorAudit", ({ urlParams }) =>
        answering(Effect.map(audit.ofOperator(listing(urlParams)), pageOf(urlParams))),
      ),
  ),
)
