/**
 * Changes of a database all the way: through the journal, against plain inserts of the same events in
 * batches into the same Postgres; and from an insert to the webhook that has it, at a steady rate.
 */
import { Context, Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { Client, Pool } from "pg"
import { Mesh, type MeshService } from "../src/actors/index.js"
import { NamespaceName, SinkName, SourceName, SubscriptionName } from "../src/domain/index.js"
import * as SingleProcess from "../src/layers/SingleProcess.js"
import * as PostgresChanges from "../src/layers/sources/wal/PostgresChanges.js"
import * as PostgresStore from "../src/layers/stores/sql/PostgresStore.js"
import { AesVault } from "../src/layers/vault/index.js"
import { freshDatabase, onServer, startServer } from "../test/support/Postgres.js"
import { figure, isMain, median, printTable, quantile } from "./measure.js"
import { startReceiver } from "./receiver.js"

const rounds = 3
const rows = Number(process.env["ROWS"] ?? 100_000)
const insertsPerSecond = 500
const seconds = Number(process.env["SECONDS"] ?? 10)

const namespace = NamespaceName.make("acme.example")
const source = SourceName.make("db")
const all = SubscriptionName.make("all")
const hook = SinkName.make("hook")

const flags = ["wal_level=logical", "max_replication_slots=20", "max_wal_size=8GB"].flatMap(
  (setting) => ["-c", setting],
)

const meshOn = (storeUrl: string) =>
  Effect.map(
    Layer.build(
      SingleProcess.layer({
        store: PostgresStore.layer({ url: Redacted.make(storeUrl) }),
        vault: AesVault.layerTest,
        allowPrivateTargets: true,
      }).pipe(
        Layer.provide(PostgresChanges.layer),
        Layer.provide(Logger.minimumLogLevel(LogLevel.Warning)),
      ),
    ),
    (context) => Context.get(context, Mesh),
  )

const putSource = ({ sources }: MeshService, databaseUrl: string, slot: string) =>
  sources.put(source, {
    kind: "wal",
    databaseUrl,
    slot,
    publication: "p",
    namespace: "acme.example",
  })

const until = (
  { sources }: MeshService,
  isSo: (view: { readonly state: string; readonly counts: { readonly events: number } }) => boolean,
) =>
  Effect.gen(function* () {
    while (!isSo(yield* sources.get(source))) yield* Effect.sleep("5 millis")
  })

const insert = `
  insert into orders select n, 'customer ' || n, n * 1.25, now(), n % 2 = 0, repeat('x', 40)
  from generate_series($1::int, $2::int) n`

/** The same rows of events into an equal table, in batches of 500 on one connection. */
const insertPlainly = (
  pool: Pool,
  columns: ReadonlyArray<string>,
  events: ReadonlyArray<unknown>,
) =>
  Effect.promise(async () => {
    await pool.query("create table if not exists raw (like eventloom.events including all)")
    await pool.query("truncate raw")
    const started = performance.now()
    for (let at = 0; at < events.length; at += 500) {
      const batch = events.slice(at, at + 500).map((event) => Object(event))
      await pool.query(
        `insert into raw (${columns.join(", ")})
         select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[])`,
        columns.map((column) => batch.map((event) => event[column])),
      )
    }
    return (performance.now() - started) / 1000
  })

const columns = ["sequence", "accepted_at", "offset_bytes", "key", "namespace", "type", "event"]

const throughTheJournal = (server: { readonly url: string }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const url = yield* freshDatabase(server)
      yield* onServer(
        url,
        "create table orders (id bigint primary key, customer text, amount numeric, at timestamptz, paid boolean, note text)",
        "create publication p for all tables",
      )
      const storeUrl = yield* freshDatabase(server)
      const mesh = yield* meshOn(storeUrl)
      yield* mesh.namespaces.put(namespace)
      const pool = yield* Effect.acquireRelease(
        Effect.sync(() => new Pool({ connectionString: storeUrl, max: 1 })),
        (pool) => Effect.promise(() => pool.end()),
      )
      const rates = { ours: new Array<number>(), plain: new Array<number>() }
      for (let round = 0; round <= rounds; round++) {
        const slot = `journal_${round}`
        yield* onServer(url, `select pg_create_logical_replication_slot('${slot}', 'pgoutput')`)
        const client = new Client({ connectionString: url })
        const size = rows / 100
        yield* Effect.promise(async () => {
          await client.connect()
          for (let at = 0; at < 100; at++) {
            const from = round * rows + at * size
            await client.query(insert, [from + 1, from + size])
          }
          await client.end()
        })
        yield* putSource(mesh, url, slot)
        yield* until(mesh, ({ counts }) => counts.events > 0)
        const before = (yield* mesh.sources.get(source)).counts.events
        const started = performance.now()
        yield* until(mesh, ({ counts }) => counts.events === rows)
        const took = (performance.now() - started) / 1000
        const { rows: events } = yield* Effect.promise(() =>
          pool.query(
            `select ${columns.join(", ")} from eventloom.events order by sequence desc limit ${rows}`,
          ),
        )
        const plainly = yield* insertPlainly(pool, columns, events)
        yield* mesh.sources.remove(source)
        yield* onServer(url, `select pg_drop_replication_slot('${slot}')`)
        if (round === 0) continue
        rates.ours.push((rows - before) / took)
        rates.plain.push(rows / plainly)
      }
      const ratio = median(rates.ours.map((rate, at) => rate / (rates.plain[at] ?? Number.NaN)))
      printTable(
        `Changes into the journal, ${figure(rows)} rows in 100 transactions`,
        ["", "events/s", "of plain inserts"],
        [
          ["inserts of the same events, 500 at once", figure(median(rates.plain)), "1.00"],
          ["a source into the journal", figure(median(rates.ours)), ratio.toFixed(2)],
        ],
      )
    }),
  )

const insertToWebhook = (server: { readonly url: string }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const url = yield* freshDatabase(server)
      yield* onServer(
        url,
        `create table t (id bigint primary key, "sentAt" text)`,
        "create publication p for all tables",
      )
      const mesh = yield* meshOn(yield* freshDatabase(server))
      yield* mesh.namespaces.put(namespace)
      const receiver = yield* startReceiver
      yield* mesh.sinks.put(namespace, hook, {
        kind: "webhook",
        url: `http://127.0.0.1:${receiver.port}/`,
      })
      yield* mesh.subscriptions.put(namespace, all, { sink: hook })
      yield* putSource(mesh, url, "hook")
      yield* until(mesh, ({ state }) => state === "streaming")
      const pool = yield* Effect.acquireRelease(
        Effect.sync(() => new Pool({ connectionString: url, max: 8 })),
        (pool) => Effect.promise(() => pool.end()),
      )
      let made = 0
      const insertAtRate = async (count: number): Promise<void> => {
        const started = performance.now()
        const open: Array<Promise<unknown>> = []
        for (let at = 0; at < count; at++) {
          const due = started + (at * 1000) / insertsPerSecond
          while (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 1))
          const values = [++made, String(process.hrtime.bigint())]
          open.push(pool.query(`insert into t values ($1, $2)`, values))
        }
        await Promise.all(open)
      }
      // The first rounds warm up.
      const latencies = yield* Effect.promise(async () => {
        let last: ReadonlyArray<number> = []
        for (const count of [500, 500, insertsPerSecond * seconds]) {
          const { complete } = await receiver.expect(count, true)
          await insertAtRate(count)
          await complete
          last = await receiver.latencies()
        }
        return last
      })
      printTable(
        `From an insert to its webhook, at ${insertsPerSecond} inserts a second`,
        ["events", "p50 (ms)", "p99 (ms)"],
        [
          [
            figure(latencies.length),
            quantile(latencies, 0.5).toFixed(1),
            quantile(latencies, 0.99).toFixed(1),
          ],
        ],
      )
      yield* mesh.sources.remove(source)
    }),
  )

export const run = (): Promise<void> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* startServer(flags)
        yield* throughTheJournal(server)
        yield* insertToWebhook(server)
      }),
    ),
  )

if (isMain(import.meta.url)) await run()
