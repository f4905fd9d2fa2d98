// The connection to the database is lost while events are published: an error, no acknowledgement of
// what is not committed, and recovery without a restart. What was committed unbeknown is delivered.

import { expect, it } from "@effect/vitest"
import { Effect, Either, Redacted } from "effect"
import { origin } from "../../src/index.js"
import * as PostgresStore from "../../src/layers/stores/sql/PostgresStore.js"
import { freshDatabase, onServer, serverMissing, testServer } from "../support/Postgres.js"
import { tcpProxy } from "../support/TcpProxy.js"
import { collect, event, meshOver, namespace, publishAtLast, until } from "./Scene.js"

const missing = await Effect.runPromise(serverMissing)
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing)
const test = missing === undefined ? it.scopedLive : it.scopedLive.skip

const database = Effect.flatMap(testServer, freshDatabase)

/** A mesh that reaches its database only through a proxy. */
const behindProxy = Effect.gen(function* () {
  const direct = yield* database
  const url = new URL(direct)
  const proxy = yield* tcpProxy(url.hostname, Number(url.port || 5432))
  url.hostname = "127.0.0.1"
  url.port = String(proxy.port)
  const mesh = yield* meshOver(
    PostgresStore.layer({
      url: Redacted.make(url.href),
      statementTimeout: "500 millis",
      connectTimeout: "500 millis",
    }),
  )
  return { mesh, proxy, direct }
})

const storedIds = (url: string) =>
  Effect.map(onServer(url, "select event from eventloom.events order by sequence"), (rows) =>
    rows.map((row) => {
      const parsed: { readonly id: string } = JSON.parse(String(row["event"]))
      return parsed.id
    }),
  )

test("sessions ended under load cost errors, and nothing that was acknowledged", () =>
  Effect.gen(function* () {
    const url = yield* database
    const mesh = yield* meshOver(PostgresStore.layer({ url: Redacted.make(url) }))
    const got = yield* collect(mesh)
    let failures = 0
    let acknowledged = 0
    const publishers = Effect.forEach(
      Array.from({ length: 8 }, (_, index) => index),
      (publisher) =>
        Effect.forEach(
          Array.from({ length: 40 }, (_, index) => event(`${publisher}-${index}`)),
          (one) =>
            mesh.publish(namespace, [one]).pipe(
              Effect.tapError(({ _tag }) =>
                Effect.sync(() => {
                  expect(_tag).toBe("StoreUnavailable")
                  failures += 1
                }),
              ),
              Effect.catchAll(() => publishAtLast(mesh, one)),
              Effect.tap(() => Effect.sync(() => (acknowledged += 1))),
            ),
        ),
      { concurrency: "unbounded" },
    )
    const endings = Effect.forEach([20, 120, 220], (reached) =>
      Effect.zipRight(
        until(() => acknowledged >= reached),
        onServer(
          url,
          `select count(pg_terminate_backend(pid)) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid()`,
        ),
      ),
    )
    yield* Effect.all([publishers, endings], { concurrency: 2 })
    expect(failures).toBeGreaterThan(0)
    yield* until(() => new Set(got).size === 320)
    const journal = yield* mesh.events.read(namespace, { after: origin, limit: 1000 })
    expect(journal.events.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 320 }, (_, index) => index + 1),
    )
    expect(got.length).toBe(320)
  }))

test("what was committed without an answer is delivered, and known when published again", () =>
  Effect.gen(function* () {
    const { mesh, proxy, direct } = yield* behindProxy
    const got = yield* collect(mesh)
    yield* publishAtLast(mesh, event("first"))
    yield* until(() => got.length === 1)
    // The insert reaches the server; that it was done does not come back.
    yield* proxy.break("deaf")
    const unsure = yield* Effect.fork(Effect.either(mesh.publish(namespace, [event("unsure")])))
    while (!(yield* storedIds(direct)).includes("unsure")) yield* Effect.sleep("10 millis")
    expect(unsure.unsafePoll()).toBeNull()
    yield* proxy.cut
    const answer = yield* unsure
    expect(Either.isLeft(answer) ? answer.left._tag : "acknowledged").toBe("StoreUnavailable")
    // Nobody publishes it again, and it is delivered all the same.
    yield* until(() => got.includes("unsure"))
    const [receipt] = yield* publishAtLast(mesh, event("unsure"))
    expect(receipt).toMatchObject({ sequence: 2, duplicate: true })
    const [next] = yield* publishAtLast(mesh, event("next"))
    expect(next).toMatchObject({ sequence: 3, duplicate: false })
    yield* until(() => got.includes("next"))
    expect(got).toEqual(["first", "unsure", "next"])
  }))

test(
  "a server that falls silent is given up on, and left for new connections",
  () =>
    Effect.gen(function* () {
      const { mesh, proxy } = yield* behindProxy
      const got = yield* collect(mesh)
      yield* publishAtLast(mesh, event("before"))
      yield* until(() => got.length === 1)
      yield* proxy.break("silent")
      yield* proxy.setReachable(false)
      const health = yield* mesh.health
      expect(health.ready).toBe(false)
      expect(health.problems.map(({ what }) => what)).toContain("store")
      const answer = yield* Effect.either(mesh.publish(namespace, [event("lost")]))
      expect(Either.isLeft(answer) ? answer.left._tag : "acknowledged").toBe("StoreUnavailable")
      yield* proxy.setReachable(true)
      const [receipt] = yield* publishAtLast(mesh, event("after"))
      expect(receipt).toMatchObject({ sequence: 2, duplicate: false })
      yield* until(() => got.includes("after"))
      expect((yield* mesh.health).ready).toBe(true)
    }),
  40_000,
)
