// The master key of an embedded deployment: a file of mode 0600 that is made when it is missing.
//
// The key is written to a file of its own, synced, and then linked to its name, which fails if the
// name is taken: so nobody ever reads half a key, and of two processes that start at once both use
// the key of the one that was first. A key that others may read is refused, not mended: it has to be
// taken for known.

import { randomBytes } from "node:crypto"
import { FileSystem, Path } from "@effect/platform"
import type { PlatformError } from "@effect/platform/Error"
import { Config, Effect, Layer, Option, Redacted, Schema } from "effect"
import { Vault } from "../../actors/index.js"
import * as AesVault from "./AesVault.js"
import { InvalidMasterKey, MASTER_KEY_BYTES, parseMasterKey } from "./MasterKey.js"

/** Others than its owner may read or write the key file. */
export class MasterKeyExposed extends Schema.TaggedError<MasterKeyExposed>()("MasterKeyExposed", {
  path: Schema.String,
  mode: Schema.String,
}) {
  override get message(): string {
    return `The master key file ${this.path} has mode ${this.mode}, so others may know the key. If nobody has read it, run \`chmod 600\` on it.`
  }
}

/** The key file can be neither read nor made. */
export class MasterKeyFileUnusable extends Schema.TaggedError<MasterKeyFileUnusable>()(
  "MasterKeyFileUnusable",
  { path: Schema.String, reason: Schema.String },
) {
  override get message(): string {
    return `The master key file ${this.path} cannot be used: ${this.reason}`
  }
}

const MAX_FILE_BYTES = 1_024
const FOREIGN_BITS = 0o077

const isTaken = (error: PlatformError) =>
  error._tag === "SystemError" && error.reason === "AlreadyExists"
const isMissing = (error: { readonly _tag: string; readonly reason?: string }) =>
  error._tag === "SystemError" && error.reason === "NotFound"

/** The text of the key, from the file at `path`, which is made with its folder when it is missing. */
const readOrCreate = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = (yield* Path.Path).dirname(path)

    const create = Effect.gen(function* () {
      yield* fs.makeDirectory(folder, { recursive: true, mode: 0o700 })
      const draft = `${path}.${randomBytes(6).toString("hex")}.new`
      const write = Effect.scoped(
        Effect.gen(function* () {
          const file = yield* fs.open(draft, { flag: "wx", mode: 0o600 })
          yield* file.writeAll(Buffer.from(`${randomBytes(MASTER_KEY_BYTES).toString("base64")}\n`))
          yield* file.sync
        }),
      )
      yield* write.pipe(
        Effect.zipRight(fs.link(draft, path)),
        Effect.catchIf(isTaken, () => Effect.void),
        Effect.ensuring(Effect.ignore(fs.remove(draft))),
      )
      yield* Effect.scoped(Effect.flatMap(fs.open(folder, { flag: "r" }), (file) => file.sync))
    })

    const read = Effect.gen(function* () {
      const { mode, size, type } = yield* fs.stat(path)
      if (type !== "File" || size > MAX_FILE_BYTES) {
        return yield* new InvalidMasterKey({ origin: path, reason: "it is no key file" })
      }
      // Windows has no such modes; every file has all bits there.
      if (process.platform !== "win32" && (mode & FOREIGN_BITS) !== 0) {
        return yield* new MasterKeyExposed({ path, mode: (mode & 0o777).toString(8) })
      }
      return Redacted.make(yield* fs.readFileString(path))
    })

    const existing = yield* read.pipe(
      Effect.asSome,
      Effect.catchIf(isMissing, () => Effect.succeedNone),
    )
    return Option.isSome(existing) ? existing.value : yield* Effect.zipRight(create, read)
  }).pipe(
    Effect.catchTags({
      SystemError: ({ message }) => new MasterKeyFileUnusable({ path, reason: message }),
      BadArgument: ({ message }) => new MasterKeyFileUnusable({ path, reason: message }),
    }),
  )

/** The master key in the file at `path`. */
export const load = (path: string) =>
  Effect.flatMap(readOrCreate(path), (text) => parseMasterKey(text, path))

/** Under the key in the file at `path`. */
export const layer = (path: string) =>
  Layer.effect(
    Vault,
    Effect.map(load(path), (key) => AesVault.make(key)),
  )

/** Under `EVENTLOOM_MASTER_KEY` where that is set, else under the key in the file at `path`. */
export const layerConfigOr = (path: string) =>
  Layer.unwrapEffect(
    Effect.map(
      Config.option(AesVault.masterKeyConfig),
      Option.match({
        onNone: () => layer(path),
        onSome: (text) => AesVault.layerKey(text, "EVENTLOOM_MASTER_KEY"),
      }),
    ),
  )
