// How the server is told what to be: by options, else by the environment, else by default.

import { Options } from "@effect/cli"
import { Effect, Option, type Redacted, Schema } from "effect"
import type { DeploymentConfig } from "../../Deployment.js"
import { UsageError } from "../CliErrors.js"
import { emailConfig } from "../variables/EmailVariables.js"
import { named, Port, portMessage, Secret, Switch, variable } from "../variables/Variables.js"

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

const DnsName = named(
  Schema.String.pipe(Schema.pattern(/^(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/i)),
  "must be a DNS name",
)

const orVariable = <A, I extends string>(
  given: Option.Option<A>,
  name: string,
  schema: Schema.Schema<A, I>,
): Effect.Effect<Option.Option<A>, UsageError> =>
  Option.isSome(given) ? Effect.succeed(given) : variable(name, schema)

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
      email: yield* emailConfig(),
    }
  })
