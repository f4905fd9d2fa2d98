// Connections to the database of a source, with its failures as problems of the source.

import { Duration, Effect, type Redacted, type Scope } from "effect"
import { Client, type ClientConfig } from "pg"
import type { SourceProblem } from "../../../domain/index.js"
import { type ChannelBinding, channelBinding, connectionStrings } from "./DatabaseUrl.js"
import { problemOf } from "./ServerProblem.js"

export type Purpose = "statements" | "replication"

export type DatabaseRow = Readonly<Record<string, unknown>>

/** A statement may take this long; a lock on the catalog must not hold a source for ever. */
const statementTimeout = Duration.seconds(30)
const connectTimeout = Duration.seconds(10)

/** What the driver takes besides what its types say. */
interface Config extends ClientConfig {
  readonly replication?: "database"
}

/** A client that is connected; it says goodbye when the scope closes. */
export const connect = (
  url: Redacted.Redacted,
  purpose: Purpose,
): Effect.Effect<Client, SourceProblem, Scope.Scope> =>
  Effect.gen(function* () {
    const [first = "", second] = connectionStrings(url)
    const binding = channelBinding(url)
    const attempt = (connectionString: string) =>
      Effect.acquireRelease(dial(connectionString, purpose, binding), hangUp)
    return yield* second === undefined
      ? attempt(first)
      : Effect.catchIf(
          attempt(first),
          ({ code }) => code === "tls",
          () => attempt(second),
        )
  })

const dial = (
  connectionString: string,
  purpose: Purpose,
  binding: ChannelBinding,
): Effect.Effect<Client, SourceProblem> =>
  Effect.suspend(() => {
    const config: Config = {
      connectionString,
      application_name: "eventloom",
      keepAlive: true,
      enableChannelBinding: binding !== "disable",
      connectionTimeoutMillis: Duration.toMillis(connectTimeout),
      ...(purpose === "replication"
        ? { replication: "database" }
        : { statement_timeout: Duration.toMillis(statementTimeout) }),
    }
    return Effect.tryPromise({
      try: async () => {
        const client = new Client(config)
        // Whoever uses it sees its statements fail; nobody else need hear of it.
        client.on("error", () => {})
        const isBound = watchLogin(client, binding)
        await client.connect()
        if (binding === "require" && !isBound()) throw unboundLogin()
        return client
      },
      catch: (error) => problemOf(error),
    })
  })

const unboundLogin = () =>
  Object.assign(new Error("the server offers no login with channel binding"), {
    code: "ERR_TLS_CHANNEL_BINDING",
  })

/**
 * Answers whether the login was bound to its TLS connection. Where it has to be, nothing is said of a
 * password to a server that asks for it in another way.
 */
const watchLogin = (client: Client, binding: ChannelBinding): (() => boolean) => {
  const { connection } = client
  let isBound = false
  const refuse = () => {
    if (binding === "require") connection.stream.destroy(unboundLogin())
  }
  // Before the driver's own listeners, which answer.
  connection.once("authenticationSASL", (message: unknown) => {
    isBound =
      typeof message === "object" &&
      message !== null &&
      "mechanisms" in message &&
      Array.isArray(message.mechanisms) &&
      message.mechanisms.includes("SCRAM-SHA-256-PLUS")
    if (!isBound) refuse()
  })
  connection.once("authenticationCleartextPassword", refuse)
  connection.once("authenticationMD5Password", refuse)
  return () => isBound
}

const goodbye = Duration.seconds(1)

const hangUp = (client: Client): Effect.Effect<void> =>
  Effect.tryPromise(() => client.end()).pipe(
    Effect.interruptible,
    Effect.timeout(goodbye),
    Effect.ignore,
    Effect.zipRight(Effect.sync(() => client.connection.stream.destroy())),
  )

export const query = (
  client: Client,
  text: string,
  parameters?: ReadonlyArray<unknown>,
): Effect.Effect<ReadonlyArray<DatabaseRow>, SourceProblem> =>
  Effect.tryPromise({
    try: () =>
      parameters === undefined ? client.query(text) : client.query(text, [...parameters]),
    catch: (error) => problemOf(error),
  }).pipe(
    Effect.map((result) => {
      // Several statements in one text have several results.
      const last: unknown = Array.isArray(result) ? result.at(-1) : result
      return rowsOf(last)
    }),
  )

const rowsOf = (result: unknown): ReadonlyArray<DatabaseRow> =>
  typeof result === "object" && result !== null && "rows" in result && Array.isArray(result.rows)
    ? result.rows
    : []

export const textAt = (row: DatabaseRow | undefined, name: string): string | undefined => {
  const value = row?.[name]
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined
}
