// wal2http over HTTP and to the standard output: what is sent, and that nothing is lost or repeated.

import { it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { describe, expect } from "vitest"
import { onServer } from "../../support/Postgres.js"
import { tcpProxy } from "../../support/TcpProxy.js"
import { sharedServer, until } from "../sources/wal/WalRig.js"
import * as Receiver from "../transports/support/Receiver.js"
import { inserted, type Message, messagesOf, wal2HttpRig } from "./Wal2HttpRig.js"

const server = sharedServer()
const table = "create table t (id int primary key, v text)"

const httpTo = (url: string) => ({
  sink: { kind: "http", url: Redacted.make(new URL(url)) } as const,
})

const row = (...columns: ReadonlyArray<string | null>) => ({
  column_count: columns.length,
  columns: columns.map((data) =>
    data === null
      ? { data_type: "n", length: 0, data: "" }
      : { data_type: "t", length: Buffer.byteLength(data), data },
  ),
  processed_length: columns.reduce(
    (sum, data) => sum + (data === null ? 1 : 5 + Buffer.byteLength(data)),
    2,
  ),
})

describe("messages over HTTP", () => {
  it.scopedLive("are those of wal2http, one POST each, in the order of the log", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const receiver = yield* Receiver.http()
      yield* rig.start(httpTo(`${receiver.url}/events?key=1`))
      yield* rig.sql.run("insert into t values (1, 'é'), (2, null)")
      yield* rig.sql.run("update t set id = 3 where id = 1")
      yield* rig.sql.run("delete from t where id = 2")
      yield* rig.sql.run("truncate t restart identity cascade")
      const commits = () => messagesOf(receiver).filter(({ type }) => type === "commit").length
      yield* receiver.until(() => commits() === 4)
      const messages = messagesOf(receiver)
      const [oid] = yield* rig.sql.run("select 't'::regclass::oid::int as oid")
      const relation_id = oid?.["oid"]
      const plain = { is_stream: false, xid: null }
      const begin = { type: "begin", xid: expect.any(Number) }
      const commit = {
        type: "commit",
        flags: 0,
        commit_lsn: expect.any(Number),
        end_lsn: expect.any(Number),
        timestamp: expect.any(Number),
      }
      const relation = {
        type: "relation",
        relation: {
          oid: relation_id,
          namespace: "public",
          relation_name: "t",
          replica_identity: "d",
          column_count: 2,
          columns: [
            { key_flag: 1, column_name: "id", column_type: 23, atttypmod: -1 },
            { key_flag: 0, column_name: "v", column_type: 25, atttypmod: -1 },
          ],
        },
      }
      expect(messages.filter(({ type }) => type !== "relation")).toEqual([
        begin,
        { type: "insert", relation_id, tuple_data: row("1", "é"), ...plain },
        { type: "insert", relation_id, tuple_data: row("2", null), ...plain },
        commit,
        begin,
        {
          type: "update",
          relation_id,
          key_type: "K",
          old_tuple_data: row("1", null),
          new_tuple_data: row("3", "é"),
          ...plain,
        },
        commit,
        begin,
        { type: "delete", relation_id, key_type: "K", tuple_data: row("2", null), ...plain },
        commit,
        begin,
        { type: "truncate", relation_ids: [relation_id], flags: 3, ...plain },
        commit,
      ])
      expect(messages[1]).toEqual(relation)
      for (const { headers, method, url } of receiver.received) {
        expect({ method, url }).toEqual({ method: "POST", url: "/events?key=1" })
        expect(headers["content-type"]).toBe("application/json")
      }
      const keys = receiver.received.map(({ headers }) => headers["idempotency-key"])
      expect(new Set(keys).size).toBe(keys.length)
    }),
  )

  it.scopedLive("go on, whole and in order, after the receiver was down for long", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      let isDown = true
      let refused = 0
      const receiver = yield* Receiver.http((_, response) => {
        if (isDown) refused++
        response.writeHead(isDown ? 500 : 200).end()
      })
      yield* rig.start(httpTo(receiver.url))
      yield* rig.sql.run("insert into t select n, 'v' from generate_series(1, 40) n")
      for (let id = 41; id <= 60; id++) yield* rig.sql.run(`insert into t values (${id}, 'v')`)
      yield* receiver.until(() => refused > 30)
      // The server would have given up on a reader that is silent for 3 seconds.
      const sender = `select pid, extract(epoch from now() - backend_start) > 4 as lives
        from pg_stat_replication where application_name = 'eventloom'
        and pid = (select active_pid from pg_replication_slots where slot_name = '${rig.slot}')`
      const [before] = yield* rig.sql.run(sender)
      const [after] = yield* until(
        "four seconds",
        rig.sql.run(sender),
        ([found]) => found?.["lives"] === true,
      )
      expect(after?.["pid"]).toBe(before?.["pid"])
      isDown = false
      const from = receiver.received.length
      yield* rig.caughtUp
      const delivered = messagesOf(receiver).slice(from)
      const rows = inserted(delivered)
      expect(rows.filter((id, index) => rows.lastIndexOf(id) === index)).toEqual(
        Array.from({ length: 60 }, (_, index) => String(index + 1)),
      )
      expect(yield* rig.deadLetters).toEqual([])
    }),
  )

  it.scopedLive("a receiver that never answers is given up on for now, and tried again", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      // Nothing listens there any more.
      const gone = yield* Effect.scoped(Receiver.http())
      const running = yield* rig.start(httpTo(gone.url))
      yield* rig.sql.run("insert into t values (1, 'v')")
      yield* until(
        "the stream",
        rig.sql.run(`select active from pg_replication_slots where slot_name = '${rig.slot}'`),
        ([slot]) => slot?.["active"] === true,
      )
      // A stop does not wait for it.
      yield* running.stop
      const receiver = yield* Receiver.http()
      yield* rig.start(httpTo(receiver.url))
      yield* receiver.until(({ received }) => received.length >= 4)
      expect(messagesOf(receiver).map(({ type }) => type)).toEqual([
        "begin",
        "relation",
        "insert",
        "commit",
      ])
    }),
  )

  it.scopedLive("credentials in the URL are sent as such", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const receiver = yield* Receiver.http()
      yield* rig.start(httpTo(receiver.url.replace("//", "//us%40er:pa%3Ass@")))
      yield* rig.sql.run("insert into t values (1, 'v')")
      yield* receiver.until(({ received }) => received.length >= 1)
      expect(receiver.received[0]?.headers.authorization).toBe(
        `Basic ${Buffer.from("us@er:pa:ss").toString("base64")}`,
      )
    }),
  )
})

describe("stopping and starting", () => {
  it.scopedLive("a clean stop repeats nothing, not even the last transaction", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const first = yield* rig.start()
      yield* rig.sql.run("insert into t values (1, 'v')")
      yield* until(
        "a line",
        Effect.sync(() => first.lines.length),
        (lines) => lines === 4,
      )
      yield* first.stop
      yield* rig.sql.run("insert into t values (2, 'v')")
      const second = yield* rig.start()
      yield* until(
        "a line",
        Effect.sync(() => second.lines.length),
        (lines) => lines >= 4,
      )
      yield* rig.caughtUp
      const messages = second.lines.map((line): Message => JSON.parse(line))
      expect(messages.map(({ type }) => type)).toEqual(["begin", "relation", "insert", "commit"])
      expect(inserted(messages)).toEqual(["2"])
    }),
  )

  it.scopedLive("a stop in the middle of a transaction lets it end", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const receiver = yield* Receiver.http((_, response) => {
        setImmediate(() => response.writeHead(204).end())
      })
      const running = yield* rig.start(httpTo(receiver.url))
      yield* rig.sql.run("insert into t select n, 'v' from generate_series(1, 300) n")
      yield* receiver.until(({ received }) => received.length >= 20)
      yield* running.stop
      expect(messagesOf(receiver).at(-1)?.type).toMatch(/commit$/)
      const count = receiver.received.length
      const again = yield* rig.start(httpTo(receiver.url))
      yield* rig.caughtUp
      yield* again.stop
      expect(receiver.received).toHaveLength(count)
    }),
  )

  it.scopedLive("a connection that is cut costs nothing", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const { hostname, port } = new URL(rig.url)
      const proxy = yield* tcpProxy(hostname, Number(port))
      const through = new URL(rig.url)
      through.port = String(proxy.port)
      const running = yield* rig.start({ databaseUrl: Redacted.make(through.href) })
      yield* rig.sql.run("insert into t select n, 'v' from generate_series(1, 500) n")
      yield* until(
        "some lines",
        Effect.sync(() => running.lines.length),
        (lines) => lines > 10,
      )
      yield* proxy.cut
      yield* rig.sql.run("insert into t values (501, 'v')")
      yield* rig.caughtUp
      const ids = inserted(running.lines.map((line): Message => JSON.parse(line)))
      expect(new Set(ids).size).toBe(501)
    }),
  )

  it.scopedLive("an idle database advances while another one writes", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      yield* rig.start()
      yield* Effect.orDie(
        onServer(
          server().url,
          "create table if not exists elsewhere (id int)",
          "insert into elsewhere select generate_series(1, 1000)",
        ),
      )
      yield* rig.caughtUp
    }),
  )
})

describe("what is sent is committed", () => {
  it.scopedLive("streamed transactions come when they commit, without what was rolled back", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const running = yield* rig.start()
      const many = (from: number) =>
        `insert into t select n, repeat('x', 100) from generate_series(${from}, ${from + 1999}) n`
      yield* rig.sql.run("begin", many(1), "rollback")
      yield* rig.sql.run(
        "begin",
        many(10_001),
        "savepoint s",
        many(20_001),
        "rollback to s",
        many(30_001),
        "commit",
      )
      yield* rig.caughtUp
      const messages = running.lines.map((line): Message => JSON.parse(line))
      const ids = inserted(messages).map(Number)
      expect(ids).toHaveLength(4000)
      expect(ids.every((id) => (id > 10_000 && id <= 12_000) || id > 30_000)).toBe(true)
      const [first] = messages
      const types = messages.map(({ type }) => type)
      expect(types.filter((type) => type !== "insert" && type !== "relation")).toEqual([
        "stream_start",
        "stream_stop",
        "stream_commit",
      ])
      expect(first).toEqual({ type: "stream_start", xid: first?.xid, first_segment: true })
      expect(messages.find(({ type }) => type === "insert")).toMatchObject({ is_stream: true })
    }),
  )

  it.scopedLive("prepared transactions come when they are committed", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table], { slotOptions: ", false, true" })
      const running = yield* rig.start()
      yield* rig.sql.run(
        "begin",
        "insert into t values (1, 'v')",
        "prepare transaction 'wal2http-a'",
      )
      yield* rig.sql.run(
        "begin",
        "insert into t values (2, 'v')",
        "prepare transaction 'wal2http-b'",
      )
      yield* rig.sql.run("insert into t values (3, 'v')")
      yield* until(
        "a line",
        Effect.sync(() => running.lines.length),
        (lines) => lines >= 3,
      )
      yield* rig.sql.run("rollback prepared 'wal2http-a'", "commit prepared 'wal2http-b'")
      yield* rig.caughtUp
      const messages = running.lines.map((line): Message => JSON.parse(line))
      expect(inserted(messages)).toEqual(["3", "2"])
      expect(messages.filter(({ type }) => type !== "relation").map(({ type }) => type)).toEqual([
        "begin",
        "insert",
        "commit",
        "begin",
        "insert",
        "commit",
      ])
    }),
  )

  it.scopedLive(
    "types of one's own, large values that were not touched, and names with quotes",
    () =>
      Effect.gen(function* () {
        const publication = `it's "odd", x`
        const rig = yield* wal2HttpRig(
          server(),
          [
            "create type mood as enum ('sad', 'glad')",
            "create table t (id int primary key, m mood, big text)",
            "alter table t alter big set storage external",
          ],
          { publication },
        )
        const running = yield* rig.start()
        yield* rig.sql.run("insert into t values (1, 'sad', repeat('x', 10000))")
        yield* rig.sql.run("update t set m = 'glad'")
        yield* rig.sql.run("select pg_logical_emit_message(true, 'p', 'not asked for')")
        yield* rig.caughtUp
        const messages = running.lines.map((line): Message => JSON.parse(line))
        expect(messages.map(({ type }) => type)).toEqual([
          "begin",
          "relation",
          "insert",
          "commit",
          "begin",
          "update",
          "commit",
        ])
        const update = messages.find(({ type }) => type === "update")
        expect(update?.new_tuple_data).toEqual({
          column_count: 3,
          columns: [
            { data_type: "t", length: 1, data: "1" },
            { data_type: "t", length: 4, data: "glad" },
            { data_type: "u", length: 0, data: "" },
          ],
          processed_length: 2 + 6 + 9 + 1,
        })
      }),
  )

  it.scopedLive("changes that were replicated from elsewhere name no origin, and are sent", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const running = yield* rig.start()
      const origin = `origin_${rig.slot}`
      yield* rig.sql.run(
        `select pg_replication_origin_create('${origin}')`,
        `select pg_replication_origin_session_setup('${origin}')`,
        "begin",
        "select pg_replication_origin_xact_setup('0/10', now())",
        "insert into t values (1, 'v')",
        "commit",
        "select pg_replication_origin_session_reset()",
        `select pg_replication_origin_drop('${origin}')`,
      )
      yield* rig.caughtUp
      const messages = running.lines.map((line): Message => JSON.parse(line))
      expect(messages.map(({ type }) => type)).toEqual(["begin", "relation", "insert", "commit"])
    }),
  )

  it.scopedLive("a table that is altered in between is described anew", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const running = yield* rig.start()
      yield* rig.sql.run(
        "insert into t values (1, 'v')",
        "alter table t add column n int default 7",
        "insert into t values (2, 'v')",
      )
      yield* rig.caughtUp
      const messages = running.lines.map((line): Message => JSON.parse(line))
      expect(messages.map(({ type }) => type)).toEqual([
        "begin",
        "relation",
        "insert",
        "commit",
        "begin",
        "relation",
        "insert",
        "commit",
      ])
      expect(messages[6]?.tuple_data?.columns.map(({ data }) => data)).toEqual(["2", "v", "7"])
    }),
  )

  it.scopedLive("values are written as the database is set to write them", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), ["create table t (id int primary key, v interval)"])
      const running = yield* rig.start()
      yield* rig.sql.run("insert into t values (1, '1 day 2 hours')")
      yield* rig.caughtUp
      expect(running.lines.join("\n")).toContain('"data":"1 day 02:00:00"')
    }),
  )
})
