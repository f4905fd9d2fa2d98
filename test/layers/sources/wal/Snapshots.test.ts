// Snapshots of tables: a table is told whole, while it changes, whatever it looks like, and whatever
// interrupts it.

import { it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { describe, expect } from "vitest"
import { type CloudEvent, NamespaceName } from "../../../../src/domain/index.js"
import { session, sharedServer, sourceName, type StreamingRig, streamingRig } from "./WalRig.js"

const server = sharedServer()

const dataOf = ({ data }: CloudEvent): Readonly<Record<string, unknown>> =>
  typeof data === "object" && data !== null ? { ...data } : {}

const operationOf = ({ type }: CloudEvent) => type.split(".").at(-1)

const told = (event: CloudEvent) => [operationOf(event), dataOf(event)["after"]]

const reads = (events: ReadonlyArray<CloudEvent>) =>
  events.filter((event) => operationOf(event) === "read")

/** What an event makes of a table: its rows by their key. */
const apply = (rows: Map<string, unknown>, event: CloudEvent): void => {
  const { after, before } = dataOf(event)
  if (before !== undefined) rows.delete(String(Object(before).id))
  if (after !== undefined) rows.set(String(event.subject), after)
}

const fold = (events: ReadonlyArray<CloudEvent>): Readonly<Record<string, unknown>> => {
  const rows = new Map<string, unknown>()
  for (const event of events) apply(rows, event)
  return Object.fromEntries(rows)
}

const snapshot = (rig: StreamingRig, table = "public.t") =>
  Effect.orDie(rig.mesh.sources.snapshot(sourceName, table))

const done = (rig: StreamingRig) =>
  rig.source(
    ({ snapshots }) =>
      snapshots.length > 0 &&
      snapshots.every(({ state }) => state === "done" || state === "failed"),
  )

/** All events, once the last of them is that of a row that is inserted now. */
const settled = (rig: StreamingRig, last: string) =>
  Effect.gen(function* () {
    yield* rig.sql.run(last)
    for (;;) {
      const events = yield* rig.events(1)
      if (events.some(({ subject }) => subject === "-1")) return events
      yield* Effect.sleep("20 millis")
    }
  })

const rowsOf = (rig: StreamingRig) =>
  Effect.map(rig.sql.run("select * from t"), (rows) =>
    Object.fromEntries(rows.map((row) => [String(row["id"]), row])),
  )

/** Writes without end: rows come, change, get other keys, and go, some in one transaction. */
const writing = (rig: StreamingRig, seed: number) =>
  Effect.flatMap(session(rig.url), (sql) => {
    let n = seed
    const next = (below: number) => {
      n = (n * 1_103_515_245 + 12_345) % 2_147_483_648
      return n % below
    }
    const some = () => next(3000)
    const statement = () => {
      switch (next(5)) {
        case 0:
          return `insert into t values (${some()}, ${next(1e6)}) on conflict (id) do update set v = excluded.v`
        case 1:
          return `update t set v = ${next(1e6)} where id between ${some()} and ${some()} and id % 97 = ${next(97)}`
        case 2:
          return `delete from t where id = ${some()}`
        case 3:
          return `update t set id = id + 5000 where id = ${some()}`
        default:
          return `insert into t values (${10_000 + next(1e6)}, ${next(1e6)}) on conflict do nothing`
      }
    }
    return Effect.forever(
      Effect.suspend(() =>
        next(3) === 0
          ? sql.run("begin", statement(), statement(), next(4) === 0 ? "rollback" : "commit")
          : sql.run(statement()),
      ),
    )
  })

const table = "create table t (id int primary key, v int)"
const filled = "insert into t select n, n from generate_series(1, 3000) n"

/** Writers while something is done; they have stopped when it is. */
const whileWriting = <A, E, R>(
  rig: StreamingRig,
  seeds: ReadonlyArray<number>,
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  Effect.scoped(
    Effect.acquireUseRelease(
      Effect.forEach(seeds, (seed) => Effect.fork(Effect.scoped(writing(rig, seed)))),
      () => effect,
      Fiber.interruptAll,
    ),
  )

describe("a snapshot when a source is new", () => {
  it.scopedLive("tells what is there, then what changes", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(
        server(),
        [
          "create table t (id int primary key, a text)",
          "insert into t values (1, 'x'), (2, E'a\\tb\\\\N\\n\\r'), (3, null), (4, '\\N'), (5, '')",
        ],
        { snapshot: "all" },
      )
      yield* rig.sql.run("insert into t values (6, 'y')")
      const events = yield* rig.events(6)
      expect(events.map(told)).toEqual([
        ["read", { id: 1, a: "x" }],
        ["read", { id: 2, a: "a\tb\\N\n\r" }],
        ["read", { id: 3, a: null }],
        ["read", { id: 4, a: "\\N" }],
        ["read", { id: 5, a: "" }],
        ["inserted", { id: 6, a: "y" }],
      ])
      expect(events[0]).toMatchObject({
        type: "postgres.public.t.read",
        source: events[5]?.source,
        subject: "1",
        partitionkey: "1",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        data: { snapshot: true, position: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/) },
      })
      const view = yield* done(rig)
      expect(view.snapshots).toMatchObject([{ table: "public.t", rows: 5, state: "done" }])
      expect(view.counts).toMatchObject({ snapshotRows: 5, events: 6, duplicates: 0 })

      // Once: not again when the source starts anew.
      yield* rig.put({ snapshot: "all" })
      yield* rig.sql.run("insert into t values (7, 'z')")
      expect((yield* rig.events(7)).map(({ subject }) => subject).at(-1)).toBe("7")
    }),
  )

  it.scopedLive("tells each row once, however many change meanwhile", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table, filled])
      yield* rig.mesh.sources.remove(sourceName)
      const before = (yield* rig.events(0)).length
      yield* whileWriting(rig, [1, 7], Effect.zipRight(rig.put({ snapshot: "all" }), done(rig)))
      const events = (yield* settled(rig, "insert into t values (-1, 0)")).slice(before)
      expect(fold(events)).toEqual(yield* rowsOf(rig))
      // All that was there when the slot began comes before all that changed since.
      const operations = events.map(operationOf)
      expect(operations.lastIndexOf("read")).toBeLessThan(
        operations.findIndex((operation) => operation !== "read"),
      )
      expect(new Set(reads(events).map(({ subject }) => subject)).size).toBe(reads(events).length)
    }),
  )

  it.scopedLive("goes on beside the stream where the slot was there before", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table, filled])
      yield* whileWriting(
        rig,
        [1, 7],
        Effect.zipRight(rig.put({ snapshot: ["public.t"] }), done(rig)),
      )
      const events = yield* settled(rig, "insert into t values (-1, 0)")
      expect(reads(events).length).toBeGreaterThan(0)
      expect(fold(events)).toMatchObject(yield* rowsOf(rig))
    }),
  )
})

describe("a snapshot on demand", () => {
  it.scopedLive(
    "and the changes beside it make the table, whatever interrupts it",
    () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(server(), [table, filled])
        yield* whileWriting(
          rig,
          [1, 7],
          Effect.gen(function* () {
            yield* snapshot(rig)
            for (let round = 0; round < 3; round++) {
              yield* rig.put()
              yield* Effect.sleep("30 millis")
              yield* rig.sql.run(
                `select pg_terminate_backend(pid) from pg_stat_activity
               where application_name = 'eventloom' and datname = current_database()`,
              )
            }
            yield* done(rig)
          }),
        )
        const events = yield* settled(rig, "insert into t values (-1, 0)")
        expect(fold(events)).toEqual(yield* rowsOf(rig))
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
      }),
    60_000,
  )

  it.scopedLive(
    "tells a row as the changes before it have made it",
    () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(server(), [table])
        yield* rig.sql.run(filled)
        yield* rig.events(3000)
        // One writer: then the order of commits is that in which they can be seen.
        const threeTimes = Effect.repeatN(Effect.zipRight(snapshot(rig), done(rig)), 2)
        yield* whileWriting(rig, [3], threeTimes)
        const events = yield* settled(rig, "insert into t values (-1, 0)")
        expect(reads(events).length).toBeGreaterThan(6000)
        const rows = new Map<string, unknown>()
        const wrong = events.filter((event) => {
          const before = rows.get(String(event.subject))
          apply(rows, event)
          return (
            operationOf(event) === "read" &&
            JSON.stringify(before) !== JSON.stringify(dataOf(event)["after"])
          )
        })
        expect(wrong).toEqual([])
        expect(Object.fromEntries(rows)).toEqual(yield* rowsOf(rig))
      }),
    60_000,
  )

  it.scopedLive(
    "goes on whenever its connections are cut",
    () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(server(), [table, filled])
        const cutting = Effect.gen(function* () {
          for (let round = 0; round < 12; round++) {
            const { requestedAt } = yield* snapshot(rig)
            const { snapshots } = yield* rig.source(() => true)
            const rows = snapshots[0]?.rows
            yield* rig.source(
              ({ snapshots: [now] }) => now?.rows !== rows || now?.requestedAt !== requestedAt,
            )
            yield* Effect.sleep((round * 17) % 70)
            yield* rig.sql.run(
              `select pg_terminate_backend(pid) from pg_stat_activity
               where application_name = 'eventloom' and datname = current_database()`,
            )
          }
          yield* done(rig)
        })
        yield* whileWriting(rig, [1, 7], cutting)
        const events = yield* settled(rig, "insert into t values (-1, 0)")
        expect(fold(events)).toEqual(yield* rowsOf(rig))
      }),
    120_000,
  )

  it.scopedLive("goes on where it was after a restart, and what is read again is recognised", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table, filled])
      yield* Effect.scoped(
        Effect.gen(function* () {
          const locker = yield* session(rig.url)
          yield* snapshot(rig)
          yield* rig.source(({ snapshots }) => (snapshots[0]?.rows ?? 0) > 0)
          // Nothing more can be read until this ends.
          yield* locker.run("begin", "lock table t in access exclusive mode")
          yield* rig.put()
          yield* locker.run("rollback")
        }),
      )
      const view = yield* done(rig)
      expect(view.snapshots).toMatchObject([{ state: "done", rows: 3000 }])
      expect(view.counts.snapshotRows).toBeLessThanOrEqual(3000)
      expect((yield* rig.events(3000)).length).toBe(3000)

      // As after a crash before anything of it was noted.
      const kept = rig.state.snapshots.get(sourceName)
      const last = kept?.get("public.t")
      if (last === undefined) throw new Error("the snapshot is not stored")
      const { cursor: _, endedAt: __, ...rest } = last
      kept?.set("public.t", { ...rest, rows: 0, state: "reading" })
      yield* rig.put()
      const again = yield* rig.source(({ counts }) => counts.snapshotRows === 3000)
      expect(again.counts.duplicates).toBe(3000)
      expect((yield* rig.events(3000)).length).toBe(3000)
    }),
  )

  it.scopedLive("tells everything again each time it is asked for; one at a time", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table], {})
      yield* rig.sql.run("insert into t values (1, 1)")
      yield* rig.events(1)
      const first = yield* snapshot(rig)
      expect(yield* snapshot(rig)).toEqual(first)
      yield* done(rig)
      const second = yield* snapshot(rig)
      expect(second.requestedAt).toBeGreaterThan(first.requestedAt)
      yield* done(rig)
      expect((yield* rig.events(3)).map(operationOf)).toEqual(["inserted", "read", "read"])
    }),
  )

  it.scopedLive("of what cannot be read fails, says why, and holds nothing up", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [
        table,
        "create table guarded (id int primary key)",
        "insert into guarded values (1)",
        "insert into t values (1, 1)",
      ])
      const role = `role_${rig.slot}`
      yield* rig.sql.run(
        `create role ${role} login replication password 'p'`,
        `grant select on t to ${role}`,
      )
      const url = new URL(rig.url)
      url.username = role
      url.password = "p"
      yield* rig.put({ databaseUrl: url.href })
      for (const name of ["public.guarded", "public.nothing", "public.t"])
        yield* snapshot(rig, name)
      const { snapshots, state } = yield* done(rig)
      expect(state).toBe("streaming")
      expect(snapshots.map(({ problem, state, table }) => [table, state, problem])).toEqual([
        ["public.guarded", "failed", expect.stringContaining("permission denied")],
        ["public.nothing", "failed", expect.stringContaining("in none of the publications")],
        ["public.t", "done", undefined],
      ])
      const refused = yield* Effect.flip(rig.mesh.sources.snapshot(sourceName, "nodot"))
      expect(refused).toMatchObject({ _tag: "InvalidSetting", field: "table" })
      yield* rig.sql.run(`drop owned by ${role}`, `drop role ${role}`)
    }),
  )
})

describe("a table", () => {
  it.scopedLive("of large rows is read in smaller parts", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [
        "create table t (id int primary key, pad text)",
        "insert into t select n, repeat(md5(n::text), 8000) from generate_series(1, 120) n",
      ])
      yield* snapshot(rig)
      expect((yield* done(rig)).snapshots).toMatchObject([{ state: "done", rows: 120 }])
      const events = yield* rig.events(120)
      expect(events.map(({ subject }) => subject)).toEqual(
        Array.from({ length: 120 }, (_, n) => String(n + 1)),
      )
    }),
  )

  it.scopedLive("without a key is read in the order of its rows on disk", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(
        server(),
        [
          "create table log (line int)",
          "insert into log select n from generate_series(1, 20000) n",
          "create table logs (line int) partition by range (line)",
          "create table logs_1 partition of logs for values from (0) to (5000)",
          "create table logs_2 partition of logs for values from (5000) to (50000)",
          "insert into logs select n from generate_series(1, 9000) n",
          "create publication whole for table log, logs with (publish_via_partition_root = true)",
        ],
        { publication: "whole" },
      )
      yield* snapshot(rig, "public.log")
      yield* snapshot(rig, "public.logs")
      yield* rig.sql.run("insert into log select n from generate_series(20001, 20500) n")
      const view = yield* done(rig)
      expect(view.snapshots.map(({ rows, table }) => [table, rows >= 9000])).toEqual([
        ["public.log", true],
        ["public.logs", true],
      ])
      const events = yield* rig.events(29_500)
      const lines = (name: string) =>
        new Set(
          events
            .filter(({ type }) => type.startsWith(`postgres.public.${name}.`))
            .map((event) => Object(dataOf(event)["after"]).line),
        ).size
      expect([lines("log"), lines("logs")]).toEqual([20_500, 9000])
      expect(reads(events)[0]?.subject).toBeUndefined()
    }),
  )

  it.scopedLive("tells the rows and columns that are published, and its own rows only", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(
        server(),
        [
          `create table t (id int primary key, a int, secret text,
             twice int generated always as (a * 2) stored)`,
          "insert into t values (1, 1, 's'), (11, 5, 's'), (12, 6, 's'), (13, null, 's')",
          "create table parent (id int primary key)",
          "create table child () inherits (parent)",
          "insert into parent values (1)",
          "insert into child values (2)",
          `create table "Odd ""name.x" ("a ""b" text primary key, "sel ect" int)`,
          `insert into "Odd ""name.x" values (E'it''s \\\\ "x"', 1)`,
          `create publication filtered for table t (a, id) where (id > 10 and a > 5 or id = 13),
             parent, "Odd ""name.x"`,
        ],
        { publication: "filtered" },
      )
      for (const name of ["t", "parent", "child", `Odd "name.x`]) {
        yield* snapshot(rig, `public.${name}`)
      }
      const { snapshots } = yield* done(rig)
      expect(snapshots.map(({ rows, table }) => [table, rows])).toEqual([
        [`public.Odd "name.x`, 1],
        ["public.child", 1],
        ["public.parent", 1],
        ["public.t", 2],
      ])
      const events = yield* rig.events(5)
      expect(events.slice(0, 2).map(told)).toEqual([
        ["read", { id: 12, a: 6 }],
        ["read", { id: 13, a: null }],
      ])
      expect(events.map(({ subject, type }) => [type, subject]).slice(2)).toEqual([
        ["postgres.public.parent.read", "1"],
        ["postgres.public.child.read", undefined],
        [`postgres.public.Odd%20"name%2Ex.read`, `it's \\ "x"`],
      ])
    }),
  )

  it.scopedLive(
    "of parts is told as it is published, in the order of a key of several columns",
    () =>
      Effect.gen(function* () {
        const parts = (name: string) => [
          `create table ${name} (b text collate "C", a int, primary key (a, b)) partition by range (a)`,
          `create table ${name}_1 partition of ${name} for values from (0) to (10)`,
          `create table ${name}_2 partition of ${name} for values from (10) to (20)`,
          `insert into ${name} select chr(65 + n % 26), n / 26 from generate_series(0, 519) n`,
        ]
        const rig = yield* streamingRig(
          server(),
          [
            ...parts("whole"),
            ...parts("split"),
            "create publication root for table whole with (publish_via_partition_root = true)",
            "create publication leaves for table split",
          ],
          { publication: ["root", "leaves"], snapshot: "all" },
        )
        const { snapshots } = yield* done(rig)
        expect(snapshots.map(({ rows, table }) => [table, rows])).toEqual([
          ["public.split_1", 260],
          ["public.split_2", 260],
          ["public.whole", 520],
        ])
        const events = yield* rig.events(1040)
        const keys = Array.from(
          { length: 520 },
          (_, n) => `${Math.floor(n / 26)},${String.fromCharCode(65 + (n % 26))}`,
        )
        expect(events.map(({ subject }) => subject)).toEqual([...keys, ...keys])
        yield* snapshot(rig, "public.whole")
        yield* done(rig)
        expect((yield* rig.events(1560)).slice(1040).map(({ subject }) => subject)).toEqual(keys)
      }),
  )

  it.scopedLive("that is altered, cut back or rewritten meanwhile is told as it is then", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table, filled, "create table u (line int)"])
      yield* rig.sql.run("insert into u select n from generate_series(1, 3000) n")
      yield* rig.events(3000)
      const locker = yield* session(rig.url)
      yield* snapshot(rig)
      yield* rig.source(({ snapshots }) => (snapshots[0]?.rows ?? 0) > 0)
      yield* locker.run(
        "begin",
        "alter table t add w text default 'w'",
        "alter table t alter v type text",
        "commit",
      )
      yield* done(rig)
      yield* snapshot(rig, "public.u")
      yield* rig.source(({ snapshots }) => (snapshots[1]?.rows ?? 0) > 0)
      yield* locker.run("vacuum full u")
      yield* done(rig)
      const events = yield* rig.events(9000)
      const rows = reads(events).filter(({ subject }) => subject !== undefined)
      expect(rows.length).toBe(3000)
      expect(dataOf(rows[2999] as CloudEvent)["after"]).toEqual({ id: 3000, v: "3000", w: "w" })
      const lines = reads(events)
        .filter(({ subject }) => subject === undefined)
        .map((event) => Object(dataOf(event)["after"]).line)
      expect(new Set(lines).size).toBe(3000)
    }),
  )
})

describe("rows that are read", () => {
  it.scopedLive("go to the namespace that they name", () =>
    Effect.gen(function* () {
      const other = NamespaceName.make("other.example")
      const rig = yield* streamingRig(
        server(),
        [
          "create table t (id int primary key, tenant text)",
          "insert into t values (1, 'acme'), (2, 'other'), (3, 'nobody'), (4, null)",
        ],
        { namespace: "{{row.tenant}}.example" },
      )
      yield* rig.mesh.namespaces.put(other)
      yield* snapshot(rig)
      yield* done(rig)
      const { counts } = yield* rig.source(() => true)
      expect(counts).toMatchObject({ snapshotRows: 4, skipped: 2 })
      expect((yield* rig.events(1)).map(({ subject }) => subject)).toEqual(["1"])
      expect((yield* rig.events(1, other)).map(({ subject }) => subject)).toEqual(["2"])
    }),
  )

  it.scopedLive(
    "of an event table are the events that they describe, and only where it is named",
    () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(
          server(),
          [
            table,
            "create table outbox (event_id text primary key, event_type text not null, payload jsonb)",
            `insert into outbox values ('e1', 'order.placed', '{"total": 1}'), ('', 'x', null)`,
          ],
          { eventTables: ["public.outbox"], snapshot: "all" },
        )
        expect((yield* done(rig)).snapshots.map(({ table }) => table)).toEqual(["public.t"])
        yield* rig.sql.run(`insert into outbox values ('e2', 'order.placed', null)`)
        yield* rig.events(1)
        yield* snapshot(rig, "public.outbox")
        const { counts } = yield* done(rig)
        // The one that was told is recognised.
        expect(counts).toMatchObject({ unreadable: 1, duplicates: 1 })
        const events = yield* rig.events(2)
        expect(events.map(({ id, type }) => [id, type])).toEqual([
          ["e2", "order.placed"],
          ["e1", "order.placed"],
        ])
      }),
  )
})
