// How the server is told what to be: by options, else by the environment, else by default.
//
// A variable that is set but empty counts as not set, as compose files and unit files leave them.

import { Options } from "@effect/cli"
import { Config, Effect, LogLevel, Option, type Redacted, Schema } from "effect"
import type { DeploymentConfig, EmailConfig } from "../../Deployment.js"
import { UsageError } from "../CliErrors.js"

const optional = <A>(options: Options.Options<A>, description: string) =>
  options.pipe(Options.withDescription(description), Options.optional)

export const serveOptions = {
  data: optional(
    Options.text("data"),
    "The folder of the embedded store and of the master key [EVENTLOOM_DATA, default: ./.eventloom]",
  ),
  databaseUrl: optional(
    Options.redacted("database-url"),
    "A Postgres server to store on, instead of the embedded store [EVENTLOOM_DATABASE_URL]",
  ),
  host: optional(Options.text("host"), "Where to listen [EVENTLOOM_HOST, default: 127.0.0.1]"),
  port: optional(
    Options.integer("port"),
    "Where to listen; 0 takes any free port [EVENTLOOM_PORT, default: 8787]",
  ),
  json: Options.boolean("json").pipe(
    Options.withDescription("Print where it listens as JSON for machines"),
  ),
}

export interface ServeFlags {
  readonly data: Option.Option<string>
  readonly databaseUrl: Option.Option<Redacted.Redacted>
  readonly host: Option.Option<string>
  readonly port: Option.Option<number>
  readonly json: boolean
}

/** The value of a variable that is set and not empty. */
const variable = <A, I extends string>(name: string, schema: Schema.Schema<A, I>) =>
  Config.option(Config.nonEmptyString(name)).pipe(
    Effect.flatMap(
      Option.match({
        onNone: () => Effect.succeed(Option.none<A>()),
        onSome: (text) => Effect.asSome(Schema.decodeUnknown(schema)(text)),
      }),
    ),
    Effect.mapError(
      (error) =>
        new UsageError({
          reason: `${name}: ${error._tag === "ParseError" ? error.message : "cannot be read"}`,
        }),
    ),
  )

const named = <A, I>(schema: Schema.Schema<A, I>, message: string) =>
  schema.annotations({ message: () => ({ message, override: true }) })

const portMessage = "must be a port from 0 to 65535"
const Port = named(
  Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 65_535)),
  portMessage,
)
const Switch = named(
  Schema.transformLiterals(
    ["true", true],
    ["1", true],
    ["yes", true],
    ["on", true],
    ["false", false],
    ["0", false],
    ["no", false],
    ["off", false],
  ),
  "must be true or false",
)
const DnsName = named(
  Schema.String.pipe(Schema.pattern(/^(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/i)),
  "must be a DNS name",
)
const Secret = Schema.Redacted(Schema.String)

const orVariable = <A, I extends string>(
  given: Option.Option<A>,
  name: string,
  schema: Schema.Schema<A, I>,
): Effect.Effect<Option.Option<A>, UsageError> =>
  Option.isSome(given) ? Effect.succeed(given) : variable(name, schema)

const required = <A>(name: string, value: Option.Option<A>): Effect.Effect<A, UsageError> =>
  Effect.mapError(
    value,
    () => new UsageError({ reason: `${name}: is required with EMAIL_SMTP_HOST` }),
  )

/** Where alerts are mailed to: the `EMAIL_*` variables; without EMAIL_SMTP_HOST, nowhere. */
const emailConfig: Effect.Effect<EmailConfig | undefined, UsageError> = Effect.gen(function* () {
  const host = Option.getOrUndefined(yield* variable("EMAIL_SMTP_HOST", Schema.String))
  if (host === undefined) return undefined
  const port = Option.getOrElse(yield* variable("EMAIL_SMTP_PORT", Port), () => 587)
  const security = yield* variable(
    "EMAIL_SMTP_SECURITY",
    named(Schema.Literal("starttls", "tls", "none"), "must be starttls, tls or none"),
  )
  const to = yield* required("EMAIL_TO", yield* variable("EMAIL_TO", Schema.String))
  return {
    host,
    port,
    security: Option.getOrElse(security, () => (port === 465 ? "tls" : "starttls")),
    username: Option.getOrUndefined(yield* variable("EMAIL_SMTP_USERNAME", Schema.String)),
    password: Option.getOrUndefined(yield* variable("EMAIL_SMTP_PASSWORD", Secret)),
    from: yield* required("EMAIL_FROM", yield* variable("EMAIL_FROM", Schema.String)),
    to: to.split(",").map((address) => address.trim()),
  }
})

/** What is to be deployed. */
export const deploymentConfig = (flags: ServeFlags): Effect.Effect<DeploymentConfig, UsageError> =>
  Effect.gen(function* () {
    const port = yield* orVariable(flags.port, "EVENTLOOM_PORT", Port)
    if (Option.exists(port, (given) => given < 0 || given > 65_535)) {
      return yield* new UsageError({ reason: `--port ${portMessage}` })
    }
    const host = yield* orVariable(flags.host, "EVENTLOOM_HOST", Schema.String)
    const dataDir = yield* orVariable(flags.data, "EVENTLOOM_DATA", Schema.String)
    if (Option.isSome(flags.data) && Option.isSome(flags.databaseUrl)) {
      return yield* new UsageError({ reason: "Give either --data or --database-url" })
    }
    const databaseUrl = Option.isSome(flags.data)
      ? Option.none()
      : yield* orVariable(flags.databaseUrl, "EVENTLOOM_DATABASE_URL", Secret)
    const allow = yield* variable("EVENTLOOM_ALLOW_PRIVATE_TARGETS", Switch)
    return {
      host: Option.getOrElse(host, () => "127.0.0.1"),
      port: Option.getOrElse(port, () => 8787),
      dataDir: Option.getOrElse(dataDir, () => ".eventloom"),
      databaseUrl: Option.getOrUndefined(databaseUrl),
      adminToken: Option.getOrUndefined(yield* variable("EVENTLOOM_ADMIN_TOKEN", Secret)),
      masterKey: Option.getOrUndefined(yield* variable("EVENTLOOM_MASTER_KEY", Secret)),
      webhookOrigin: Option.getOrUndefined(yield* variable("EVENTLOOM_WEBHOOK_ORIGIN", DnsName)),
      allowPrivateTargets: Option.getOrElse(allow, () => false),
      email: yield* emailConfig,
    }
  })

export const LogFormat = Schema.Literal("pretty", "json", "logfmt")
export type LogFormat = typeof LogFormat.Type

const levels = {
  all: LogLevel.All,
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warn: LogLevel.Warning,
  warning: LogLevel.Warning,
  error: LogLevel.Error,
  fatal: LogLevel.Fatal,
  none: LogLevel.None,
  off: LogLevel.None,
} as const
const levelNames = ["trace", "debug", "info", "warning", "error", "fatal", "none"]
const isLevel = (name: string): name is keyof typeof levels => Object.hasOwn(levels, name)

/** How logs are written: `EVENTLOOM_LOG_LEVEL` and `EVENTLOOM_LOG_FORMAT`. */
export const logConfig = (onTerminal: boolean) =>
  Effect.gen(function* () {
    const name = yield* variable("EVENTLOOM_LOG_LEVEL", Schema.Lowercase)
    const level = Option.getOrElse(name, () => "info")
    if (!isLevel(level)) {
      return yield* new UsageError({
        reason: `EVENTLOOM_LOG_LEVEL: must be one of ${levelNames.join(", ")}`,
      })
    }
    const format = yield* variable(
      "EVENTLOOM_LOG_FORMAT",
      named(LogFormat, `must be one of ${LogFormat.literals.join(", ")}`),
    )
    return {
      level: levels[level],
      format: Option.getOrElse(format, (): LogFormat => (onTerminal ? "pretty" : "logfmt")),
    }
  })
