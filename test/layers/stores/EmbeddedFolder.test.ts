import * as fs from "node:fs/promises"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { emptyDatabase } from "../../../src/layers/stores/sql/EmbeddedFolder.js"
import * as EmbeddedStore from "../../../src/layers/stores/sql/EmbeddedStore.js"
import { temporaryDirectory } from "../../support/TemporaryDirectory.js"

const opened = (dataDir: string) => Effect.scoped(Layer.build(EmbeddedStore.layer({ dataDir })))

it.scopedLive("a folder that was being filled when the process died is filled anew", () =>
  Effect.gen(function* () {
    const dataDir = yield* temporaryDirectory
    yield* opened(dataDir)
    // As it is left halfway: with the mark, the version, and without most of the rest.
    yield* Effect.promise(async () => {
      await fs.writeFile(path.join(dataDir, "pg.unfilled"), "")
      await fs.rm(path.join(dataDir, "pg/global"), { recursive: true })
      await fs.rm(path.join(dataDir, "pg/base"), { recursive: true })
    })
    yield* opened(dataDir)
    const names = yield* Effect.promise(() => fs.readdir(dataDir))
    expect(names).toEqual(["pg"])
  }),
)

it.effect("the package as it is built has the image of an empty database", () =>
  Effect.map(emptyDatabase, (image) => expect(image?.size).toBeGreaterThan(1_000_000)),
)
