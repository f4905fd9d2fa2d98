// The folder of an embedded database: filled from the image of an empty one that comes with the package,
// or by PGlite itself where that image is not to be found (a second against four). Filling it is not one
// step, so a mark lies beside it meanwhile: what a process left half filled when it died, holds nothing
// yet and is filled anew.

import * as fs from "node:fs/promises"
import { createRequire } from "node:module"
import * as path from "node:path"
import type { PGliteOptions } from "@electric-sql/pglite"
import { Effect, type Scope } from "effect"
import type { StoreUnavailable } from "../../../actors/index.js"
import { type EmbeddedDatabase, openDatabase } from "./EmbeddedDatabase.js"
import { unavailableBy } from "./StoreFailure.js"

/** The image of an empty database; undefined where this package runs from somewhere else than its folder. */
export const emptyDatabase: Effect.Effect<Blob | undefined> = Effect.promise(async () => {
  try {
    const root = path.dirname(createRequire(import.meta.url).resolve("eventloom/package.json"))
    return new Blob([await fs.readFile(path.join(root, "dist/empty-database.tar.gz"))])
  } catch {
    return undefined
  }
})

/** How to make a database: from the image, where there is one. */
const fromImage = (options: PGliteOptions): Effect.Effect<PGliteOptions> =>
  Effect.map(emptyDatabase, (image) =>
    image === undefined ? options : { ...options, loadDataDir: image },
  )

/** Opens the database of a folder that this process has locked, or makes one there. */
export const openFolder = (
  dataDir: string,
): Effect.Effect<EmbeddedDatabase, StoreUnavailable, Scope.Scope> => {
  const folder = path.join(dataDir, "pg")
  const mark = path.join(dataDir, "pg.unfilled")
  const inFolder = <A>(operation: string, use: () => Promise<A>) =>
    Effect.tryPromise({ try: use, catch: unavailableBy(operation) })
  return Effect.gen(function* () {
    const filled = yield* inFolder("look into the folder of the store", async () => {
      if (await isThere(mark)) return false
      return isThere(path.join(folder, "PG_VERSION"))
    })
    if (filled) return yield* openDatabase({ dataDir: folder })
    yield* inFolder("empty a folder for the store", async () => {
      await fs.writeFile(mark, "", { mode: 0o600 })
      await fs.rm(folder, { recursive: true, force: true })
    })
    const database = yield* openDatabase(yield* fromImage({ dataDir: folder }), { dataDir: folder })
    yield* inFolder("end the filling of the store", () => fs.rm(mark))
    return database
  })
}

/** Opens a database in memory. */
export const openInMemory: Effect.Effect<EmbeddedDatabase, StoreUnavailable, Scope.Scope> =
  Effect.flatMap(fromImage({}), (options) => openDatabase(options))

const isThere = (file: string): Promise<boolean> =>
  fs.access(file).then(
    () => true,
    () => false,
  )
