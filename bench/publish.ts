/**
 * Durable publish, as far as the store decides it: `Journal.append` in batches of 64 (what 64
 * concurrent publishers of single events make) and of 500, against plain inserts of the same rows in
 * batches of 500 into an equal table, in every way that a user may write them. On a Postgres server
 * (EVENTLOOM_TEST_DATABASE_URL, or one started for the purpose) and on the embedded store, each
 * against itself.
 */
import { createHash } from "node:crypto"
import * as path from "node:path"
import { PgClient } from "@effect/sql-pg"
import { PGlite } from "@electric-sql/pglite"
import { createPgConfig } from "@electric-sql/pglite/node-postgres"
import { Effect, Either, Redacted, type Scope } from "effect"
import { Pool } from "pg"
import { Journal, type JournalEntry } from "../src/actors/index.js"
import { CloudEvent, EventId, NamespaceName } from "../src/domain/index.js"
import * as EmbeddedStore from "../src/layers/stores/sql/EmbeddedStore.js"
import { migrate } from "../src/layers/stores/sql/Migrations.js"
import * as PostgresStore from "../src/layers/stores/sql/PostgresStore.js"
import { temporaryDirectory } from "../test/support/TemporaryDirectory.js"
import { freshSchema, testServer } from "../test/support/Postgres.js"
import { compare, type Contender, figure, isMain, printTable } from "./measure.js"

/** One operation of a contender: 16 batches of 500, or 125 of 64. */
const eventsPerOperation = 8_000
const namespaces = Array.from({ length: 8 }, (_, index) =>
  NamespaceName.make(`tenant-${index}.example`),
)

let made = 0

const example = Either.getOrThrow(
  CloudEvent.make({
    id: "0b9f4a1e-7c1d-4e59-9a5e-000000000000",
    source: "/orders/service",
    type: "albergue.v1.booking.reserved",
    time: "2026-01-01T00:00:00.000Z",
    datacontenttype: "application/json",
    data: { order: 12345, amount: 1234.5, customer: "acme 12345", note: "a payload" },
  }),
)

/** New events, made with as little work as can be: that work is in every figure. */
const makeEntries = (count: number): ReadonlyArray<JournalEntry> =>
  Array.from({ length: count }, (_, index) => {
    made += 1
    const id = EventId.make(`0b9f4a1e-7c1d-4e59-9a5e-${String(made).padStart(12, "0")}`)
    const event: CloudEvent = { ...example, id }
    const namespace = namespaces[index % namespaces.length] ?? NamespaceName.make("tenant")
    return { namespace, event, json: JSON.stringify(event) }
  })

const appending =
  (journal: typeof Journal.Service, size: number): Contender["run"] =>
  (count) =>
    Effect.runPromise(
      Effect.repeatN(
        Effect.suspend(() => journal.append(makeEntries(size), 1_767_225_600_000)),
        Math.round((count * eventsPerOperation) / size) - 1,
      ),
    )

type Insert = (pool: Pool, rows: ReadonlyArray<ReadonlyArray<unknown>>) => Promise<unknown>

const columns = "sequence, accepted_at, offset_bytes, key, namespace, type, event"

const insertValues: Insert = (pool, rows) => {
  const places = rows.map(
    (row, index) => `(${row.map((_, column) => `$${index * row.length + column + 1}`).join(", ")})`,
  )
  return pool.query(
    `insert into events (${columns}) values ${places.join(", ")}`,
    rows.flatMap((row) => [...row]),
  )
}

const insertUnnest: Insert = (pool, rows) =>
  pool.query(
    `insert into events (${columns})
     select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[])`,
    Array.from({ length: 7 }, (_, column) => rows.map((row) => row[column])),
  )

const inserting =
  (pool: Pool, insert: Insert): Contender["run"] =>
  async (count) => {
    for (let batch = 0; batch < count * (eventsPerOperation / 500); batch++) {
      const rows = makeEntries(500).map(({ namespace, event, json }) => {
        const key = createHash("md5").update(`${namespace} ${event.source} ${event.id}`)
        return [made++, 1_767_225_600_000, 0, key.digest("hex"), namespace, event.type, json]
      })
      await insert(pool, rows)
    }
  }

const usingPool = (make: () => Pool): Effect.Effect<Pool, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(make), (pool) => Effect.promise(() => pool.end()))

const migrated = (pool: Pool) =>
  Effect.provide(migrate(), PgClient.layerFromPool({ acquire: Effect.succeed(pool) }))

const onServer = Effect.scoped(
  Effect.gen(function* () {
    const server = yield* testServer
    const rawSchema = yield* freshSchema(server)
    const pool = yield* usingPool(
      () =>
        new Pool({
          connectionString: server.url,
          max: 1,
          options: `-c search_path=${rawSchema}`,
        }),
    )
    yield* Effect.promise(() => pool.query(`create schema ${rawSchema}`))
    yield* migrated(pool)
    const schema = yield* freshSchema(server)
    yield* measure("Postgres", pool).pipe(
      Effect.provide(PostgresStore.layer({ url: Redacted.make(server.url), schema })),
    )
  }),
)

const onEmbedded = Effect.scoped(
  Effect.gen(function* () {
    const rawFolder = yield* temporaryDirectory
    const database = yield* Effect.acquireRelease(
      Effect.promise(() => PGlite.create(path.join(rawFolder, "pg"))),
      (opened) => Effect.promise(() => opened.close()),
    )
    const pool = yield* usingPool(
      () => new Pool(Object.assign(createPgConfig(database), { max: 1, idleTimeoutMillis: 0 })),
    )
    yield* migrated(pool)
    const dataDir = yield* temporaryDirectory
    yield* measure("Embedded", pool).pipe(Effect.provide(EmbeddedStore.layer({ dataDir })))
  }),
)

const measure = (title: string, pool: Pool) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const results = yield* Effect.promise(() =>
      compare(
        [
          { name: "Journal.append, batches of 500", run: appending(journal, 500) },
          { name: "Journal.append, batches of 64", run: appending(journal, 64) },
          { name: "insert … select from unnest, 500", run: inserting(pool, insertUnnest) },
          { name: "insert … values, 500", run: inserting(pool, insertValues) },
        ],
        { rounds: 5, minMillis: 600 },
      ),
    )
    printTable(
      `${title}: durable events`,
      ["", "events/s", "against the last"],
      results.map(({ name, perSecond, ratio }) => [
        name,
        figure(perSecond * eventsPerOperation),
        figure(ratio),
      ]),
    )
  })

export const run = async (): Promise<void> => {
  await Effect.runPromise(onServer)
  await Effect.runPromise(onEmbedded)
}

if (isMain(import.meta.url)) await run()
