// A disk that is full and has space again, without a disk: no file of the processes may grow beyond a
// limit (RLIMIT_FSIZE), which is lifted later. Needs `prlimit`, of util-linux.

import { execFile } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { promisify } from "node:util"
import { Effect } from "effect"
import { onServer } from "./Postgres.js"

const run = promisify(execFile)

/** Why files cannot be limited here; undefined when they can. */
export const fileLimitMissing: Effect.Effect<string | undefined> = Effect.promise(() =>
  run("prlimit", ["--version"]).then(
    () => undefined,
    () => "prlimit (util-linux) is not installed",
  ),
)

/** Lets no file of the processes grow beyond so many bytes; undefined lifts the limit. */
export const limitFiles = (
  pids: ReadonlyArray<number>,
  bytes: number | undefined,
): Effect.Effect<void> =>
  Effect.promise(async () => {
    for (const pid of pids) {
      // As the owner of the process: another user may not, not even root in most containers.
      const { uid, gid } = await fs.stat(`/proc/${pid}`)
      const as = process.getuid?.() === 0 ? { uid, gid } : {}
      await run("prlimit", ["--pid", String(pid), `--fsize=${bytes ?? "unlimited"}:unlimited`], as)
    }
  })

/** The processes of a server on this machine. */
export const serverProcesses = (url: string): Effect.Effect<ReadonlyArray<number>> =>
  Effect.gen(function* () {
    const [directory] = yield* onServer(url, "show data_directory")
    const file = path.join(String(directory?.["data_directory"]), "postmaster.pid")
    const text = yield* Effect.promise(() => fs.readFile(file, "utf8"))
    const backends = yield* onServer(
      url,
      "select pid from pg_stat_activity where pid <> pg_backend_pid()",
    )
    return [Number.parseInt(text, 10), ...backends.map(({ pid }) => Number(pid))]
  }).pipe(Effect.orDie)
