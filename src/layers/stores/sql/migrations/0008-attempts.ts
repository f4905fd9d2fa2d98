// Attempts at deliveries, kept for explanations, and where each subscription started.
//
// Attempts of a subscription are written about in order and read by their key, so that the key is the
// only index. An attempt has no reference to its subscription: what is left when that is deleted is
// deleted after it, in bounded writes.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

const statements = [
  `alter table positions add column started_after bigint not null default 0`,
  `create index dead_letters_by_sequence on dead_letters (namespace, sequence)`,
  `create table attempts (
    sequence bigint not null,
    since bigint not null,
    started_at bigint not null,
    attempt integer not null,
    duration_ms integer not null,
    status integer,
    namespace text collate "C" not null,
    subscription text collate "C" not null,
    outcome text not null,
    reason text,
    primary key (namespace, subscription, sequence, since, attempt)
  )`,
]

export const attempts = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
