// Temporary files for large transactions, in a folder of their own that goes with the stream. They hold
// rows of the database, so nobody else may read them.

import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, type Scope } from "effect"
import type { SpillFile } from "../../../actors/index.js"
import { SourceProblem } from "../../../domain/index.js"

const spillProblem = (error: unknown): SourceProblem =>
  new SourceProblem({
    code: "spill",
    reason: `A transaction that is too large for memory cannot be kept on disk: ${error instanceof Error ? error.message : String(error)}.`,
    remedy: "Make room in the folder for temporary files, or raise bufferBytes.",
  })

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, SourceProblem> =>
  Effect.tryPromise({ try: run, catch: spillProblem })

/** Makes files; the folder is made with the first. */
export const makeSpillFiles: Effect.Effect<
  Effect.Effect<SpillFile, SourceProblem>,
  never,
  Scope.Scope
> = Effect.gen(function* () {
  let folder: Promise<string> | undefined
  let files = 0
  const open = new Set<fs.FileHandle>()
  yield* Effect.addFinalizer(() =>
    Effect.promise(async () => {
      for (const handle of open) await handle.close().catch(() => {})
      if (folder !== undefined) await fs.rm(await folder, { recursive: true, force: true })
    }).pipe(Effect.catchAllCause((cause) => Effect.logWarning("Temporary files remain", cause))),
  )
  return attempt(async () => {
    folder ??= fs.mkdtemp(path.join(os.tmpdir(), "eventloom-wal-"))
    const file = path.join(await folder, `transaction-${files++}`)
    const handle = await fs.open(file, "wx+", 0o600)
    open.add(handle)
    let end = 0
    return {
      append: (bytes) =>
        attempt(async () => {
          await handle.write(bytes, 0, bytes.length, end)
          end += bytes.length
        }),
      read: (offset, length) =>
        attempt(async () => {
          const buffer = Buffer.allocUnsafe(length)
          const { bytesRead } = await handle.read(buffer, 0, length, offset)
          if (bytesRead !== length) throw new Error("the file is shorter than what was written")
          return buffer
        }),
      remove: Effect.promise(async () => {
        open.delete(handle)
        await handle.close().catch(() => {})
        await fs.rm(file, { force: true }).catch(() => {})
      }),
    }
  })
})
