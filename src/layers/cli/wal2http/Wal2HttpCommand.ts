// eventloom wal2http: changes of a database to one sink, told what to do by the variables of wal2http.
// The most common have options, which win over them.

import process from "node:process"
import { Command, Options } from "@effect/cli"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import { CommandFailed } from "../CliErrors.js"
import * as Logs from "../Logs.js"
import { Screen } from "../screen/Screen.js"
import { logConfig } from "../variables/LogVariables.js"
import { wal2HttpConfig } from "./Wal2HttpVariables.js"

const optional = <A>(options: Options.Options<A>, description: string) =>
  options.pipe(Options.withDescription(description), Options.optional)

const options = {
  databaseUrl: optional(
    Options.redacted("database-url"),
    "The database to read: postgres://user:password@host:5432/database [DATABASE_URL]",
  ),
  slot: optional(Options.text("slot"), "Its replication slot [SLOT_NAME, default: sub]"),
  publication: optional(Options.text("publication"), "Its publication [PUB_NAME, default: pub]"),
  sink: optional(
    Options.text("sink"),
    "hook0, http or stdout [EVENT_SINK, default: the first of these that is configured]",
  ),
  httpEndpoint: optional(
    Options.redacted("http-endpoint"),
    "Where each message is posted to as JSON [HTTP_ENDPOINT_URL]",
  ),
  deadLetters: optional(
    Options.text("dead-letters"),
    "The file that keeps what is given up on [EVENTLOOM_DEAD_LETTERS, default: a file in EVENTLOOM_DATA]",
  ),
  lagBudget: optional(
    Options.text("lag-budget"),
    "Log kept for the slot, such as 500MB, before somebody is told [EVENTLOOM_LAG_BUDGET, default: 1GiB]",
  ),
  lagLimit: optional(
    Options.text("lag-limit"),
    "Log kept for the slot before what fails is given up on [EVENTLOOM_LAG_LIMIT, default: none]",
  ),
}

type Flags = {
  readonly [Name in keyof typeof options]: Option.Option<string | Redacted.Redacted>
}

const variableOf: Readonly<Record<keyof Flags, string>> = {
  databaseUrl: "DATABASE_URL",
  slot: "SLOT_NAME",
  publication: "PUB_NAME",
  sink: "EVENT_SINK",
  httpEndpoint: "HTTP_ENDPOINT_URL",
  deadLetters: "EVENTLOOM_DEAD_LETTERS",
  lagBudget: "EVENTLOOM_LAG_BUDGET",
  lagLimit: "EVENTLOOM_LAG_LIMIT",
}

const names = Object.keys(variableOf) as ReadonlyArray<keyof Flags>

/** Options as the variables that they stand for. */
const given = (flags: Flags): ConfigProvider.ConfigProvider =>
  ConfigProvider.fromMap(
    new Map(
      names.flatMap((name) =>
        Option.match(flags[name], {
          onNone: () => [],
          onSome: (value) => [
            [variableOf[name], Redacted.isRedacted(value) ? Redacted.value(value) : value] as const,
          ],
        }),
      ),
    ),
  )

export const wal2HttpCommand = Command.make("wal2http", options, (flags) =>
  Effect.gen(function* () {
    const { err, out } = yield* Screen
    const logs = yield* logConfig(err.isTerminal)
    const run = Effect.gen(function* () {
      const config = yield* Effect.configProviderWith((environment) =>
        Effect.withConfigProvider(
          wal2HttpConfig,
          ConfigProvider.orElse(given(flags), () => environment),
        ),
      )
      // The drivers are loaded by this command alone.
      const { wal2http } = yield* Effect.promise(() => import("../../wal2http/Wal2Http.js"))
      yield* wal2http(config, { write: out.write }).pipe(
        Effect.mapError(({ message }) => new CommandFailed({ reason: message })),
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            process.exitCode = 0
          }),
        ),
      )
    })
    yield* Effect.provide(run, Logs.layer({ ...logs, colours: err.paint.isColoured }))
  }),
).pipe(
  Command.withDescription(
    "Send changes of a Postgres database to Hook0 (HOOK0_API_URL, HOOK0_APPLICATION_ID, HOOK0_API_TOKEN), an HTTP endpoint or the standard output, and mail failures (EMAIL_...)",
  ),
)
