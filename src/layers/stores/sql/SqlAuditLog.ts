// The audit logs in SQL: those of namespaces in one table, the operator's in another.

import type { SqlClient } from "@effect/sql"
import { Effect, Schema } from "effect"
import type { AuditLog } from "../../../actors/index.js"
import { AuditEntry, type NamespaceName } from "../../../domain/index.js"
import { answering } from "./StoreFailure.js"

const EntryText = Schema.parseJson(AuditEntry)
const encode = Schema.encode(EntryText)
const decode = Schema.decode(EntryText)

export const makeAuditLog = (sql: SqlClient.SqlClient): typeof AuditLog.Service => {
  const tableOf = (log: NamespaceName | undefined) =>
    sql(log === undefined ? "operator_audit" : "audit")
  const within = (log: NamespaceName | undefined) =>
    log === undefined ? sql`true` : sql`namespace = ${log}`

  const insert = (log: NamespaceName | undefined, { at, id }: AuditEntry, record: string) =>
    log === undefined
      ? sql`
          insert into operator_audit (id, at, record) values (${id}, ${at}, ${record})
          on conflict (id) do update set at = excluded.at, record = excluded.record
          returning id`
      : // The row of the namespace is locked: a removal begins before this, or after it has committed.
        sql`
          insert into audit (namespace, id, at, record)
          select name, ${id}, ${at}, ${record}
          from namespaces where name = ${log} and status <> 'removing' for share
          on conflict (namespace, id) do update set at = excluded.at, record = excluded.record
          returning id`

  return {
    record: (log, entry) =>
      Effect.orDie(encode(entry)).pipe(
        Effect.flatMap((record) => insert(log, entry, record)),
        Effect.map((rows) => rows.length > 0),
        answering("record a change"),
      ),
    retract: (log, id) =>
      sql`delete from ${tableOf(log)} where ${within(log)} and id = ${id}`.pipe(
        Effect.asVoid,
        answering("retract a change"),
      ),
    list: (log, { after, limit }) =>
      sql<{ readonly record: string }>`
        select record from ${tableOf(log)} where ${within(log)} and id > ${after ?? ""}
        order by id limit ${limit}`.pipe(
        Effect.flatMap(Effect.forEach(({ record }) => Effect.orDie(decode(record)))),
        answering("list changes"),
      ),
    trim: (log, { keep, before, limit }) =>
      sql<{ readonly rows: number }>`
        with counted as (
          select id, at, row_number() over (order by id desc) as place
          from ${tableOf(log)} where ${within(log)}
        ), trimmed as (
          delete from ${tableOf(log)} where ${within(log)} and id in (
            select id from counted where place > ${keep} or at < ${before} order by id limit ${limit}
          )
          returning 1
        )
        select count(*) as rows from trimmed`.pipe(
        Effect.map(([row]) => row?.rows ?? 0),
        answering("trim an audit log"),
      ),
  }
}
