// Rows of event tables to Hook0's API, with a server that holds to its contract.

import { it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { describe, expect } from "vitest"
import { sharedServer } from "../sources/wal/WalRig.js"
import * as Hook0Server from "../transports/support/Hook0Server.js"
import * as MailServer from "../transports/support/MailServer.js"
import { wal2HttpRig } from "./Wal2HttpRig.js"

const server = sharedServer()

// A column of a type of one's own stands before those that count.
const outbox = [
  "create type mood as enum ('sad', 'glad')",
  `create table outbox (
     mood mood default 'glad',
     event_id uuid primary key,
     event_type text not null,
     created_at timestamptz not null default '2026-01-02 03:04:05.678901+00',
     payload jsonb,
     labels jsonb,
     metadata json)`,
]

const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`

const insert = (number: number, values: string, type = "shop.order.paid") =>
  `insert into outbox (event_id, event_type, payload, labels, metadata)
   values ('${uuid(number)}', '${type}', ${values})`

const hook0To = (hook0: Hook0Server.Hook0Server, token = Hook0Server.token) => ({
  sink: {
    kind: "hook0",
    url: new URL(hook0.receiver.url),
    applicationId: Hook0Server.applicationId,
    token: Redacted.make(token),
    createEventTypes: false,
  } as const,
})

const rigWith = (statements: ReadonlyArray<string> = outbox) =>
  Effect.gen(function* () {
    const rig = yield* wal2HttpRig(server(), statements)
    const hook0 = yield* Hook0Server.start
    hook0.types.add("shop.order.paid")
    return { ...rig, hook0 }
  })

describe("events for Hook0", () => {
  it.scopedLive("are the rows of event tables, whatever columns stand between theirs", () =>
    Effect.gen(function* () {
      const rig = yield* rigWith()
      yield* rig.start(hook0To(rig.hook0))
      yield* rig.sql.run(
        insert(1, `'{"n": 12345678901234567890.10}', '{"tenant": "a"}', '{"k": "v"}'`),
        insert(2, `null, '{"n": 7, "yes": true, "no": null, "in": {"a": [1]}}', 'null'`),
        insert(3, `'[]', null, '{}'`),
        "delete from outbox where event_id::text like '%1'",
        "create table other (id int primary key)",
        "insert into other values (1)",
        "truncate outbox",
      )
      yield* rig.caughtUp
      expect([...rig.hook0.events.keys()]).toEqual([uuid(1), uuid(2), uuid(3)])
      expect(rig.hook0.receiver.received.map(({ url }) => url)).toEqual([
        "/api/v1/event",
        "/api/v1/event",
        "/api/v1/event",
      ])
      expect(rig.hook0.events.get(uuid(1))).toMatchObject({
        application_id: Hook0Server.applicationId,
        event_type: "shop.order.paid",
        payload: '{"n": 12345678901234567890.10}',
        payload_content_type: "application/json",
        labels: { tenant: "a" },
        metadata: { k: "v" },
      })
      const [first] = rig.hook0.receiver.received
      expect(JSON.parse(first?.body.toString() ?? "")).toMatchObject({
        occurred_at: "2026-01-02T03:04:05.678901Z",
      })
      expect(rig.hook0.events.get(uuid(2))).toMatchObject({
        payload: "null",
        labels: { n: "7", yes: "true", in: '{"a":[1]}' },
        metadata: {},
      })
      expect(rig.hook0.events.get(uuid(3))).toMatchObject({
        payload: "[]",
        labels: { table: "public.outbox" },
      })
      expect(yield* rig.deadLetters).toEqual([])
    }),
  )

  it.scopedLive("are sent again with an update, and are known by their ids", () =>
    Effect.gen(function* () {
      const rig = yield* rigWith([
        ...outbox,
        "alter table outbox alter payload set storage external",
      ])
      yield* rig.start(hook0To(rig.hook0))
      yield* rig.sql.run(insert(1, `'{}', null, null`), "update outbox set mood = 'sad'")
      // A large payload that is not touched is not sent: its event is there already.
      yield* rig.sql.run(
        insert(2, `to_jsonb(repeat('x', 10000)), null, null`),
        `update outbox set mood = 'sad' where event_id = '${uuid(2)}'`,
      )
      yield* rig.caughtUp
      expect(rig.hook0.receiver.received).toHaveLength(3)
      expect([...rig.hook0.events.keys()]).toEqual([uuid(1), uuid(2)])
      expect(yield* rig.deadLetters).toEqual([])
    }),
  )

  it.scopedLive("that Hook0 would never take go to the file, and others go on", () =>
    Effect.gen(function* () {
      const rig = yield* rigWith()
      const mails = yield* MailServer.start({ plain: true })
      yield* rig.start({
        ...hook0To(rig.hook0),
        email: {
          host: "127.0.0.1",
          port: mails.port,
          security: "none",
          from: "wal2http@example.com",
          to: ["ops@example.com"],
        },
      })
      yield* rig.sql.run(
        insert(1, `'{}', '["a"]', null`),
        insert(2, `'{}', jsonb_build_object('k', repeat('x', 51)), null`),
        insert(3, `'{}', '{"n": 12345678901234567890}', null`),
        insert(4, `'{}', null, null`, "shop.order.unknown"),
        insert(
          5,
          `'{}', null, (select json_object_agg('k' || n, 'v') from generate_series(1, 51) n)`,
        ),
        insert(6, `'{}', '{"a": "b"}', null`),
      )
      yield* rig.caughtUp
      expect([...rig.hook0.events.keys()]).toEqual([uuid(6)])
      const kept = yield* rig.deadLetters
      expect(kept.map(({ attempts, reason }) => [attempts, reason])).toEqual([
        [1, "labels is no JSON object"],
        [1, "labels has a name or value of more than 50 characters, or none"],
        [1, "labels has a number that only a text can hold"],
        [1, "Hook0 answered 400 EventTypeDoesNotExist"],
        [1, "metadata has more than 50 members"],
      ])
      // What is kept can be sent, or be mended and sent.
      expect(kept[3]?.event).toMatchObject({ event_id: uuid(4), event_type: "shop.order.unknown" })
      expect(kept[0]?.event).toMatchObject({ event_id: uuid(1), labels: '["a"]' })
      // One mail for each cause.
      yield* mails.until((found) => found.mails.length === 5)
    }),
  )

  it.scopedLive("have their types registered where that is wanted", () =>
    Effect.gen(function* () {
      const rig = yield* rigWith()
      const { sink } = hook0To(rig.hook0)
      yield* rig.start({ sink: { ...sink, createEventTypes: true } })
      yield* rig.sql.run(insert(1, `'{}', null, null`, "shop.order.shipped"))
      yield* rig.caughtUp
      expect([...rig.hook0.events.keys()]).toEqual([uuid(1)])
      expect(rig.hook0.types.has("shop.order.shipped")).toBe(true)
    }),
  )

  it.scopedLive("wait for a token that is wrong, for a limit, and for a server that is out", () =>
    Effect.gen(function* () {
      const rig = yield* rigWith()
      const answers = [
        (response: Parameters<typeof Hook0Server.answerProblem>[0]) =>
          Hook0Server.answerProblem(response, 401, "AuthNoAuthorizationHeader"),
        (response: Parameters<typeof Hook0Server.answerProblem>[0]) =>
          Hook0Server.answerProblem(response, 403, "AuthInvalidBiscuit"),
        (response: Parameters<typeof Hook0Server.answerProblem>[0]) =>
          Hook0Server.answerProblem(response, 429, "RateLimited"),
        (response: Parameters<typeof Hook0Server.answerProblem>[0]) =>
          Hook0Server.answerProblem(response, 503, "ServiceUnavailable"),
      ]
      yield* rig.start(hook0To(rig.hook0))
      yield* rig.sql.run(insert(99, `'{}', null, null`))
      yield* rig.caughtUp
      for (const [index, answer] of answers.entries()) {
        rig.hook0.override = answer
        const before = rig.hook0.receiver.received.length
        yield* rig.sql.run(
          insert(2 * index, `'{}', null, null`),
          insert(2 * index + 1, `'{}', null, null`),
        )
        yield* rig.hook0.receiver.until(({ received }) => received.length > before + 12)
        rig.hook0.override = undefined
        yield* rig.caughtUp
      }
      expect([...rig.hook0.events.keys()].slice(1)).toEqual(
        Array.from({ length: 2 * answers.length }, (_, number) => uuid(number)),
      )
      expect(yield* rig.deadLetters).toEqual([])
    }),
  )

  it.scopedLive("may be told in columns of other types, and with fewer of them", () =>
    Effect.gen(function* () {
      const rig = yield* rigWith([
        `create table small (event_id text primary key, event_type varchar(50), payload text,
           created_at timestamp)`,
      ])
      yield* rig.start(hook0To(rig.hook0))
      yield* rig.sql.run(
        `insert into small values ('${uuid(1)}', 'shop.order.paid', 'not json', '2026-01-02 03:04:05')`,
        `insert into small values ('${uuid(2)}', 'shop.order.paid', '{"a":1}', 'infinity')`,
        `insert into small values ('no-uuid', 'shop.order.paid', null, null)`,
      )
      yield* rig.caughtUp
      const bodies = rig.hook0.receiver.received.map(({ body }): unknown =>
        JSON.parse(body.toString()),
      )
      expect(bodies).toEqual([
        expect.objectContaining({
          payload: "not json",
          payload_content_type: "text/plain",
          occurred_at: "2026-01-02T03:04:05Z",
        }),
        expect.objectContaining({
          payload: '{"a":1}',
          payload_content_type: "application/json",
          occurred_at: expect.stringMatching(/^20\d\d-.*Z$/),
        }),
      ])
      expect((yield* rig.deadLetters).map(({ reason }) => reason)).toEqual(["event_id is no UUID"])
    }),
  )
})
