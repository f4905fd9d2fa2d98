import { SqlClient } from "@effect/sql"
import { SqlError } from "@effect/sql/SqlError"
import { PgClient } from "@effect/sql-pg"
import { PGlite } from "@electric-sql/pglite"
import { createPgConfig } from "@electric-sql/pglite/node-postgres"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Pool } from "pg"
import { emptyDatabase } from "../../../src/layers/stores/sql/EmbeddedFolder.js"
import {
  type Migration,
  migrate,
  migrations,
  StoreTooNew,
} from "../../../src/layers/stores/sql/Migrations.js"

const database = Layer.unwrapScoped(
  Effect.gen(function* () {
    const loadDataDir = yield* emptyDatabase
    const opened = yield* Effect.acquireRelease(
      Effect.promise(() => PGlite.create(loadDataDir && { loadDataDir })),
      (opened) => Effect.promise(() => opened.close()),
    )
    const pool = new Pool(Object.assign(createPgConfig(opened), { max: 1, idleTimeoutMillis: 0 }))
    return PgClient.layerFromPool({ acquire: Effect.succeed(pool) })
  }),
)

const tables = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`select tablename from pg_tables where schemaname = 'public' order by tablename`,
)

const table =
  (name: string): Migration =>
  (sql) =>
    Effect.asVoid(sql`create table ${sql(name)} (a integer)`)

it.live("an empty database gets every table, and a second run changes nothing", () =>
  Effect.gen(function* () {
    expect(yield* migrate()).toBe(migrations.length)
    const before = yield* tables
    expect(before.map(({ tablename }) => tablename)).toContain("events")
    expect(yield* migrate()).toBe(migrations.length)
    expect(yield* tables).toEqual(before)
  }).pipe(Effect.provide(database)),
)

it.live("only the steps that are missing run", () =>
  Effect.gen(function* () {
    yield* migrate([table("one")])
    expect(yield* migrate([table("one"), table("two"), table("three")])).toBe(3)
    expect((yield* tables).map(({ tablename }) => tablename)).toEqual([
      "one",
      "schema_versions",
      "three",
      "two",
    ])
  }).pipe(Effect.provide(database)),
)

it.live("a store of a later release is refused, and left as it is", () =>
  Effect.gen(function* () {
    yield* migrate([table("one"), table("two")])
    const refused = yield* Effect.flip(migrate([table("one")]))
    expect(refused).toEqual(new StoreTooNew({ found: 2, known: 1 }))
    expect(refused.message).toContain("version 2")
  }).pipe(Effect.provide(database)),
)

it.live("a step that fails undoes those before it", () =>
  Effect.gen(function* () {
    const failing: Migration = (sql) => Effect.asVoid(sql`select 1 / 0`)
    expect(yield* Effect.flip(migrate([table("one"), failing]))).toBeInstanceOf(SqlError)
    expect(yield* tables).toEqual([])
  }).pipe(Effect.provide(database)),
)
