import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { PGlite } from "@electric-sql/pglite"
import { createPgConfig } from "@electric-sql/pglite/node-postgres"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Pool } from "pg"
import { emptyDatabase } from "../../../src/layers/stores/sql/EmbeddedFolder.js"
import { upkeep } from "../../../src/layers/stores/sql/EmbeddedUpkeep.js"
import { valueParsers } from "../../../src/layers/stores/sql/ValueParsers.js"

const database = Layer.unwrapScoped(
  Effect.gen(function* () {
    const loadDataDir = yield* emptyDatabase
    const opened = yield* Effect.acquireRelease(
      Effect.promise(() => PGlite.create(loadDataDir && { loadDataDir })),
      (opened) => Effect.promise(() => opened.close()),
    )
    const config = { max: 1, idleTimeoutMillis: 0, types: valueParsers }
    const pool = new Pool(Object.assign(createPgConfig(opened), config))
    return PgClient.layerFromPool({ acquire: Effect.succeed(pool) })
  }),
)

const fill = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`insert into rows select i, repeat('x', 500) from generate_series(1, 2000) i`,
)

const pages = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ readonly bytes: number }>`select pg_table_size('rows') as bytes`,
    ([row]) => row?.bytes,
  ),
)

it.live("the room of deleted rows is used again, and the log is cut off", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`create table rows (id bigint, text text)`
    yield* fill
    const size = yield* pages
    expect(yield* upkeep(sql)).toEqual({ vacuumed: [], checkpointed: false })
    for (let round = 0; round < 3; round++) {
      yield* sql`delete from rows`
      const done = yield* upkeep(sql, { deadRows: 1_000, logBytes: 100_000 })
      expect(done).toEqual({ vacuumed: ["rows"], checkpointed: true })
      expect(yield* upkeep(sql, { deadRows: 1_000, logBytes: 100_000 })).toEqual({
        vacuumed: [],
        checkpointed: false,
      })
      yield* fill
    }
    expect(yield* pages).toBe(size)
  }).pipe(Effect.provide(database)),
)
