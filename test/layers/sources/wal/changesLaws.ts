// What changes of a real server become: every kind of change, every way in which a server describes it.

import { it } from "@effect/vitest"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import type { CloudEvent } from "../../../../src/domain/index.js"
import type { TestServer } from "../../../support/Postgres.js"
import { session, streamingRig } from "./WalRig.js"

const dataOf = ({ data }: CloudEvent): Record<string, unknown> =>
  typeof data === "object" && data !== null ? { ...data } : {}

/** The last segment of the type with what changed, without what differs between runs. */
const told = (event: CloudEvent) => {
  const { transaction: _, ...rest } = dataOf(event)
  return { [event.type.split(".").at(-1) ?? ""]: rest }
}

const placeOf = (event: CloudEvent) => {
  const { transaction } = dataOf(event)
  return typeof transaction === "object" && transaction !== null ? { ...transaction } : {}
}

/** For the server of a version. */
export const changesLaws = (version: string, server: () => TestServer): void => {
  describe(`changes of rows, ${version}`, () => {
    it.scopedLive("are told in the order of their commits, with what identifies them", () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(server(), [
          "create schema shop",
          `create table shop."Order.items" (shop text, id int, note text, primary key (id, shop))`,
        ])
        yield* rig.sql.run(
          `insert into shop."Order.items" values ('a,b', 1, 'x'), ('c', 2, null)`,
          `update shop."Order.items" set note = 'y', id = 3 where id = 1`,
          `delete from shop."Order.items" where id = 2`,
          `truncate shop."Order.items" restart identity cascade`,
        )
        const events = yield* rig.events(5)
        expect(events.map(told)).toEqual([
          { inserted: { after: { shop: "a,b", id: 1, note: "x" } } },
          { inserted: { after: { shop: "c", id: 2, note: null } } },
          {
            updated: {
              before: { shop: "a,b", id: 1 },
              after: { shop: "a,b", id: 3, note: "y" },
              changed: null,
            },
          },
          { deleted: { before: { shop: "c", id: 2 } } },
          { truncated: { cascade: true, restartIdentity: true } },
        ])
        expect(events.map(({ subject }) => subject)).toEqual([
          "1,a%2Cb",
          "2,c",
          "3,a%2Cb",
          "2,c",
          undefined,
        ])
        expect(events[0]).toMatchObject({
          type: "postgres.shop.Order%2Eitems.inserted",
          partitionkey: "1,a%2Cb",
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
          source: expect.stringMatching(new RegExp(`^postgres:\\d+/${rig.slot}$`)),
        })
        const places = events.map(placeOf)
        expect(places.map(({ index }: { index?: unknown }) => index)).toEqual([0, 1, 0, 0, 0])
        expect(new Set(events.map(({ id }) => id)).size).toBe(5)
        const view = yield* rig.source(({ counts }) => counts.events === 5)
        expect(view.counts).toMatchObject({
          changes: 5,
          transactions: 4,
          duplicates: 0,
          skipped: 0,
        })
      }),
    )

    it.scopedLive("say what they can of old rows, by replica identity", () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(server(), [
          "create table whole (id int primary key, a text, b int)",
          "alter table whole replica identity full",
          "create table none (id int primary key, a text)",
          "alter table none replica identity nothing",
          "create table indexed (id int primary key, code text not null unique, a text)",
          "alter table indexed replica identity using index indexed_code_key",
        ])
        yield* rig.sql.run(
          "insert into whole values (1, 'x', 1)",
          "update whole set a = 'y'",
          "delete from whole",
          "insert into none values (7, 'n')",
          "insert into indexed values (5, 'k', 'x')",
          "update indexed set code = 'l'",
          "delete from indexed",
        )
        const events = yield* rig.events(7)
        expect(events.slice(1, 3).map(told)).toEqual([
          {
            updated: {
              before: { id: 1, a: "x", b: 1 },
              after: { id: 1, a: "y", b: 1 },
              changed: ["a"],
            },
          },
          { deleted: { before: { id: 1, a: "y", b: 1 } } },
        ])
        // The key is the primary one, whatever the identity; where that was not sent, there is none.
        expect(events.map(({ subject }) => subject)).toEqual([
          "1",
          "1",
          "1",
          "7",
          "5",
          "5",
          undefined,
        ])
        expect(events.slice(5).map(told)).toEqual([
          {
            updated: {
              before: { code: "k" },
              after: { id: 5, code: "l", a: "x" },
              changed: null,
            },
          },
          { deleted: { before: { code: "l" } } },
        ])
      }),
    )

    it.scopedLive("leave out large values that were not touched, and say which", () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(server(), [
          "create table t (id int primary key, small text, large text)",
          "alter table t alter large set storage external",
          "create table f (id int primary key, small text, large text)",
          "alter table f alter large set storage external",
          "alter table f replica identity full",
        ])
        yield* rig.sql.run(
          "insert into t values (1, 'a', repeat('x', 5000))",
          "update t set small = 'b'",
          "insert into f values (1, 'a', repeat('x', 5000))",
          "update f set small = 'b'",
        )
        const events = yield* rig.events(4)
        expect(told(events[1] as CloudEvent)).toEqual({
          updated: { after: { id: 1, small: "b" }, unchanged: ["large"], changed: null },
        })
        expect(dataOf(events[3] as CloudEvent)).toMatchObject({
          after: { id: 1, small: "b", large: "x".repeat(5000) },
          changed: ["small"],
        })
      }),
    )

    it.scopedLive("follow the schema, also within a transaction", () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(server(), ["create table t (id int primary key, a text)"])
        yield* rig.sql.run(
          "insert into t values (1, 'x')",
          "begin",
          "alter table t add column b int",
          "insert into t values (2, 'y', 5)",
          "alter table t rename column a to c",
          "alter table t alter b type text using b || '!'",
          "insert into t values (3, 'z', '6')",
          "commit",
          "alter table t drop column c",
          "insert into t values (4, 'q')",
        )
        const events = yield* rig.events(4)
        expect(events.map((event) => dataOf(event)["after"])).toEqual([
          { id: 1, a: "x" },
          { id: 2, a: "y", b: 5 },
          { id: 3, c: "z", b: "6" },
          { id: 4, b: "q" },
        ])
      }),
    )

    it.scopedLive("of partitions are those of the table, or of its parts, as published", () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(
          server(),
          [
            "create table whole (id int primary key, a int) partition by range (id)",
            "create table whole_1 partition of whole for values from (0) to (10)",
            "create table parts (id int primary key, a int) partition by range (id)",
            "create table parts_1 partition of parts for values from (0) to (10)",
            "create publication root for table whole with (publish_via_partition_root = true)",
            "create publication leaves for table parts",
          ],
          { publication: ["root", "leaves"] },
        )
        yield* rig.sql.run("insert into whole values (1, 1)", "insert into parts values (2, 2)")
        const events = yield* rig.events(2)
        expect(events.map(({ subject, type }) => [type, subject])).toEqual([
          ["postgres.public.whole.inserted", "1"],
          ["postgres.public.parts_1.inserted", "2"],
        ])
      }),
    )

    it.scopedLive("hold what the publication holds: rows, columns, generated columns", () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(
          server(),
          [
            "create table t (id int primary key, a int, secret text, twice int generated always as (a * 2) stored)",
            "create publication filtered for table t (id, a) where (id > 10)",
          ],
          { publication: "filtered" },
        )
        yield* rig.sql.run(
          "insert into t (id, a, secret) values (1, 1, 's'), (11, 5, 's')",
          "update t set id = 12 where id = 1",
        )
        const events = yield* rig.events(2)
        expect(events.map(told)).toEqual([
          { inserted: { after: { id: 11, a: 5 } } },
          { inserted: { after: { id: 12, a: 1 } } },
        ])
      }),
    )
  })

  describe(`transactions, ${version}`, () => {
    it.scopedLive(
      "too large for memory come out whole when they commit, without what was undone",
      () =>
        Effect.gen(function* () {
          const rig = yield* streamingRig(
            server(),
            [
              "create table t (id int primary key, pad text)",
              "create table u (id int primary key)",
            ],
            { bufferBytes: "100kB" },
          )
          yield* rig.sql.run(
            "begin",
            "insert into t select n, repeat('a', 100) from generate_series(1, 3000) n",
            "savepoint one",
            "insert into t select n, repeat('b', 100) from generate_series(3001, 6000) n",
            "savepoint two",
            "alter table t add column extra int",
            "insert into t select n, repeat('c', 100), 1 from generate_series(6001, 9000) n",
            "rollback to one",
            "insert into t select n, repeat('d', 100) from generate_series(9001, 10000) n",
          )
          // One that is aborted as a whole, and one that commits in the middle of the first.
          yield* Effect.scoped(
            Effect.gen(function* () {
              const other = yield* session(rig.url)
              yield* other.run(
                "begin",
                "insert into u select n from generate_series(1, 20000) n",
                "rollback",
                "insert into u values (77777)",
              )
            }),
          )
          expect((yield* rig.events(1)).map(({ subject }) => subject)).toEqual(["77777"])
          yield* rig.sql.run("commit", "insert into t values (10001, 'e')")
          const events = yield* rig.events(4002)
          expect(events.map(({ subject }) => subject)).toEqual([
            "77777",
            ...Array.from({ length: 3000 }, (_, index) => String(index + 1)),
            ...Array.from({ length: 1001 }, (_, index) => String(index + 9001)),
          ])
          expect(Object.keys(dataOf(events[4001] as CloudEvent)["after"] as object)).toEqual([
            "id",
            "pad",
          ])
          const indexes = events.slice(1, 4001).map((event) => placeOf(event) as { index: number })
          expect(indexes.map(({ index }) => index)).toEqual(
            Array.from({ length: 4000 }, (_, i) => i),
          )
        }),
    )

    it.scopedLive("that are prepared come when they are committed", () =>
      Effect.gen(function* () {
        const rig = yield* streamingRig(server(), ["create table t (id int primary key)"])
        yield* rig.sql.run(
          "begin",
          "insert into t values (1), (2)",
          `prepare transaction '${rig.slot}-a'`,
          "begin",
          "insert into t values (3)",
          `prepare transaction '${rig.slot}-b'`,
          "insert into t values (4)",
          `rollback prepared '${rig.slot}-b'`,
          `commit prepared '${rig.slot}-a'`,
          "insert into t values (5)",
        )
        const events = yield* rig.events(4)
        expect(events.map(({ subject }) => subject)).toEqual(["4", "1", "2", "5"])
      }),
    )
  })
}
