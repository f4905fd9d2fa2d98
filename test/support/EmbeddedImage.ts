// An empty embedded database: opening a copy takes a fraction of the time of making one.

import * as fs from "node:fs/promises"
import { createRequire } from "node:module"
import * as os from "node:os"
import * as path from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { Effect, type Scope } from "effect"

const require = createRequire(import.meta.url)

/** Made once per machine and version of PGlite, for making one takes seconds. */
export const emptyImage: Effect.Effect<Blob> = Effect.runSync(
  Effect.cached(
    Effect.promise(async () => {
      const library = await fs.stat(require.resolve("@electric-sql/pglite"))
      const file = path.join(os.tmpdir(), `eventloom-pglite-${Math.round(library.mtimeMs)}.tar`)
      const made = await fs.readFile(file).catch(() => undefined)
      if (made !== undefined) return new Blob([made])
      const database = await PGlite.create()
      const image = await database.dumpDataDir("none")
      await database.close()
      const draft = `${file}.${process.pid}`
      await fs.writeFile(draft, new Uint8Array(await image.arrayBuffer()), { mode: 0o600 })
      await fs.rename(draft, file)
      return image
    }),
  ),
)

export const temporaryDirectory: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "eventloom-"))),
  (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true })),
)

/** The folder of an embedded store whose database has been made, and holds nothing yet. */
export const embeddedFolder: Effect.Effect<string, never, Scope.Scope> = Effect.gen(function* () {
  const image = yield* emptyImage
  const dataDir = yield* temporaryDirectory
  yield* Effect.promise(async () => {
    const database = await PGlite.create({
      dataDir: path.join(dataDir, "pg"),
      loadDataDir: image,
    })
    await database.close()
  })
  return dataDir
})
