// What a server does in the background and PGlite, being one process without any other, does not:
// vacuum, without which the room of deleted rows is never used again, and checkpoints, without which
// the write-ahead log grows for ever and a restart after a crash replays all of it.
//
// Both hold up everything else while they run, so they run often and do little: about 100 ms for
// every 20,000 dead rows or 100 MB of log.

import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Schedule, type Scope } from "effect"

export interface UpkeepThresholds {
  /** A table is vacuumed when more rows than this are dead, and more than a twentieth of it. */
  readonly deadRows: number
  /** A checkpoint is made when the log has grown by this much since the last. */
  readonly logBytes: number
}

const defaults: UpkeepThresholds = { deadRows: 20_000, logBytes: 128 * 1024 * 1024 }
const interval = "10 seconds"

export interface Upkeep {
  readonly vacuumed: ReadonlyArray<string>
  readonly checkpointed: boolean
}

/** Does what is due; answers what it did. */
export const upkeep = (
  sql: SqlClient.SqlClient,
  { deadRows, logBytes }: UpkeepThresholds = defaults,
): Effect.Effect<Upkeep, SqlError> =>
  Effect.gen(function* () {
    // Counts of rows become visible with a delay of up to a second otherwise.
    yield* sql`select pg_stat_force_next_flush()`
    const tables = yield* sql<{ readonly name: string }>`
      select relname as name from pg_stat_user_tables
      where n_dead_tup > greatest(${deadRows}::bigint, n_live_tup / 20) order by relname`
    for (const { name } of tables) yield* sql`vacuum (analyze) ${sql(name)}`
    const [log] = yield* sql<{ readonly bytes: number }>`
      select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::bigint as bytes
      from pg_control_checkpoint()`
    const checkpointed = (log?.bytes ?? 0) > logBytes
    if (checkpointed) yield* sql`checkpoint`
    return { vacuumed: tables.map(({ name }) => name), checkpointed }
  })

/** Looks after the store until the scope closes. */
export const keepUp = (sql: SqlClient.SqlClient): Effect.Effect<void, never, Scope.Scope> =>
  upkeep(sql).pipe(
    Effect.catchAll((error) => Effect.logWarning("The upkeep of the embedded store failed", error)),
    Effect.schedule(Schedule.spaced(interval)),
    Effect.forkScoped,
    Effect.asVoid,
  )
