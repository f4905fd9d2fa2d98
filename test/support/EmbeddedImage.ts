// An empty embedded database, made once per process: opening a copy takes a fraction of making one.

import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { Effect, type Scope } from "effect"

export const emptyImage: Effect.Effect<Blob> = Effect.runSync(
  Effect.cached(
    Effect.promise(async () => {
      const database = await PGlite.create()
      const image = await database.dumpDataDir("none")
      await database.close()
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
