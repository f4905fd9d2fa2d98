// What brings events in from outside. Sources are the operator's: they belong to no namespace.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

export const sources = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.asVoid(sql`
    create table sources (
      name text collate "C" primary key,
      record text not null
    )`)
