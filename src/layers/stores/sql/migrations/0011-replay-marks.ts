// Which replay an attempt, a dead letter and a dead letter that is tried again are of.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

const statements = [
  `alter table dead_letters add column of_replay text`,
  `alter table deferrals add column of_replay text`,
  `alter table attempts add column of_replay text collate "C" not null default ''`,
  `alter table attempts drop constraint attempts_pkey`,
  `alter table attempts add primary key (namespace, subscription, sequence, since, attempt, of_replay)`,
]

export const replayMarks = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
