// The keys that namespaces sign with. They are listed by their namespace, and published by their set.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

const statements = [
  `create table signing_keys (
    namespace text collate "C" not null,
    kid text collate "C" not null,
    key_set text collate "C" not null,
    public_key text not null,
    sealed text not null,
    created_at bigint not null,
    until bigint,
    primary key (namespace, kid)
  )`,
  `create index signing_keys_by_set on signing_keys (key_set)`,
  `create index signing_keys_by_until on signing_keys (until) where until is not null`,
]

export const signingKeys = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
