// A database with a slot and a publication, and wal2http reading it in this process.

import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Duration, Effect, Fiber, Logger, LogLevel, Redacted, Schedule, type Scope } from "effect"
import { defaultRetryPolicy, type SourceProblem } from "../../../src/domain/index.js"
import { wal2http } from "../../../src/layers/wal2http/Wal2Http.js"
import type { Wal2HttpConfig } from "../../../src/layers/wal2http/Wal2HttpConfig.js"
import { temporaryDirectory } from "../../support/TemporaryDirectory.js"
import { freshDatabase, onServer, type TestServer } from "../../support/Postgres.js"
import { freshSlot, type Session, session, until } from "../sources/wal/WalRig.js"
import type { Receiver } from "../transports/support/Receiver.js"

export interface Wal2HttpRig {
  readonly url: string
  readonly slot: string
  readonly sql: Session
  readonly config: Wal2HttpConfig
  /** Starts it; what it writes to the standard output are `lines`. */
  readonly start: (config?: Partial<Wal2HttpConfig>) => Effect.Effect<Running, never, Scope.Scope>
  /** What the dead-letter file holds. */
  readonly deadLetters: Effect.Effect<ReadonlyArray<DeadLetterLine>>
  /** Waits until the slot is past what is written by now. */
  readonly caughtUp: Effect.Effect<void>
}

export interface Running {
  readonly lines: ReadonlyArray<string>
  /** Interrupts it, as a signal does; ends when it has ended. */
  readonly stop: Effect.Effect<void>
  /** How it ended by itself. */
  readonly ended: Effect.Effect<void, SourceProblem>
}

export interface DeadLetterLine {
  readonly at: string
  readonly key: string
  readonly attempts: number
  readonly reason: string
  readonly event: unknown
}

/** Attempts follow each other at once. */
const quickPolicy = {
  ...defaultRetryPolicy,
  initial: Duration.millis(5),
  max: Duration.millis(20),
}

export const wal2HttpRig = (
  server: TestServer,
  statements: ReadonlyArray<string>,
  { publication = "pub", slotOptions = "" }: { publication?: string; slotOptions?: string } = {},
): Effect.Effect<Wal2HttpRig, never, Scope.Scope> =>
  Effect.gen(function* () {
    const url = yield* Effect.orDie(freshDatabase(server))
    const slot = yield* freshSlot
    yield* Effect.addFinalizer(() => dropSlot(url, slot))
    const sql = yield* session(url)
    yield* sql.run(
      ...statements,
      `create publication "${publication.replaceAll('"', '""')}" for all tables`,
      `select pg_create_logical_replication_slot('${slot}', 'pgoutput'${slotOptions})`,
    )
    const folder = yield* temporaryDirectory
    const config: Wal2HttpConfig = {
      databaseUrl: Redacted.make(url),
      slot,
      publication,
      sink: { kind: "stdout" },
      email: undefined,
      deadLetters: path.join(folder, "kept", "dead-letters.jsonl"),
      lagBudget: 1024 ** 3,
      lagLimit: undefined,
    }
    const start: Wal2HttpRig["start"] = (changes = {}) =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        const write = (text: string) => Effect.sync(() => void lines.push(text.trimEnd()))
        const fiber = yield* Effect.forkScoped(
          Effect.interruptible(
            wal2http({ ...config, ...changes }, { write, policy: quickPolicy }),
          ).pipe(Effect.provide(Logger.minimumLogLevel(LogLevel.None))),
        )
        return {
          lines,
          stop: Effect.asVoid(Fiber.interrupt(fiber)),
          ended: Fiber.join(fiber),
        }
      })
    return {
      url,
      slot,
      sql,
      config,
      start,
      deadLetters: Effect.promise(async () => {
        const text = await fs.readFile(config.deadLetters, "utf8").catch(() => "")
        return text
          .split("\n")
          .filter((line) => line !== "")
          .map((line): DeadLetterLine => JSON.parse(line))
      }),
      caughtUp: Effect.gen(function* () {
        const [row] = yield* sql.run("select pg_current_wal_lsn()::text as lsn")
        yield* until(
          "the slot",
          sql.run(
            `select confirmed_flush_lsn >= '${String(row?.["lsn"])}' as past from pg_replication_slots where slot_name = '${slot}'`,
          ),
          ([slotRow]) => slotRow?.["past"] === true,
        )
      }),
    }
  })

const dropSlot = (url: string, slot: string): Effect.Effect<void> =>
  onServer(
    url,
    `select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '${slot}'`,
    `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '${slot}'`,
  ).pipe(Effect.retry({ times: 20, schedule: Schedule.spaced("50 millis") }), Effect.ignore)

/** The messages that a receiver has had, parsed. */
export const messagesOf = ({ received }: Receiver): ReadonlyArray<Message> =>
  received.map(({ body }): Message => JSON.parse(body.toString()))

/** A message, as far as tests look at it. */
export interface Message {
  readonly type: string
  readonly xid?: number | null
  readonly is_stream?: boolean
  readonly tuple_data?: Row
  readonly new_tuple_data?: Row
}

interface Row {
  readonly columns: ReadonlyArray<{ readonly data_type: string; readonly data: string }>
}

/** The first column of each row that was inserted. */
export const inserted = (messages: ReadonlyArray<Message>): ReadonlyArray<string | undefined> =>
  messages
    .filter(({ type }) => type === "insert")
    .map(({ tuple_data }) => tuple_data?.columns[0]?.data)
