import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { Vault } from "../../../src/actors/index.js"
import { AesVault, MasterKeyFile } from "../../../src/layers/vault/index.js"

const scratch = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())
const modeOf = (path: string) =>
  Effect.map(
    Effect.flatMap(FileSystem.FileSystem, (fs) => fs.stat(path)),
    ({ mode }) => mode & 0o777,
  )

describe("the master key file", () => {
  it.layer(NodeContext.layer)((it) => {
    it.scoped("is made for its owner only, in a folder for its owner only", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = `${yield* scratch}/data`
        const path = `${folder}/master.key`
        const { id } = yield* MasterKeyFile.load(path)
        expect(yield* modeOf(path)).toBe(0o600)
        expect(yield* modeOf(folder)).toBe(0o700)
        expect(yield* fs.readDirectory(folder)).toEqual(["master.key"])
        expect((yield* MasterKeyFile.load(path)).id).toBe(id)
      }),
    )

    it.scoped("is the same for all that start at once", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* scratch
        const starts = Effect.replicateEffect(MasterKeyFile.load(`${folder}/key`), 20, {
          concurrency: "unbounded",
        })
        expect(new Set((yield* starts).map(({ id }) => id)).size).toBe(1)
        expect(yield* fs.readDirectory(folder)).toEqual(["key"])
      }),
    )

    it.scoped("is refused when others may read it", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${yield* scratch}/key`
        yield* MasterKeyFile.load(path)
        yield* fs.chmod(path, 0o640)
        expect(yield* Effect.flip(MasterKeyFile.load(path))).toMatchObject({
          _tag: "MasterKeyExposed",
          mode: "640",
        })
      }),
    )

    it.scoped.each(["", "not a key", "x".repeat(5_000)])("is refused with %j in it", (text) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${yield* scratch}/key`
        yield* fs.writeFileString(path, text, { mode: 0o600 })
        const error = yield* Effect.flip(MasterKeyFile.load(path))
        expect(error._tag).toBe("InvalidMasterKey")
        expect(yield* fs.readFileString(path)).toBe(text)
      }),
    )

    it.scoped("is refused where no file can be", () =>
      Effect.gen(function* () {
        const folder = yield* scratch
        yield* MasterKeyFile.load(`${folder}/key`)
        const error = yield* Effect.flip(MasterKeyFile.load(`${folder}/key/below`))
        expect(error._tag).toBe("MasterKeyFileUnusable")
        expect(yield* Effect.flip(MasterKeyFile.load(folder))).toMatchObject({
          _tag: "InvalidMasterKey",
        })
      }),
    )

    it.scoped("is not touched when the environment has a key", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${yield* scratch}/key`
        const sealed = (environment: ReadonlyMap<string, string>) =>
          Effect.flatMap(Vault, ({ seal }) => seal("a", Redacted.make("x"))).pipe(
            Effect.provide(Layer.fresh(MasterKeyFile.layerConfigOr(path))),
            Effect.withConfigProvider(ConfigProvider.fromMap(new Map(environment))),
          )
        const byEnvironment = yield* sealed(new Map([["EVENTLOOM_MASTER_KEY", "00".repeat(32)]]))
        expect(yield* fs.exists(path)).toBe(false)
        const { open } = yield* Effect.provide(Vault, AesVault.layerTest)
        expect(Redacted.value(yield* open("a", byEnvironment))).toBe("x")
        const byFile = yield* sealed(new Map())
        expect(yield* fs.exists(path)).toBe(true)
        expect(yield* Effect.flip(open("a", byFile))).toMatchObject({ _tag: "SecretUnreadable" })
      }),
    )
  })
})
