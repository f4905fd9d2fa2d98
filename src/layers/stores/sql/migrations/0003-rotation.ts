// Secrets of sinks that were rotated out, sealed, until their overlap ends.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

export const rotation = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    yield* sql`
      alter table sinks
        add column retiring text,
        add column retiring_until bigint`
    yield* sql`
      create index sinks_by_retiring_until on sinks (retiring_until)
      where retiring_until is not null`
  })
