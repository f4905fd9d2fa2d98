// Catalogues of event types: of namespaces, and of host types, which belong to no namespace.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

const statements = [
  `create table event_types (
    namespace text collate "C" not null,
    type text collate "C" not null,
    record text not null,
    primary key (namespace, type)
  )`,
  `create table host_type_event_types (
    host_type text collate "C" not null,
    type text collate "C" not null,
    record text not null,
    primary key (host_type, type)
  )`,
]

export const eventTypes = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
