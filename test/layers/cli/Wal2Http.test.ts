// eventloom wal2http as a process of its own, told what to do by its environment.

import { it } from "@effect/vitest"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { sharedServer, until } from "../sources/wal/WalRig.js"
import * as Receiver from "../transports/support/Receiver.js"
import { inserted, type Message, messagesOf, wal2HttpRig } from "../wal2http/Wal2HttpRig.js"
import { type CliProcess, startCli } from "./support/Process.js"

const server = sharedServer()
const table = "create table t (id int primary key)"

const outOf = (child: CliProcess): ReadonlyArray<Message> =>
  child
    .out()
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Message => JSON.parse(line))

const streaming = (child: CliProcess) =>
  until(
    "the stream",
    Effect.sync(() => child.err()),
    (err) => err.includes("message=Streaming"),
  )

describe("eventloom wal2http", () => {
  it.scopedLive(
    "writes to the standard output by default, ends in good order, and repeats nothing",
    () =>
      Effect.gen(function* () {
        const rig = yield* wal2HttpRig(server(), [table])
        const env = { DATABASE_URL: rig.url, SLOT_NAME: rig.slot }
        const first = yield* startCli(["wal2http"], env)
        yield* streaming(first)
        yield* rig.sql.run("insert into t values (1)")
        yield* until(
          "the row",
          Effect.sync(() => inserted(outOf(first))),
          (ids) => ids.length === 1,
        )
        yield* first.signal("SIGTERM")
        expect(yield* first.ended).toEqual({ code: 0, signal: null })
        expect(first.err()).toContain("message=Stopped")
        yield* rig.sql.run("insert into t values (2)")
        const second = yield* startCli(["wal2http", "--slot", rig.slot], { DATABASE_URL: rig.url })
        yield* rig.caughtUp
        yield* second.signal("SIGINT")
        expect(yield* second.ended).toEqual({ code: 0, signal: null })
        expect(outOf(second).map(({ type }) => type)).toEqual([
          "begin",
          "relation",
          "insert",
          "commit",
        ])
        expect(inserted(outOf(second))).toEqual(["2"])
      }),
    60_000,
  )

  it.scopedLive(
    "delivers at least once through kill -9, and the same under the same key",
    () =>
      Effect.gen(function* () {
        const rig = yield* wal2HttpRig(server(), [table])
        const receiver = yield* Receiver.http()
        const env = {
          DATABASE_URL: rig.url,
          SLOT_NAME: rig.slot,
          PUB_NAME: "pub",
          HTTP_ENDPOINT_URL: `${receiver.url}/events`,
        }
        const total = 400
        for (let id = 1; id <= total; id++) yield* rig.sql.run(`insert into t values (${id})`)
        for (const enough of [40, 200, 700]) {
          const child = yield* startCli(["wal2http"], env)
          yield* receiver.until(({ received }) => received.length >= enough)
          yield* child.signal("SIGKILL")
          yield* child.ended
        }
        yield* startCli(["wal2http"], env)
        yield* rig.caughtUp
        const ids = inserted(messagesOf(receiver))
        expect([...new Set(ids)]).toEqual(Array.from({ length: total }, (_, at) => String(at + 1)))
        const keyOf = new Map<string, unknown>()
        for (const { body, headers } of receiver.received) {
          const text = body.toString()
          if (!text.includes('"insert"')) continue
          expect(headers["idempotency-key"]).toBe(keyOf.get(text) ?? headers["idempotency-key"])
          keyOf.set(text, headers["idempotency-key"])
        }
        expect(new Set(keyOf.values()).size).toBe(total)
      }),
    60_000,
  )
})
