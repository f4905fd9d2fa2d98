// What goes wrong around a stream: its publication, the sinks behind it, clocks. None of it loses a
// row, holds up others or makes the server keep its log.

import { it } from "@effect/vitest"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { NamespaceName, SinkName, SubscriptionName } from "../../../../src/domain/index.js"
import { tcpProxy } from "../../../support/TcpProxy.js"
import * as Receiver from "../../transports/support/Receiver.js"
import {
  plainOptions,
  sharedServer,
  sourceName,
  type StreamingRig,
  streamingRig,
  tenant,
  until,
} from "./WalRig.js"

const server = sharedServer()
const system = NamespaceName.make("eventloom.system")
const table = "create table t (id int primary key, pad text)"

const subjects = (events: ReadonlyArray<{ readonly subject?: string }>) =>
  events.map(({ subject }) => subject)

describe("the publication", () => {
  it.scopedLive("that is dropped under a stream stops it, and it goes on when it is back", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table])
      yield* rig.sql.run("insert into t values (1)")
      yield* rig.events(1)
      yield* rig.sql.run("drop publication p", "insert into t values (2)")
      const { problem } = yield* rig.source(({ state }) => state === "blocked")
      expect(problem).toMatchObject({
        code: "publication-missing",
        reason: expect.stringContaining('"p"'),
        remedy: expect.stringContaining("CREATE PUBLICATION"),
      })
      // What was published before is not passed over, however long that takes.
      const { position } = yield* rig.source(() => true)
      const [slot] = yield* rig.sql.run(
        `select confirmed_flush_lsn::text as confirmed from pg_replication_slots where slot_name = '${rig.slot}'`,
      )
      expect(slot).toEqual({ confirmed: position })
      yield* rig.sql.run("create publication p for all tables", "insert into t values (3)")
      yield* rig.put()
      expect(subjects(yield* rig.events(2))).toEqual(["1", "3"])
    }),
  )
})

/** Everything that becomes an event goes to the URL. */
const deliverTo = ({ mesh }: StreamingRig, name: string, url: string) =>
  Effect.orDie(
    Effect.zipRight(
      mesh.sinks.put(tenant, SinkName.make(name), { kind: "webhook", url }),
      mesh.subscriptions.put(tenant, SubscriptionName.make(name), { sink: SinkName.make(name) }),
    ),
  )

/** Until the server keeps less log than this for the slot. */
const caughtUp = (rig: StreamingRig, bytes: number) =>
  until(
    "the slot to move",
    rig.sql.run(
      `select pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::int8::text as behind
       from pg_replication_slots where slot_name = '${rig.slot}'`,
    ),
    ([row]) => Number(row?.["behind"]) < bytes,
  )

const subjectOf = ({ body }: Receiver.Received): string =>
  String(Object(JSON.parse(body.toString())).subject)

describe("a sink", () => {
  it.scopedLive("that refuses a row holds up neither other sinks nor the slot", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table])
      const picky = yield* Receiver.http((request, response) => {
        response.writeHead(subjectOf(request) === "3" ? 422 : 204).end()
      })
      const other = yield* Receiver.http()
      yield* deliverTo(rig, "picky", picky.url)
      yield* deliverTo(rig, "other", other.url)
      yield* rig.sql.run("insert into t select n from generate_series(1, 20) n")
      const all = Array.from({ length: 20 }, (_, n) => String(n + 1))
      for (const receiver of [picky, other]) {
        yield* receiver.until(({ received }) => new Set(received.map(subjectOf)).size === 20)
        expect(new Set(receiver.received.map(subjectOf))).toEqual(new Set(all))
      }
      yield* caughtUp(rig, 1000)
      expect(other.received).toHaveLength(20)
    }),
  )

  it.scopedLive("that is down for longer than the lag budget leaves the slot alone", () =>
    Effect.gen(function* () {
      const lagBudget = "100kB"
      const rig = yield* streamingRig(server(), [table], { lagBudget })
      yield* Effect.orDie(rig.mesh.namespaces.put(system))
      const gone = yield* Effect.scoped(Receiver.http())
      yield* deliverTo(rig, "gone", gone.url)
      const write = (from: number) =>
        rig.sql.run(
          `insert into t select n, repeat('x', 1000) from generate_series(${from}, ${from + 999}) n`,
        )
      yield* write(1)
      expect(yield* rig.events(1000)).toHaveLength(1000)
      yield* caughtUp(rig, 100_000)
      // Looks at the slot again as it starts.
      yield* rig.put({ lagBudget, typePrefix: "again" })
      yield* rig.source(({ lagBytes }) => lagBytes !== undefined && lagBytes < 100_000)
      const alarms = Effect.map(Effect.orDie(rig.mesh.health), ({ stuckSources }) => stuckSources)
      expect(yield* alarms).toEqual([])

      // The mesh itself away from the database is what the budget is for.
      const away = new URL(rig.url)
      away.port = "1"
      yield* Effect.orDie(
        rig.mesh.sources.put(sourceName, {
          ...plainOptions,
          slot: rig.slot,
          databaseUrl: away.href,
        }),
      )
      yield* write(2001)
      yield* rig.put({ lagBudget })
      const alerts = yield* rig.events(2, system)
      expect(alerts.map(({ subject, type }) => [type, subject])).toEqual([
        ["eventloom.sink.parked", "acme.example/sinks/gone"],
        ["eventloom.source.lagging", "db"],
      ])
      expect(alerts[1]?.data).toMatchObject({ budgetBytes: 100_000, lagBytes: expect.any(Number) })
      expect(yield* rig.events(2000)).toHaveLength(2000)
    }),
  )
})

const year = 365 * 24 * 3600 * 1000

/** Moves the clock of the server that answers ahead: what it says of times in its stream of changes. */
const yearAhead = (): ((data: Buffer) => Buffer) => {
  let rest: Buffer = Buffer.alloc(0)
  const shift = (message: Buffer, at: number) =>
    message.writeBigInt64BE(message.readBigInt64BE(at) + BigInt(year) * 1000n, at)
  return (data) => {
    const all = Buffer.concat([rest, data])
    let end = 0
    while (all.length >= end + 5) {
      const length = 1 + all.readUInt32BE(end + 1)
      if (all.length < end + length) break
      const message = all.subarray(end, end + length)
      const isCopy = message[0] === 0x64
      if (isCopy && message[5] === 0x6b) shift(message, 14)
      if (isCopy && message[5] === 0x77) {
        shift(message, 22)
        if (message[30] === 0x42) shift(message, 39)
        if (message[30] === 0x43) shift(message, 48)
      }
      end += length
    }
    rest = Buffer.from(all.subarray(end))
    return all.subarray(0, end)
  }
}

describe("a clock", () => {
  it.scopedLive("of the server that is ahead dates events, and nothing waits for it", () =>
    Effect.gen(function* () {
      const rig = yield* streamingRig(server(), [table])
      const url = new URL(rig.url)
      const proxy = yield* tcpProxy("127.0.0.1", Number(url.port), yearAhead)
      url.port = String(proxy.port)
      url.searchParams.set("sslmode", "disable")
      yield* rig.put({ databaseUrl: url.href })
      const receiver = yield* Receiver.http()
      yield* deliverTo(rig, "hook", receiver.url)
      const before = Date.now()
      yield* rig.sql.run("insert into t values (1)")
      const [event] = yield* rig.events(1)
      const ahead = Date.parse(String(event?.time)) - before
      expect(ahead).toBeGreaterThan(year - 60_000)
      expect(ahead).toBeLessThan(year + 60_000)
      yield* receiver.until(({ received }) => received.length === 1)
      yield* caughtUp(rig, 1000)
    }),
  )
})
