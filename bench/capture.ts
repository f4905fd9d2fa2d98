/**
 * Change capture: rows per second from a slot to a handler that does nothing, events built, against
 * `pg_recvlogical` writing the same messages to /dev/null, and `pg-logical-replication` with a handler
 * that only counts. Each contender has a slot of its own over the same log, so all read the same; they
 * take turns. The memory that a transaction larger than the buffer takes is shown too.
 *
 * `pg_recvlogical` is looked for in PG_BIN (default /usr/lib/postgresql/15/bin).
 */
import { execFile, fork } from "node:child_process"
import * as path from "node:path"
import { promisify } from "node:util"
import { Deferred, Effect, Redacted } from "effect"
import { ChangeReader } from "../src/actors/source/ChangeReader.js"
import { EventMaker } from "../src/actors/source/EventMaker.js"
import { noCounts } from "../src/actors/source/SourceCounts.js"
import { Wal } from "../src/domain/index.js"
import { service } from "../src/layers/sources/wal/index.js"
import { onServer, startServer } from "../test/support/Postgres.js"
import { figure, isMain, median, printTable } from "./measure.js"
import { answerOf, local } from "./receiver.js"

const run_ = promisify(execFile)
const pgBin = process.env["PG_BIN"] ?? "/usr/lib/postgresql/15/bin"

const rounds = 3
const rows = Number(process.env["ROWS"] ?? 200_000)
const bigRows = Number(process.env["BIG_ROWS"] ?? 2_000_000)

const flags = [
  "wal_level=logical",
  "max_replication_slots=40",
  "max_wal_senders=40",
  "max_wal_size=8GB",
  "logical_decoding_work_mem=64MB",
].flatMap((setting) => ["-c", setting])

const insert = (from: number, to: number) => `
  insert into orders select n, 'customer ' || n, n * 1.25, now(), n % 2 = 0, repeat('x', 40)
  from generate_series(${from}, ${to}) n`

/** Reads a slot up to a place, building events and dropping them; answers how many. */
const readOurs = (url: string, slot: string, end: Wal.Lsn, bufferBytes: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const stream = yield* service.open({
        url: Redacted.make(url),
        slot,
        publications: ["p"],
        publicationTables: undefined,
        streaming: true,
        messages: true,
        valueForms: "domain",
        readsAtStart: false,
        failover: false,
        systemId: undefined,
        beforeCreate: () => Effect.void,
      })
      const done = yield* Deferred.make<void>()
      let events = 0
      let peakBytes = 0
      let batches = 0
      const maker = new EventMaker({
        stream,
        plan: {
          source: "postgres:1/bench",
          typePrefix: "postgres",
          namespace: { text: "acme.example", parts: [{ kind: "text", text: "acme.example" }] },
          eventTables: new Set(),
          messagePrefix: undefined,
        },
        values: { numbers: "exact" },
        now: Date.now,
        unreadable: () => {},
      })
      const reader = new ChangeReader({
        stream,
        maker,
        bufferBytes,
        counts: noCounts(),
        emit: (batch) =>
          Effect.suspend(() => {
            events += batch.items.length
            if (batches++ % 16 === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
            if (batch.place === undefined) return Effect.void
            stream.confirm(batch.place)
            return batch.place >= end
              ? Effect.asVoid(Deferred.succeed(done, undefined))
              : Effect.void
          }),
      })
      yield* Effect.raceFirst(reader.run, Deferred.await(done))
      return { events, peakBytes }
    }),
  )

const readWithTool = (url: string, slot: string, end: Wal.Lsn) =>
  Effect.promise(() =>
    run_(
      path.join(pgBin, "pg_recvlogical"),
      `-d ${url} -S ${slot} --start --no-loop -f /dev/null -o proto_version=2 -o publication_names=p -o messages=true -o streaming=on -E ${Wal.formatLsn(end)}`.split(
        " ",
      ),
    ),
  )

/** A process that reads slots with `pg-logical-replication`; answers how many seconds one took. */
const startPeer = (url: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const child = fork(local("peers/pg-logical-replication.mjs"), [url, String(rows)])
        await answerOf(child, "ready")
        return child
      }),
      (child) => Effect.sync(() => child.kill()),
    ),
    (child) => (slot: string) =>
      Effect.promise(async () => {
        const answer = answerOf(child, "seconds")
        child.send({ slot })
        return Number((await answer)["seconds"])
      }),
  )

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const start = performance.now()
    const value = yield* effect
    return { seconds: (performance.now() - start) / 1000, value }
  })

const sql = (url: string, ...statements: ReadonlyArray<string>) =>
  Effect.orDie(onServer(url, ...statements))

const endOf = (url: string) =>
  Effect.map(sql(url, "select pg_current_wal_insert_lsn()::text as lsn"), ([row]) => {
    const end = Wal.parseLsn(String(row?.["lsn"]))
    if (end === undefined) throw new Error("no place")
    return end
  })

const capture = Effect.scoped(
  Effect.gen(function* () {
    const { url } = yield* startServer(flags)
    yield* sql(
      url,
      "create table orders (id bigint primary key, customer text, amount numeric, at timestamptz, paid boolean, note text)",
      "create publication p for all tables",
    )
    const contenders = ["tool", "ours", "peer"] as const
    const slots = Array.from({ length: rounds + 1 }, (_, round) =>
      contenders.map((name) => `${name}_${round}`),
    )
    for (const slot of slots.flat()) {
      yield* sql(url, `select pg_create_logical_replication_slot('${slot}', 'pgoutput')`)
    }
    const perTransaction = rows / 200
    for (let at = 0; at < 200; at++) {
      yield* sql(url, insert(at * perTransaction + 1, (at + 1) * perTransaction))
    }
    // Something after the last commit, for the tool to stop at.
    const end = yield* endOf(url)
    yield* sql(url, "insert into orders values (0)")
    const readWithPeer = yield* startPeer(url)
    const rates = {
      tool: new Array<number>(),
      ours: new Array<number>(),
      peer: new Array<number>(),
    }
    for (const [round, names] of slots.entries()) {
      const [tool = "", ours = "", peer = ""] = names
      const theirs = yield* timed(readWithTool(url, tool, end))
      const mine = yield* timed(readOurs(url, ours, end, 64 * 1024 * 1024))
      const peerSeconds = yield* readWithPeer(peer)
      if (mine.value.events < rows) throw new Error(`only ${mine.value.events} events`)
      if (round === 0) continue
      rates.tool.push(rows / theirs.seconds)
      rates.ours.push(rows / mine.seconds)
      rates.peer.push(rows / peerSeconds)
    }
    const share = (of: keyof typeof rates) =>
      median(rates[of].map((rate, round) => rate / (rates.tool[round] ?? Number.NaN))).toFixed(2)
    printTable(
      `Change capture, ${figure(rows)} rows in 200 transactions`,
      ["", "rows/s", "of pg_recvlogical"],
      [
        ["pg_recvlogical to /dev/null", figure(median(rates.tool)), "1.00"],
        ["events to a null handler", figure(median(rates.ours)), share("ours")],
        ["pg-logical-replication, counting", figure(median(rates.peer)), share("peer")],
      ],
    )
    if (bigRows === 0) return
    yield* sql(url, `select pg_create_logical_replication_slot('big', 'pgoutput')`)
    yield* sql(url, insert(rows + 1, rows + bigRows))
    const bigEnd = yield* endOf(url)
    yield* sql(url, "insert into orders values (-1)")
    globalThis.gc?.()
    const before = process.memoryUsage.rss()
    const big = yield* timed(readOurs(url, "big", bigEnd, 64 * 1024 * 1024))
    printTable(
      `One transaction of ${figure(bigRows)} rows, buffer of 64 MiB`,
      ["rows/s", "events", "memory before (MiB)", "peak (MiB)"],
      [
        [
          figure(bigRows / big.seconds),
          figure(big.value.events),
          String(before >> 20),
          String(big.value.peakBytes >> 20),
        ],
      ],
    )
  }),
)

export const run = (): Promise<void> => Effect.runPromise(capture)

if (isMain(import.meta.url)) await run()
