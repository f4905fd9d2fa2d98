// How far the snapshots of a source's tables are; they go with their source.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

export const sourceSnapshots = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.asVoid(sql`
    create table source_snapshots (
      source text collate "C" not null references sources (name) on delete cascade,
      relation text collate "C" not null,
      record text not null,
      primary key (source, relation)
    )`)
