// Since when a delivery that was set aside waits for a sink that is out.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

const statements = [
  `alter table deferrals add column parked_since bigint`,
  `alter table replay_deferrals add column parked_since bigint`,
]

export const parking = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true })
