// A dead letter that is tried again is a deferral that keeps its event.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

const statements = [
  `alter table deferrals add column event text, add column accepted_at bigint`,
  `alter table dead_letters add column accepted_at bigint`,
  `update dead_letters set accepted_at = first_attempt_at`,
  `alter table dead_letters alter column accepted_at set not null`,
]

export const redelivery = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
