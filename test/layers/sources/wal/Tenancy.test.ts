// Which namespace a row goes to, and events that a database describes itself.

import { it } from "@effect/vitest"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { NamespaceName } from "../../../../src/domain/index.js"
import { sharedServer, streamingRig, tenant } from "./WalRig.js"

const server = sharedServer()
const other = NamespaceName.make("other.example")
const attic = NamespaceName.make("attic.example")

const tenants = [
  "create table t (id int primary key, tenant text)",
  "alter table t replica identity full",
]

describe("rows of many tenants", () => {
  it.scopedLive("go where their column says; others are counted and skipped", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), tenants, {
        namespace: undefined,
        namespaceColumn: "tenant",
      })
      yield* rig.mesh.namespaces.put(other)
      yield* rig.sql.run(
        "insert into t values (1, 'acme.example'), (2, 'other.example'), (3, 'nobody.example'), (4, null), (5, 'No Name'), (6, 'acme.example')",
        "truncate t",
      )
      yield* rig.source(({ counts }) => counts.changes === 7 && counts.skipped === 4)
      expect((yield* rig.events(2)).map(({ subject }) => subject)).toEqual(["1", "6"])
      expect((yield* rig.events(1, other)).map(({ subject }) => subject)).toEqual(["2"])
    }),
  )

  it.scopedLive("that name no namespace can be parked, and nothing of theirs is lost", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), tenants, {
        namespace: "{{row.tenant}}.{{table}}",
        unknownNamespaces: { park: "attic.example" },
      })
      // Nowhere to park: the source stops before the row, and says so.
      yield* rig.sql.run("insert into t values (1, 'acme')")
      const { problem } = yield* rig.source(({ state }) => state === "blocked")
      expect(problem?.code).toBe("no-parking-namespace")
      yield* rig.mesh.namespaces.put(attic)
      yield* rig.put({
        namespace: "{{row.tenant}}.{{table}}",
        unknownNamespaces: { park: "attic.example" },
      })
      const [event] = yield* rig.events(1, attic)
      expect(event).toMatchObject({ subject: "1", fornamespace: "acme.t" })
    }),
  )

  it.scopedLive("that are disabled or removed get nothing", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), ["create table t (id int primary key)"])
      yield* rig.sql.run("insert into t values (1)")
      yield* rig.events(1)
      yield* rig.mesh.namespaces.setStatus(tenant, "disabled")
      yield* rig.sql.run("insert into t values (2)")
      yield* rig.source(({ counts }) => counts.skipped === 1)
      yield* rig.mesh.namespaces.setStatus(tenant, "enabled")
      yield* rig.sql.run("insert into t values (3)")
      expect((yield* rig.events(2)).map(({ subject }) => subject)).toEqual(["1", "3"])
    }),
  )

  it.scopedLive("that are too large for an event lose their largest columns", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [
        "create table t (id int primary key, a text, b text)",
      ])
      yield* rig.sql.run("insert into t values (1, 'small', repeat('x', 2000000))")
      const [event] = yield* rig.events(1)
      expect(event?.data).toMatchObject({ after: { id: 1, a: "small" }, omitted: ["b"] })
      expect((yield* rig.source(({ counts }) => counts.events === 1)).counts.reduced).toBe(1)
    }),
  )
})

const outbox = `create table outbox (
  event_id uuid primary key, event_type text not null, created_at timestamptz not null default now(),
  payload jsonb, labels jsonb, metadata jsonb, subject text, partition_key text)`

describe("events that a database describes", () => {
  it.scopedLive("come from the rows of event tables, which may be deleted at once", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [outbox], { eventTables: ["public.outbox"] })
      const [first, second, third] = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`)
      yield* rig.sql.run(
        "begin",
        `insert into outbox values ('${first}', 'order.paid', '2026-01-02 03:04:05+02', '{"n": 1}', '{"tenant": "a"}', '{"k": "v"}', 'o-1', 'p-1')`,
        "delete from outbox",
        "commit",
        `insert into outbox (event_id, event_type) values ('${second}', '')`,
        `update outbox set event_type = 'changed'`,
        `insert into outbox (event_id, event_type, payload) values ('${third}', 'order.sent', 'null')`,
      )
      const events = yield* rig.events(2)
      expect(events[0]).toEqual({
        specversion: "1.0",
        id: first,
        source: expect.any(String),
        type: "order.paid",
        subject: "o-1",
        time: "2026-01-02T01:04:05Z",
        datacontenttype: "application/json",
        partitionkey: "p-1",
        labels: `{"tenant":"a"}`,
        metadata: `{"k":"v"}`,
        data: { n: 1 },
      })
      expect(events[1]).toMatchObject({ id: third, type: "order.sent" })
      // The one without a type describes nothing, and holds nothing up.
      const { counts } = yield* rig.source(({ counts }) => counts.changes === 5)
      expect(counts).toMatchObject({ events: 2, unreadable: 1 })
    }),
  )

  it.scopedLive("come from messages, in a transaction or by themselves", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), ["create table t (id int primary key)"], {
        messagePrefix: "eventloom",
      })
      yield* rig.sql.run(
        "begin",
        `select pg_logical_emit_message(true, 'eventloom', '{"type": "order.paid", "subject": "7", "data": {"n": 1}}')`,
        "insert into t values (1)",
        "commit",
        `select pg_logical_emit_message(false, 'eventloom', '{"type": "at.once", "id": "mine"}')`,
        "begin",
        `select pg_logical_emit_message(true, 'eventloom', '{"type": "never"}')`,
        "rollback",
        `select pg_logical_emit_message(true, 'somebody.else', '{"type": "no"}')`,
        `select pg_logical_emit_message(true, 'eventloom', 'no json')`,
        "insert into t values (2)",
      )
      const events = yield* rig.events(4)
      expect(events.map(({ type }) => type)).toEqual([
        "order.paid",
        "postgres.public.t.inserted",
        "at.once",
        "postgres.public.t.inserted",
      ])
      expect(events[0]).toMatchObject({
        subject: "7",
        data: { n: 1 },
        id: expect.stringMatching(/\.0$/),
      })
      expect(events[2]?.id).toBe("mine")
      expect((yield* rig.source(({ counts }) => counts.events === 4)).counts.unreadable).toBe(1)
    }),
  )
})
