// The store on a real server when the server, or the way to it, fails. Each test has a database of
// its own, so that the sessions it ends are its own.

import { expect, it } from "@effect/vitest"
import { Context, Effect, Either, Fiber, Layer, Redacted, Schedule, Stream } from "effect"
import { Invalidation, Journal, StoreLocked, StoreUnavailable } from "../../../src/actors/index.js"
import { origin, Sequence } from "../../../src/domain/index.js"
import * as PostgresStore from "../../../src/layers/stores/sql/PostgresStore.js"
import { lockKey } from "../../../src/layers/stores/sql/PostgresLock.js"
import { StoreLock } from "../../../src/layers/stores/sql/StoreLock.js"
import {
  freshDatabase,
  onServer,
  serverMissing,
  startServer,
  testServer,
} from "../../support/Postgres.js"
import { entries, entry, namespace } from "./Events.js"

const missing = await Effect.runPromise(serverMissing)
const test = missing === undefined ? it.scopedLive : it.scopedLive.skip
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing)

const database = Effect.flatMap(testServer, freshDatabase)

const openAt = (url: string) =>
  Layer.build(PostgresStore.layer({ url: Redacted.make(url), statementTimeout: "5 seconds" }))

/** Ends sessions of the database, all but those whose name says that they hold the lock, or only those. */
const endSessions = (url: string, which: "all" | "lock" | "others") => {
  const holdsLock = "application_name like 'eventloom %/%'"
  const condition = { all: "true", lock: holdsLock, others: `not ${holdsLock}` }[which]
  return onServer(
    url,
    `select count(pg_terminate_backend(pid)) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and ${condition}`,
  )
}

const soon = Schedule.spaced("20 millis").pipe(Schedule.upTo("15 seconds"))

test(
  "sessions that end under appends fail with StoreUnavailable; what is tried again is there once, without holes",
  () =>
    Effect.gen(function* () {
      const url = yield* database
      const journal = Context.get(yield* openAt(url), Journal)
      const rounds = 60
      let failures = 0
      const writer = Effect.forEach(
        Array.from({ length: rounds }),
        (_, round) =>
          journal.append(entries("a", round * 50, 50), 1).pipe(
            Effect.tapError((error) =>
              Effect.sync(() => {
                expect(error).toBeInstanceOf(StoreUnavailable)
                failures += 1
              }),
            ),
            Effect.retry(soon),
          ),
        { discard: true },
      )
      const saboteur = endSessions(url, "others").pipe(Effect.repeat(Schedule.spaced("5 millis")))
      yield* Effect.raceFirst(writer, saboteur)
      expect(failures).toBeGreaterThan(0)

      const page = { namespace: namespace("a"), after: origin, limit: 10_000, maxBytes: 1e9 }
      const events = yield* Effect.retry(journal.read(page), soon)
      expect(events.map(({ sequence }) => Number(sequence))).toEqual(
        Array.from({ length: rounds * 50 }, (_, index) => index + 1),
      )
      expect(new Set(events.map(({ event }) => event.id)).size).toBe(rounds * 50)
    }),
  60_000,
)

test(
  "an append whose outcome is unknown is recognised when it is tried again",
  () =>
    Effect.gen(function* () {
      const url = yield* database
      const journal = Context.get(yield* openAt(url), Journal)
      yield* journal.append(entries("a", 0, 3), 1)
      // What an append leaves behind whose commit succeeded and whose answer was lost: rows that this
      // process has never heard of.
      yield* onServer(
        url,
        `insert into eventloom.events
         select 4, accepted_at, offset_bytes + 1000, gen_random_uuid(), namespace, type, event
         from eventloom.events where sequence = 3`,
      )
      const answers = yield* journal.append(entries("a", 2, 3), 2)
      expect(answers).toEqual([
        { sequence: 3, duplicate: true },
        { sequence: 5, duplicate: false },
        { sequence: 6, duplicate: false },
      ])
    }),
  60_000,
)

test(
  "a lock whose session ends is taken again",
  () =>
    Effect.gen(function* () {
      const url = yield* database
      const store = yield* openAt(url)
      const lock = Context.get(store, StoreLock)
      const journal = Context.get(store, Journal)
      for (let round = 0; round < 3; round++) {
        yield* endSessions(url, "lock")
        yield* Effect.retry(journal.append([entry("a", round)], 1), soon)
        yield* Effect.retry(lock.held, soon)
      }
      const second = yield* Effect.flip(Effect.scoped(openAt(url)))
      expect(second).toBeInstanceOf(StoreLocked)
      expect(second.message).toContain(`/${process.pid}/`)
    }),
  60_000,
)

test(
  "when another process has taken the lock, nothing is appended and the holder is told",
  () =>
    Effect.gen(function* () {
      const url = yield* database
      const store = yield* openAt(url)
      const lock = Context.get(store, StoreLock)
      const journal = Context.get(store, Journal)
      yield* journal.append([entry("a", 1)], 1)
      const told = yield* Effect.fork(Effect.flip(lock.lost))
      // Waits for the lock, so that it has it the moment the holder's session ends.
      yield* Effect.forkScoped(
        onServer(
          `${url}?application_name=thief`,
          `select pg_advisory_lock(${lockKey("eventloom")})`,
          "select pg_sleep(30)",
        ),
      )
      yield* onServer(
        url,
        `select 1 / count(*) from pg_locks l where not granted and locktype = 'advisory'
         and database = (select oid from pg_database where datname = current_database())`,
      ).pipe(Effect.retry(soon))
      yield* endSessions(url, "lock")
      const error = yield* Fiber.join(told)
      expect(error).toBeInstanceOf(StoreLocked)
      expect(error.message).toContain("thief")
      const refused = yield* Effect.flip(journal.append([entry("a", 2)], 1))
      expect(refused).toBeInstanceOf(StoreUnavailable)
      expect((yield* journal.bounds(namespace("a"))).head).toBe(1)
    }),
  60_000,
)

test(
  "after a gap in listening every cache is told to forget all",
  () =>
    Effect.gen(function* () {
      const url = yield* database
      const invalidation = Context.get(yield* openAt(url), Invalidation)
      const heard = yield* Effect.fork(
        Stream.runHead(Stream.filter(invalidation.invalidations, (name) => name === "all")),
      )
      yield* Effect.yieldNow()
      yield* endSessions(url, "all").pipe(
        Effect.delay("50 millis"),
        Effect.repeat({ schedule: Schedule.spaced("200 millis"), times: 3 }),
      )
      yield* Fiber.join(heard)
    }),
  60_000,
)

test(
  "a server that is away is StoreUnavailable, at the start and for every port",
  () =>
    Effect.gen(function* () {
      const nowhere = "postgres://postgres@127.0.0.1:1/test"
      expect(yield* Effect.flip(Effect.scoped(openAt(nowhere)))).toBeInstanceOf(StoreUnavailable)
    }),
  60_000,
)

test(
  "a disk that is full is StoreUnavailable, and what is stored stays readable",
  () =>
    Effect.gen(function* () {
      const url = yield* database
      const journal = Context.get(yield* openAt(url), Journal)
      yield* journal.append(entries("a", 0, 3), 1)
      // The server's own error where a file cannot be extended.
      yield* onServer(
        url,
        `create function eventloom.refuse() returns trigger language plpgsql as $$
         begin raise exception 'could not extend file: No space left on device'
         using errcode = '53100'; end $$`,
        `create trigger refuse before insert on eventloom.events
         execute function eventloom.refuse()`,
      )
      const refused = yield* Effect.flip(journal.append(entries("a", 3, 3), 1))
      expect(refused).toBeInstanceOf(StoreUnavailable)
      expect(refused.message).toContain("No space left on device")
      expect((yield* journal.bounds(namespace("a"))).head).toBe(3)
      yield* onServer(url, "drop trigger refuse on eventloom.events")
      const answers = yield* journal.append(entries("a", 3, 1), 1)
      expect(answers).toEqual([{ sequence: Sequence.make(4), duplicate: false }])
    }),
  60_000,
)

test(
  "a database that is not in UTF-8 is refused",
  () =>
    Effect.gen(function* () {
      const server = yield* testServer
      const url = yield* freshDatabase(server)
      const other = new URL(url)
      const name = `${other.pathname.slice(1)}_ascii`
      yield* Effect.acquireRelease(
        onServer(url, `create database ${name} encoding 'SQL_ASCII' locale 'C' template template0`),
        () => Effect.ignore(onServer(url, `drop database ${name} with (force)`)),
      )
      other.pathname = `/${name}`
      const refused = yield* Effect.flip(Effect.scoped(openAt(other.href)))
      expect(refused._tag).toBe("StoreUnsuitable")
    }),
  60_000,
)

it("a server of one's own starts where none is given", { timeout: 60_000 }, async (context) => {
  const use = Effect.gen(function* () {
    const { url } = yield* startServer()
    const journal = Context.get(yield* openAt(url), Journal)
    return yield* journal.append(entries("a", 0, 1), 1)
  })
  const used = await Effect.runPromise(Effect.either(Effect.scoped(use)))
  if (Either.isLeft(used) && used.left._tag === "NoServer" && process.env["CI"] !== "true") {
    context.skip(used.left.message)
  }
  expect(Either.getOrThrow(used)).toHaveLength(1)
})
