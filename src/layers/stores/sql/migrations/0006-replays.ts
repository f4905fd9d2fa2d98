// Replays, beside the progress of subscriptions: a row each, updated in its page while it runs.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

const statements = [
  `create table replays (
    namespace text collate "C" not null,
    subscription text collate "C" not null,
    id text collate "C" not null,
    from_sequence bigint not null,
    to_sequence bigint not null,
    pace text not null,
    status text not null check (status in ('running', 'completed', 'cancelled')),
    position bigint not null,
    acknowledged text not null,
    delivered bigint not null,
    failed bigint not null,
    dead bigint not null,
    skipped bigint not null,
    created_at bigint not null,
    ended_at bigint,
    primary key (namespace, subscription, id)
  ) with (fillfactor = 50)`,
  `create table replay_deferrals (
    namespace text collate "C" not null,
    subscription text collate "C" not null,
    replay text collate "C" not null,
    sequence bigint not null,
    attempts integer not null,
    due_at bigint,
    since bigint not null,
    order_key text,
    reason text not null,
    primary key (namespace, subscription, replay, sequence),
    foreign key (namespace, subscription, replay) references replays on delete cascade
  ) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)`,
]

export const replays = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
