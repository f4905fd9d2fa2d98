// The slot: where it is after stops, cuts and crashes, and what is said when something is wrong with it
// or with the server.

import { it } from "@effect/vitest"
import { Effect, Schedule, Scope } from "effect"
import { describe, expect } from "vitest"
import { onServer, startServer, testServer } from "../../../support/Postgres.js"
import { tcpProxy } from "../../../support/TcpProxy.js"
import {
  freshSlot,
  plainOptions,
  session,
  sharedServer,
  sourceName,
  sourceRig,
  streamingRig,
  until,
} from "./WalRig.js"

const server = sharedServer()
const table = "create table t (id int primary key)"

const slotRow = (url: string, slot: string) =>
  Effect.map(
    Effect.orDie(
      onServer(
        url,
        `select active, confirmed_flush_lsn::text as confirmed,
           pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::int8::text as behind
         from pg_replication_slots where slot_name = '${slot}'`,
      ),
    ),
    ([row]) => row,
  )

const subjects = (events: ReadonlyArray<{ readonly subject?: string }>) =>
  events.map(({ subject }) => subject)

describe("the position", () => {
  it.scopedLive("is confirmed when events are journalled, and a clean stop repeats nothing", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table])
      yield* rig.sql.run("insert into t values (1)")
      yield* rig.events(1)
      // Other options: the source stops and starts again, from where it was.
      yield* rig.put({ typePrefix: "db" })
      yield* rig.sql.run("insert into t values (2)")
      const events = yield* rig.events(2)
      expect(events.map(({ type }) => type)).toEqual([
        "postgres.public.t.inserted",
        "db.public.t.inserted",
      ])
      const view = yield* rig.source(({ counts }) => counts.events === 1)
      expect(view.counts).toMatchObject({ changes: 1, duplicates: 0 })
    }),
  )

  it.scopedLive("moves along in an idle database while another one writes", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table])
      const before = yield* slotRow(rig.url, rig.slot)
      const busy = yield* session(server().url)
      yield* busy.run(
        "create table if not exists busy (pad text)",
        "insert into busy select repeat('x', 1000) from generate_series(1, 2000)",
      )
      const after = yield* until(
        "the slot to move",
        slotRow(rig.url, rig.slot),
        (row) => row?.["confirmed"] !== before?.["confirmed"] && Number(row?.["behind"]) < 100_000,
      )
      expect(after?.["active"]).toBe(true)
    }),
  )

  it.scopedLive("needs no heartbeat to let the log of an idle database go; one can be had", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table])
      const restart = Effect.map(
        rig.sql.run(
          "select pg_log_standby_snapshot()",
          `select restart_lsn::text as restart from pg_replication_slots where slot_name = '${rig.slot}'`,
        ),
        ([row]) => row?.["restart"],
      )
      const before = yield* restart
      const busy = yield* session(server().url)
      yield* busy.run(
        "create table if not exists busy (pad text)",
        "insert into busy select repeat('x', 1000) from generate_series(1, 200)",
      )
      // What a slot keeps, and not only what it has confirmed.
      yield* until("the log to be let go", restart, (now) => now !== before)
      expect((yield* rig.source(() => true)).counts.changes).toBe(0)
      yield* rig.put({ heartbeat: "1s" })
      yield* rig.source(({ counts }) => counts.changes > 0)
      expect(yield* rig.events(0)).toEqual([])
    }),
  )

  it.scopedLive("waits for the commit of what is prepared, over a restart", () =>
    Effect.gen(function* () {
      const slot = yield* freshSlot
      const rig = yield* streamingRig(server(), [table])
      yield* rig.mesh.sources.remove(sourceName)
      // A slot that sends transactions when they are prepared; it is there before the source.
      yield* rig.sql.run(
        `select pg_create_logical_replication_slot('${slot}', 'pgoutput', false, true)`,
      )
      yield* rig.put({ slot })
      // It would keep every other slot of the server from being created.
      yield* Effect.addFinalizer(() =>
        Effect.ignore(onServer(rig.url, `rollback prepared '${slot}'`)),
      )
      yield* rig.sql.run(
        "begin",
        "insert into t values (1)",
        `prepare transaction '${slot}'`,
        "insert into t values (2)",
      )
      expect(subjects(yield* rig.events(1))).toEqual(["2"])
      yield* rig.put({ slot, typePrefix: "again" })
      yield* rig.sql.run(`commit prepared '${slot}'`, "insert into t values (3)")
      const events = yield* rig.events(3)
      expect(subjects(events).filter((subject) => subject !== "2")).toEqual(["1", "3"])
      expect(yield* rig.mesh.sources.remove(sourceName)).toEqual({ slot: "kept" })
      yield* rig.sql.run(`select pg_drop_replication_slot('${slot}')`)
    }),
  )
})

describe("a connection", () => {
  it.scopedLive(
    "that is cut in the middle of a transaction is made again, and each row comes once",
    () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(server(), [table])
        const url = new URL(rig.url)
        const proxy = yield* tcpProxy("127.0.0.1", Number(url.port))
        url.port = String(proxy.port)
        yield* rig.put({ databaseUrl: url.href })
        yield* rig.sql.run("insert into t select n from generate_series(1, 6000) n")
        for (const count of [1, 1000, 3000]) {
          yield* rig.events(count)
          yield* proxy.cut
        }
        const events = yield* rig.events(6000)
        expect(subjects(events)).toEqual(Array.from({ length: 6000 }, (_, n) => String(n + 1)))
        const view = yield* rig.source(({ state }) => state === "streaming")
        expect(view.problem).toBeUndefined()
      }),
  )

  it.scopedLive("is made again when the server is", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table])
      yield* rig.sql.run("insert into t values (1)")
      yield* rig.events(1)
      yield* rig.sql.run(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'eventloom' and datname = current_database()`,
      )
      yield* rig.sql.run("insert into t values (2)")
      expect(subjects(yield* rig.events(2))).toEqual(["1", "2"])
    }),
  )

  it.scopedLive("does not care for what a role may have set", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [
        "create table t (id int primary key, at timestamptz, b bytea, i interval, f float8)",
      ])
      const role = `role_${rig.slot}`
      yield* rig.sql.run(
        `create role ${role} login replication superuser password 'pass word/'`,
        `alter role ${role} set datestyle = 'German'`,
        `alter role ${role} set intervalstyle = 'sql_standard'`,
        `alter role ${role} set timezone = 'Asia/Kolkata'`,
        `alter role ${role} set bytea_output = 'escape'`,
        `alter role ${role} set statement_timeout = '300ms'`,
        `alter role ${role} set extra_float_digits = 0`,
        `alter role ${role} set idle_session_timeout = '300ms'`,
        `alter role ${role} set transaction_timeout = '300ms'`,
        `alter role ${role} set client_min_messages = 'error'`,
      )
      const url = new URL(rig.url)
      url.username = role
      url.password = "pass word/"
      yield* rig.put({ databaseUrl: url.href })
      const connections = Effect.map(
        rig.sql.run(`select pid from pg_stat_activity where usename = '${role}' order by pid`),
        (rows) => rows.map(({ pid }) => pid),
      )
      const before = yield* connections
      yield* Effect.sleep("500 millis")
      expect(before).toHaveLength(2)
      expect(yield* connections).toEqual(before)
      yield* rig.sql.run(
        `insert into t values (1, '2026-01-02 03:04:05+00', '\\x00ff', '1 day 02:00', 0.1::float8 + 0.2::float8)`,
      )
      const [event] = yield* rig.events(1)
      expect(event?.data).toMatchObject({
        after: {
          at: "2026-01-02T03:04:05Z",
          b: "AP8=",
          i: "P1DT2H",
          f: 0.1 + 0.2,
        },
      })
    }),
  )
})

describe("what is wrong", () => {
  const problemWith = (options: Readonly<Record<string, unknown>>) =>
    Effect.gen(function* () {
      const rig = yield* sourceRig()
      yield* rig.mesh.sources.put(sourceName, { ...plainOptions, ...options, kind: "wal" })
      const view = yield* rig.source(({ problem }) => problem !== undefined)
      return view
    })

  it.scopedLive("with the slot: it was dropped, and no new one takes its place", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table])
      yield* rig.sql.run("insert into t values (1)")
      yield* rig.events(1)
      yield* onServer(
        rig.url,
        `select pg_terminate_backend(active_pid), pg_sleep(0.2) from pg_replication_slots where slot_name = '${rig.slot}'`,
        `select pg_drop_replication_slot('${rig.slot}')`,
      ).pipe(Effect.retry({ times: 50, schedule: Schedule.spaced("5 millis") }))
      const { problem, state } = yield* rig.source(({ state }) => state === "blocked")
      expect([state, problem?.code]).toEqual(["blocked", "slot-missing"])
      expect(yield* slotRow(rig.url, rig.slot)).toBeUndefined()
      // The operator accepts the loss.
      yield* rig.mesh.sources.remove(sourceName)
      yield* rig.put()
      yield* rig.sql.run("insert into t values (3)")
      expect(subjects(yield* rig.events(2))).toEqual(["1", "3"])
      expect(yield* rig.mesh.sources.remove(sourceName)).toEqual({ slot: "dropped" })
      expect(yield* slotRow(rig.url, rig.slot)).toBeUndefined()
    }),
  )

  it.scopedLive("with the server, each with its remedy", () =>
    Effect.gen(function* () {
      const { url } = server()
      const slot = yield* freshSlot
      const wrong = new URL(url)
      wrong.password = "wrong"
      wrong.username = "nobody_at_all"
      const database = new URL(url)
      database.pathname = "/no_such_database"
      const closed = new URL(url)
      closed.port = "1"
      const codes = yield* Effect.forEach(
        [
          { databaseUrl: url, slot, publication: "none" },
          { databaseUrl: wrong.href, slot },
          { databaseUrl: database.href, slot },
          { databaseUrl: closed.href, slot },
          { databaseUrl: `${url}?sslmode=require`, slot },
        ],
        (options) => Effect.scoped(problemWith(options)),
      )
      expect(codes.map(({ problem, state }) => [state, problem?.code])).toEqual([
        ["blocked", "publication-missing"],
        ["blocked", "access-denied"],
        ["blocked", "no-database"],
        ["waiting", "unreachable"],
        ["blocked", "tls"],
      ])
      expect(codes[0]?.problem?.remedy).toContain("publicationTables")
      // Nothing of that has left a slot behind.
      expect(yield* slotRow(url, slot)).toBeUndefined()

      yield* onServer(
        url,
        `select pg_create_logical_replication_slot('${slot}', 'test_decoding')`,
      ).pipe(
        Effect.catchAll(() =>
          onServer(url, `select pg_create_physical_replication_slot('${slot}')`),
        ),
      )
      const unfit = yield* problemWith({ databaseUrl: url, slot, publicationTables: "all" })
      expect(unfit.problem?.code).toBe("slot-unfit")
      yield* onServer(url, `select pg_drop_replication_slot('${slot}')`)
    }),
  )

  it.scopedLive("somebody else reads from the slot", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table])
      const scope = yield* Scope.make()
      const { problem, state } = yield* Scope.extend(
        problemWith({ databaseUrl: rig.url, slot: rig.slot }),
        scope,
      )
      expect([state, problem?.code]).toEqual(["waiting", "slot-in-use"])
    }),
  )

  it.scopedLive("logical decoding is off", () =>
    Effect.gen(function* () {
      const found = yield* testServer
      const [row] = yield* onServer(found.url, "show wal_level")
      const plain = row?.["wal_level"] === "logical" ? yield* startServer() : found
      const { problem, state } = yield* problemWith({ databaseUrl: plain.url, slot: "s" })
      expect([state, problem?.code]).toEqual(["blocked", "not-logical"])
      expect(problem?.remedy).toContain("wal_level = logical")
    }),
  )

  it.scopedLive("the server has given up on the slot", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table], { lagBudget: "1kB" })
      const away = new URL(rig.url)
      away.port = "1"
      const elsewhere = { ...plainOptions, slot: rig.slot, databaseUrl: away.href }
      yield* rig.mesh.sources.put(sourceName, elsewhere)
      yield* rig.sql.run(
        "alter system set max_slot_wal_keep_size = '1MB'",
        "select pg_reload_conf()",
        "create table big (pad text)",
      )
      yield* Effect.repeatN(
        rig.sql.run(
          "insert into big select repeat('x', 1000) from generate_series(1, 1000)",
          "select pg_switch_wal()",
          "checkpoint",
        ),
        3,
      )
      yield* rig.sql.run("alter system reset max_slot_wal_keep_size", "select pg_reload_conf()")
      yield* rig.mesh.sources.put(sourceName, { ...elsewhere, databaseUrl: rig.url })
      const { problem } = yield* rig.source(({ problem }) => problem?.code === "slot-lost")
      expect(problem?.remedy).toContain("max_slot_wal_keep_size")
      expect((yield* rig.mesh.health).stuckSources).toHaveLength(1)
    }),
  )
})
