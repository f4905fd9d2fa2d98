// Makes the image of an empty embedded database that comes with the package: unpacking it takes a quarter
// of the time of making a database. Kept as long as the PGlite that made it is the one installed.

import { statSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { PGlite } from "@electric-sql/pglite"
import { path } from "./bundle.mjs"

const image = path("dist/empty-database.tar.gz")
const maker = fileURLToPath(import.meta.resolve("@electric-sql/pglite"))
const madeAt = statSync(image, { throwIfNoEntry: false })?.mtimeMs ?? 0

if (madeAt < statSync(maker).mtimeMs) {
  const database = await PGlite.create()
  const blob = await database.dumpDataDir("gzip")
  await database.close()
  writeFileSync(image, new Uint8Array(await blob.arrayBuffer()))
}
