import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Logger, LogLevel, Redacted } from "effect"
import { wal2HttpConfig } from "../../../src/layers/cli/wal2http/Wal2HttpVariables.js"
import { runCli } from "./support/Run.js"

type Variables = Readonly<Record<string, string>>

const DATABASE_URL = "postgresql://user:password@localhost:5432/dbname"

const hook0: Variables = {
  HOOK0_API_URL: "https://api.hook0.com",
  HOOK0_APPLICATION_ID: "550e8400-e29b-41d4-a716-446655440000",
  HOOK0_API_TOKEN: "sk_test",
}
const http: Variables = { HTTP_ENDPOINT_URL: "http://localhost:3000/events" }
const mail: Variables = {
  EMAIL_SMTP_HOST: "smtp.example.com",
  EMAIL_SMTP_PORT: "587",
  EMAIL_SMTP_USERNAME: "me@example.com",
  EMAIL_SMTP_PASSWORD: "secret",
  EMAIL_FROM: "me@example.com",
  EMAIL_TO: "ops@example.com",
}

const read = (variables: Variables) =>
  wal2HttpConfig.pipe(
    Effect.withConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries({ DATABASE_URL, ...variables }))),
    ),
    Effect.provide(Logger.minimumLogLevel(LogLevel.None)),
  )

describe("the variables of wal2http", () => {
  it.effect("need the database alone", () =>
    Effect.gen(function* () {
      const { databaseUrl, ...rest } = yield* read({})
      expect(Redacted.value(databaseUrl)).toBe(DATABASE_URL)
      expect(rest).toEqual({
        slot: "sub",
        publication: "pub",
        sink: { kind: "stdout" },
        email: undefined,
        deadLetters: ".eventloom/wal2http-sub-dead-letters.jsonl",
        lagBudget: 1024 ** 3,
        lagLimit: undefined,
      })
    }),
  )

  it.effect("take the database in both forms of libpq", () =>
    Effect.gen(function* () {
      const cases = [
        ["host=db.example port=5433 user=me dbname=shop", "postgresql://me@db.example:5433/shop"],
        [
          String.raw`user = 'm e' password='a\'b\\ @/' host=::1 dbname=shop sslmode=require`,
          String.raw`postgresql://m%20e:a'b%5C%20%40%2F@[::1]/shop?sslmode=require`,
        ],
        [
          "host=/var/run/postgresql dbname=shop user=me",
          "postgresql:///shop?user=me&host=%2Fvar%2Frun%2Fpostgresql",
        ],
        ["dbname=shop", "postgresql://localhost/shop"],
        ["postgres://h/d?sslmode=require", "postgres://h/d?sslmode=require"],
      ] as const
      for (const [stated, url] of cases) {
        const { databaseUrl } = yield* read({ DATABASE_URL: stated })
        expect(Redacted.value(databaseUrl)).toBe(url)
      }
      for (const broken of ["host", "host=a =b", "host='a", "shop"]) {
        expect((yield* Effect.flip(read({ DATABASE_URL: broken }))).message).toContain(
          "DATABASE_URL",
        )
      }
    }),
  )

  it.effect("choose Hook0, then HTTP, then the standard output, unless EVENT_SINK does", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [Variables, string]> = [
        [{ ...hook0, ...http }, "hook0"],
        [http, "http"],
        // Of Hook0 all three are needed.
        [{ ...hook0, ...http, HOOK0_API_TOKEN: "" }, "http"],
        [{ ...hook0, HOOK0_API_URL: "" }, "stdout"],
        [{ ...hook0, ...http, EVENT_SINK: "http" }, "http"],
        [{ ...hook0, ...http, EVENT_SINK: "HOOK0" }, "hook0"],
        [{ ...hook0, ...http, EVENT_SINK: "Stdout" }, "stdout"],
        [{ ...http, EVENT_SINK: "" }, "http"],
      ]
      for (const [variables, kind] of cases) {
        expect((yield* read(variables)).sink.kind, JSON.stringify(variables)).toBe(kind)
      }
    }),
  )

  it.effect("are refused by name, and without what is secret in them", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [Variables, string]> = [
        [{ DATABASE_URL: "" }, "DATABASE_URL: is required"],
        [{ DATABASE_URL: "mysql://u:hidden@h/d" }, "DATABASE_URL: must be"],
        [{ SLOT_NAME: "a-b" }, "SLOT_NAME: must be 1 to 63 of a-z, 0-9 and '_'"],
        [{ PUB_NAME: "x".repeat(64) }, "PUB_NAME: must be"],
        [{ EVENT_SINK: "kafka" }, "EVENT_SINK: must be one of: http, hook0, stdout"],
        [{ EVENT_SINK: "http" }, "HTTP_ENDPOINT_URL: is required with EVENT_SINK=http"],
        [{ HTTP_ENDPOINT_URL: "ftp://u:hidden@h/" }, "HTTP_ENDPOINT_URL: must be an http"],
        [{ ...hook0, EVENT_SINK: "hook0", HOOK0_API_TOKEN: "" }, "HOOK0_API_TOKEN: is required"],
        [{ ...hook0, HOOK0_APPLICATION_ID: "1" }, "HOOK0_APPLICATION_ID: must be a UUID"],
        [{ EVENTLOOM_LAG_LIMIT: "5" }, "EVENTLOOM_LAG_LIMIT: "],
      ]
      for (const [variables, message] of cases) {
        const error = yield* Effect.flip(read(variables))
        expect(error.message).toContain(message)
        expect(error.message).not.toContain("hidden")
      }
    }),
  )

  it.effect(
    "mail failures when they are complete, and keep nobody from work when they are not",
    () =>
      Effect.gen(function* () {
        expect((yield* read(mail)).email).toMatchObject({
          host: "smtp.example.com",
          security: "starttls",
          to: ["ops@example.com"],
        })
        const local = yield* read({
          ...mail,
          EMAIL_SMTP_HOST: "localhost",
          EMAIL_SMTP_PORT: "1025",
        })
        expect(local.email?.security).toBe("none")
        expect((yield* read({ ...mail, EMAIL_SMTP_PORT: "465" })).email?.security).toBe("tls")
        for (const broken of [{ EMAIL_TO: "" }, { EMAIL_SMTP_PORT: "many" }]) {
          expect((yield* read({ ...mail, ...broken })).email).toBeUndefined()
        }
      }),
  )

  it.effect("give way to options", () =>
    Effect.gen(function* () {
      const wrong = yield* runCli(["wal2http", "--sink", "kafka"], {
        env: { DATABASE_URL, EVENT_SINK: "stdout" },
      })
      expect(wrong).toEqual({
        code: 2,
        out: "",
        err: "error: EVENT_SINK: must be one of: http, hook0, stdout\n",
      })
      const help = yield* runCli(["wal2http", "--help"])
      expect(help.out).toContain("[DATABASE_URL]")
    }),
  )
})
