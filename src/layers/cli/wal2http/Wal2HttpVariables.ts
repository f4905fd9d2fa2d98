// The environment of wal2http, variable by variable: which sink, and all that is needed to reach it.

import * as path from "node:path"
import { Effect, Option, Redacted, Schema } from "effect"
import { ByteSize, ByteSizeText, Identifier, SlotName } from "../../../domain/index.js"
import type { EmailConfig } from "../../Deployment.js"
import { describeUrl } from "../../sources/wal/DatabaseUrl.js"
import { urlOfKeywords } from "../../wal2http/ConnectionKeywords.js"
import type { SinkConfig, Wal2HttpConfig } from "../../wal2http/Wal2HttpConfig.js"
import { UsageError } from "../CliErrors.js"
import { emailConfig } from "../variables/EmailVariables.js"
import { named, Secret, Switch, variable } from "../variables/Variables.js"

const HttpUrl = named(
  Schema.String.pipe(
    Schema.filter((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)),
  ),
  "must be an http:// or https:// URL",
)
const SinkKind = named(
  Schema.Lowercase.pipe(Schema.compose(Schema.Literal("http", "hook0", "stdout"))),
  "must be one of: http, hook0, stdout",
)
const Uuid = named(Schema.UUID, "must be a UUID")

const get = <A, I extends string>(name: string, schema: Schema.Schema<A, I>) =>
  Effect.map(variable(name, schema), Option.getOrUndefined)

const missing = (name: string, why: string) =>
  new UsageError({ reason: `${name}: is required ${why}` })

/** The variables of Hook0, when all three are there. */
const hook0: Effect.Effect<Extract<SinkConfig, { kind: "hook0" }> | undefined, UsageError> =
  Effect.gen(function* () {
    const url = yield* get("HOOK0_API_URL", HttpUrl)
    const applicationId = yield* get("HOOK0_APPLICATION_ID", Uuid)
    const token = yield* get("HOOK0_API_TOKEN", Secret)
    if (url === undefined || applicationId === undefined || token === undefined) {
      const isPartial = [url, applicationId, token].some((value) => value !== undefined)
      if (isPartial) yield* Effect.logWarning("Hook0 is not used: not all HOOK0_ variables are set")
      return undefined
    }
    const createEventTypes = (yield* get("HOOK0_CREATE_EVENT_TYPES", Switch)) ?? false
    return { kind: "hook0", url: new URL(url), applicationId, token, createEventTypes }
  })

const http: Effect.Effect<Extract<SinkConfig, { kind: "http" }> | undefined, UsageError> =
  Effect.map(get("HTTP_ENDPOINT_URL", HttpUrl), (url) =>
    url === undefined ? undefined : { kind: "http", url: Redacted.make(new URL(url)) },
  )

/** The one that EVENT_SINK names; else Hook0, then HTTP, then the standard output, by what is there. */
const sinkConfig: Effect.Effect<SinkConfig, UsageError> = Effect.gen(function* () {
  switch (yield* get("EVENT_SINK", SinkKind)) {
    case "hook0": {
      for (const name of ["HOOK0_API_URL", "HOOK0_APPLICATION_ID", "HOOK0_API_TOKEN"]) {
        if ((yield* get(name, Schema.String)) === undefined) {
          return yield* missing(name, "with EVENT_SINK=hook0")
        }
      }
      return (yield* hook0) ?? (yield* missing("HOOK0_API_URL", "with EVENT_SINK=hook0"))
    }
    case "http":
      return (yield* http) ?? (yield* missing("HTTP_ENDPOINT_URL", "with EVENT_SINK=http"))
    case "stdout":
      return { kind: "stdout" }
    case undefined:
      return (yield* hook0) ?? (yield* http) ?? { kind: "stdout" }
  }
})

const defaultLagBudget = ByteSize.make(1024 ** 3)

/** Credentials that do not leave the machine need no encryption, and relays there rarely offer it. */
const presetSecurity = (host: string, port: number): EmailConfig["security"] =>
  port === 465 ? "tls" : isLoopback(host) ? "none" : "starttls"

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(host)

/** Incomplete, they do not keep the command from its work. */
const mails = emailConfig(presetSecurity).pipe(
  Effect.catchAll(({ message }) =>
    Effect.as(Effect.logWarning("No mail will tell of failures", message), undefined),
  ),
)

export const wal2HttpConfig: Effect.Effect<Wal2HttpConfig, UsageError> = Effect.gen(function* () {
  const stated = yield* get("DATABASE_URL", Secret)
  if (stated === undefined) {
    return yield* missing("DATABASE_URL", "(postgres://user:password@host:5432/database)")
  }
  const databaseUrl = Redacted.make(
    Option.getOrElse(urlOfKeywords(Redacted.value(stated)), () => Redacted.value(stated)),
  )
  if (describeUrl(databaseUrl) === undefined) {
    return yield* new UsageError({ reason: "DATABASE_URL: must be a postgres:// URL" })
  }
  const slot = (yield* get("SLOT_NAME", SlotName)) ?? "sub"
  const folder = (yield* get("EVENTLOOM_DATA", Schema.String)) ?? ".eventloom"
  const deadLetters = yield* get("EVENTLOOM_DEAD_LETTERS", Schema.String)
  return {
    databaseUrl,
    slot,
    publication: (yield* get("PUB_NAME", Identifier)) ?? "pub",
    sink: yield* sinkConfig,
    email: yield* mails,
    deadLetters: deadLetters ?? path.join(folder, `wal2http-${slot}-dead-letters.jsonl`),
    lagBudget: (yield* get("EVENTLOOM_LAG_BUDGET", ByteSizeText)) ?? defaultLagBudget,
    lagLimit: yield* get("EVENTLOOM_LAG_LIMIT", ByteSizeText),
  }
})
