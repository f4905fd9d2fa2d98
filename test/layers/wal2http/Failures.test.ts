// What stops wal2http and does not stop this: events that a receiver never takes, problems of the
// database, and who hears of them.

import * as fs from "node:fs/promises"
import { it } from "@effect/vitest"
import { Cause, Effect, Exit, Redacted } from "effect"
import { describe, expect } from "vitest"
import { onServer, startServer } from "../../support/Postgres.js"
import { runCli } from "../cli/support/Run.js"
import { freshSlot, sharedServer, until } from "../sources/wal/WalRig.js"
import * as MailServer from "../transports/support/MailServer.js"
import * as Receiver from "../transports/support/Receiver.js"
import { inserted, type Message, messagesOf, wal2HttpRig } from "./Wal2HttpRig.js"

const server = sharedServer()
const table = "create table t (id int primary key, v text)"

/** Refuses whatever holds "poison", with this status. */
const pickyReceiver = (status: number) =>
  Receiver.http(({ body }, response) =>
    response.writeHead(body.includes("poison") ? status : 204).end(),
  )

const httpTo = (url: string) => ({
  sink: { kind: "http", url: Redacted.make(new URL(url)) } as const,
})

const mailTo = (port: number) => ({
  email: {
    host: "127.0.0.1",
    port,
    security: "none",
    from: "wal2http@example.com",
    to: ["ops@example.com"],
  } as const,
})

describe("an event that the receiver never takes", () => {
  for (const status of [400, 422, 500]) {
    it.scopedLive(`does not keep others from it, nor the log (${status})`, () =>
      Effect.gen(function* () {
        const rig = yield* wal2HttpRig(server(), [table])
        const receiver = yield* pickyReceiver(status)
        const mails = yield* MailServer.start({ plain: true })
        const running = yield* rig.start({ ...httpTo(receiver.url), ...mailTo(mails.port) })
        yield* rig.sql.run("insert into t values (1, 'a')")
        yield* rig.sql.run("insert into t values (2, 'poison')")
        yield* rig.sql.run("insert into t values (3, 'c')")
        yield* rig.caughtUp
        const taken = messagesOf(receiver).filter(
          (message) => !JSON.stringify(message).includes("poison"),
        )
        // Where the status does not say whose fault it is, what was taken last is sent again.
        const ids = inserted(taken)
        expect(ids.filter((id, index) => id !== ids[index - 1])).toEqual(["1", "3"])
        const kept = yield* rig.deadLetters
        expect(kept).toEqual([
          {
            at: expect.stringMatching(/^\d{4}-.*Z$/),
            key: expect.any(String),
            attempts: expect.any(Number),
            reason: expect.stringContaining(String(status)),
            event: expect.objectContaining({ type: "insert" }),
          },
        ])
        expect(kept[0]?.attempts).toBeGreaterThanOrEqual(5)
        // It holds rows of the database.
        expect((yield* Effect.promise(() => fs.stat(rig.config.deadLetters))).mode & 0o777).toBe(
          0o600,
        )
        yield* mails.until((found) => found.mails.some(({ text }) => text?.includes("given up on")))
        const mail = mails.mails.find(({ text }) => text?.includes("given up on"))
        expect(mail?.subject).toBe("Replication Event Failure")
        expect(mail?.text).toContain(rig.config.deadLetters)
        expect(mail?.text).toContain("poison")
        yield* running.stop
        const again = yield* rig.start(httpTo(receiver.url))
        const count = receiver.received.length
        yield* rig.sql.run("insert into t values (4, 'd')")
        yield* rig.caughtUp
        yield* again.stop
        expect(inserted(messagesOf(receiver).slice(count))).toEqual(["4"])
      }),
    )
  }

  it.scopedLive("waits where it cannot be kept either, and a mail says so", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const receiver = yield* pickyReceiver(400)
      const mails = yield* MailServer.start({ plain: true })
      // A folder stands where the file is to be.
      const { deadLetters } = rig.config
      yield* Effect.promise(() => fs.mkdir(deadLetters, { recursive: true }))
      yield* rig.start({ ...httpTo(receiver.url), ...mailTo(mails.port) })
      yield* rig.sql.run("insert into t values (1, 'poison')", "insert into t values (2, 'b')")
      yield* mails.until((found) => found.mails.length > 0)
      expect(mails.mails[0]?.text).toContain(`cannot be kept in ${deadLetters}`)
      expect(inserted(messagesOf(receiver))).not.toContain("2")
      yield* Effect.promise(() => fs.rmdir(deadLetters))
      yield* rig.caughtUp
      expect(yield* rig.deadLetters).toHaveLength(1)
      expect(inserted(messagesOf(receiver))).toContain("2")
    }),
  )
})

describe("an outage", () => {
  it.scopedLive("is told of in one mail, and costs nothing", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      let isDown = true
      const receiver = yield* Receiver.http((_, response) =>
        response.writeHead(isDown ? 503 : 204).end(),
      )
      const mails = yield* MailServer.start({ plain: true })
      yield* rig.start({ ...httpTo(receiver.url), ...mailTo(mails.port) })
      yield* rig.sql.run("insert into t values (1, 'a')")
      yield* receiver.until(({ received }) => received.length > 60)
      isDown = false
      yield* rig.caughtUp
      expect(mails.mails.map(({ subject }) => subject)).toEqual(["Replication Event Failure"])
      const [{ text, to } = { text: undefined, to: [] }] = mails.mails
      expect(to).toEqual(["ops@example.com"])
      expect(text).toContain(`${receiver.url} takes nothing: HTTP 503 Service Unavailable`)
      expect(yield* rig.deadLetters).toEqual([])
    }),
  )

  it.scopedLive(
    "beyond the limit of the log goes to the file, so that the server can let go of it",
    () =>
      Effect.gen(function* () {
        const rig = yield* wal2HttpRig(server(), [table])
        const receiver = yield* Receiver.status(503)
        const mails = yield* MailServer.start({ plain: true })
        yield* rig.sql.run("insert into t select n, repeat('x', 100) from generate_series(1, 20) n")
        yield* rig.start({
          ...httpTo(receiver.url),
          ...mailTo(mails.port),
          lagBudget: 100,
          lagLimit: 1000,
        })
        yield* rig.caughtUp
        const kept = yield* rig.deadLetters
        expect(inserted(kept.map(({ event }) => event as Message))).toHaveLength(20)
        yield* mails.until((found) => found.mails.some(({ text }) => text?.includes("lags")))
      }),
  )

  it.scopedLive("of the mail server keeps nothing from its way", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const receiver = yield* pickyReceiver(400)
      const { port } = yield* Effect.scoped(MailServer.start({ plain: true }))
      yield* rig.start({ ...httpTo(receiver.url), ...mailTo(port) })
      yield* rig.sql.run("insert into t values (1, 'poison')", "insert into t values (2, 'b')")
      yield* rig.caughtUp
      expect(inserted(messagesOf(receiver))).toContain("2")
    }),
  )
})

/** What the command says when it cannot start. */
const refusal = (env: Readonly<Record<string, string>>) =>
  Effect.map(runCli(["wal2http"], { env }), ({ code, err, out }) => {
    expect({ code, out }).toEqual({ code: 1, out: "" })
    return err
  })

describe("at the start, an error says what to do", () => {
  it.scopedLive("about the slot and the publication, and makes neither", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const missing = yield* freshSlot
      const env = { DATABASE_URL: rig.url, PUB_NAME: "pub" }
      expect(yield* refusal({ ...env, SLOT_NAME: missing })).toBe(
        `error: There is no replication slot "${missing}". Create it in this database: select pg_create_logical_replication_slot('${missing}', 'pgoutput'). Changes made before that are not delivered; if it was there before, those made since it went are lost.\n`,
      )
      expect(yield* refusal({ ...env, SLOT_NAME: rig.slot, PUB_NAME: 'n"one' })).toContain(
        'There is no publication "n"one". Create it: create publication "n""one" for all tables',
      )
      const slots = yield* rig.sql.run(
        `select 1 from pg_replication_slots where slot_name = '${missing}'`,
      )
      const publications = yield* rig.sql.run("select 1 from pg_publication")
      expect([slots.length, publications.length]).toEqual([0, 1])
    }),
  )

  it.scopedLive("about a slot of another kind, the database, the password", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const physical = yield* freshSlot
      yield* rig.sql.run(`select pg_create_physical_replication_slot('${physical}')`)
      const env = { DATABASE_URL: rig.url, SLOT_NAME: physical }
      expect(yield* refusal(env)).toContain("is a physical one. Name another one with SLOT_NAME.")
      yield* rig.sql.run(`select pg_drop_replication_slot('${physical}')`)
      const other = new URL(rig.url)
      other.pathname = "/nowhere"
      expect(yield* refusal({ DATABASE_URL: other.href })).toContain('database "nowhere"')
      const wrong = new URL(rig.url)
      wrong.password = "not-the-password"
      const error = yield* refusal({ DATABASE_URL: wrong.href })
      expect(error).toContain("password authentication failed")
      expect(error).not.toContain("not-the-password")
    }),
  )

  it.scopedLive("about a server that does no logical decoding", () =>
    Effect.gen(function* () {
      const { url } = yield* startServer()
      expect(yield* refusal({ DATABASE_URL: url })).toContain("Set wal_level = logical")
    }),
  )
})

describe("while it runs", () => {
  it.scopedLive("a slot that is dropped is told of, waited for, and never made", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const mails = yield* MailServer.start({ plain: true })
      const running = yield* rig.start(mailTo(mails.port))
      yield* rig.sql.run("insert into t values (1, 'a')")
      yield* rig.caughtUp
      yield* rig.sql.run(
        `select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '${rig.slot}'`,
      )
      yield* until(
        "the slot to go",
        Effect.exit(
          Effect.suspend(() => onServer(rig.url, `select pg_drop_replication_slot('${rig.slot}')`)),
        ),
        Exit.isSuccess,
      )
      yield* mails.until((found) => found.mails.length > 0)
      expect(mails.mails[0]?.text).toContain(`There is no replication slot "${rig.slot}"`)
      const slots = yield* rig.sql.run(
        `select 1 from pg_replication_slots where slot_name = '${rig.slot}'`,
      )
      expect(slots).toEqual([])
      // A stop does not wait for the next try.
      yield* running.stop
    }),
  )

  it.scopedLive("two of them take turns at a slot", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const first = yield* rig.start()
      yield* rig.sql.run("insert into t values (1, 'a')")
      yield* rig.caughtUp
      const second = yield* rig.start()
      yield* first.stop
      yield* rig.sql.run("insert into t values (2, 'b')")
      yield* rig.caughtUp
      const lines = (running: typeof first) =>
        inserted(running.lines.map((line): Message => JSON.parse(line)))
      expect([lines(first), lines(second)]).toEqual([["1"], ["2"]])
    }),
  )

  it.scopedLive("it ends with the problem when it never got to stream", () =>
    Effect.gen(function* () {
      const rig = yield* wal2HttpRig(server(), [table])
      const running = yield* rig.start({ publication: "none" })
      const exit = yield* Effect.exit(running.ended)
      const failure = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      expect(failure).toMatchObject({ code: "publication-missing" })
    }),
  )
})
