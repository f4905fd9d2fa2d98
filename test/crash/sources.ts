/**
 * Kills a mesh that takes events from a database, at random instants under load, and accounts for every
 * committed row: journalled once, in the order of its commit.
 *
 *   npm run test:crash:sources -- [--kills 20]
 */
import { type ChildProcess, fork } from "node:child_process"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { Effect, Random } from "effect"
import { Client } from "pg"
import { freshDatabase, onServer, startServer } from "../support/Postgres.js"

const { values } = parseArgs({ options: { kills: { type: "string", default: "20" } } })
const kills = Number(values.kills)
const slot = "crash"
const victim = fileURLToPath(new URL("../../.test/crash/SourceVictim.js", import.meta.url))

const flags = ["wal_level=logical", "logical_decoding_work_mem=64kB", "wal_sender_timeout=2s"]

/** The server may be so far ahead of the source: else a slow machine would never see the end. */
const maxLag = "16MB"

const keptUp = async (client: Client): Promise<boolean> => {
  const { rows } = await client.query(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) < pg_size_bytes('${maxLag}') as kept
     from pg_replication_slots where slot_name = '${slot}'`,
  )
  return Object(rows[0]).kept !== false
}

/** Rows in transactions of many sizes, some undone in part or whole, until it is told to stop. */
const load = async (client: Client, stopped: () => boolean): Promise<void> => {
  let next = 1
  for (let round = 0; !stopped(); round++) {
    if (!(await keptUp(client))) {
      await setTimeout(20)
      continue
    }
    const size = round % 20 === 0 ? 3000 : 1 + (round % 7)
    await client.query("begin")
    await client.query("insert into t select n from generate_series($1::int, $2::int) n", [
      next,
      next + size - 1,
    ])
    await client.query("savepoint s")
    await client.query("insert into t select -n from generate_series(1, 500) n")
    await client.query("rollback to s")
    const commits = round % 5 !== 4
    await client.query(commits ? "commit" : "rollback")
    if (commits) next += size
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => child.once("exit", () => resolve()))

const run = Effect.scoped(
  Effect.gen(function* () {
    const server = yield* startServer(flags.flatMap((flag) => ["-c", flag]))
    const url = yield* freshDatabase(server)
    const storeUrl = yield* freshDatabase(server)
    yield* onServer(
      url,
      "create table t (id int primary key)",
      "create publication p for all tables",
    )
    const client = yield* Effect.promise(async () => {
      const client = new Client({ connectionString: url })
      client.on("error", () => {})
      await client.connect()
      return client
    })
    let stopped = false
    const start = () => fork(victim, [url, storeUrl, slot], { stdio: "inherit" })
    const streaming = (child: ChildProcess, ready: (events: number) => boolean) =>
      Effect.async<void>((resume) => {
        child.on("message", (message) => {
          const { events, state } = Object(message)
          if (state === "streaming" && ready(Number(events))) resume(Effect.void)
        })
      })
    let child = start()
    yield* streaming(child, () => true)
    const loading = load(client, () => stopped)
    for (let kill = 1; kill <= kills; kill++) {
      yield* Effect.sleep(yield* Random.nextIntBetween(0, 600))
      const gone = ended(child)
      child.kill("SIGKILL")
      yield* Effect.promise(() => gone)
      child = start()
      yield* streaming(child, (events) => events > 0)
      if (kill % 10 === 0) console.log(`killed ${kill} times`)
    }
    stopped = true
    yield* Effect.promise(() => loading)
    const [committed] = yield* onServer(url, "select count(*)::int as rows, max(id) as last from t")
    const counted = `
      select count(*)::int as events,
        count(distinct event::json ->> 'subject')::int as subjects,
        coalesce(bool_and(ordered), true) as ordered, max((event::json ->> 'subject')::int) as last
      from (select event, (event::json ->> 'subject')::int =
          coalesce(lag((event::json ->> 'subject')::int) over (order by sequence), 0) + 1 as ordered
        from eventloom.events where namespace = 'acme.example') e`
    let [found] = yield* onServer(storeUrl, counted)
    for (let tries = 0; tries < 120 && found?.["last"] !== committed?.["last"]; tries++) {
      yield* Effect.sleep("500 millis")
      ;[found] = yield* onServer(storeUrl, counted)
    }
    const gone = ended(child)
    child.kill("SIGKILL")
    yield* Effect.promise(() => gone)
    yield* Effect.promise(() => client.end())
    yield* onServer(url, `select pg_sleep(1), pg_drop_replication_slot('${slot}')`).pipe(
      Effect.ignore,
    )
    console.log({ kills, committed, found })
    const isWhole =
      found?.["events"] === committed?.["rows"] &&
      found?.["subjects"] === committed?.["rows"] &&
      found?.["ordered"] === true
    if (!isWhole) process.exitCode = 1
    console.log(isWhole ? "every committed row once, in order" : "VIOLATION")
  }),
)

await Effect.runPromise(run)
