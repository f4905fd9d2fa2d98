// Keys of namespaces, and who changed what.
//
// A key is found by its id alone. Its last use is updated now and then, in its page (HOT). The
// operator's audit log belongs to no namespace and has a table of its own.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

const statements = [
  `create table keys (
    id text collate "C" primary key,
    namespace text collate "C" not null,
    digest text not null,
    record text not null,
    last_used_at bigint
  ) with (fillfactor = 80)`,
  `create index keys_by_namespace on keys (namespace, id)`,
  `create table audit (
    namespace text collate "C" not null,
    id text collate "C" not null,
    at bigint not null,
    record text not null,
    primary key (namespace, id)
  )`,
  `create table operator_audit (
    id text collate "C" primary key,
    at bigint not null,
    record text not null
  )`,
]

export const access = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
