// From options to layers: the store, the vault and the log of a mesh. Only what is chosen is loaded.

import { randomBytes } from "node:crypto"
import { join } from "node:path"
import {
  Cause,
  Config,
  Effect,
  HashMap,
  Inspectable,
  Layer,
  Logger,
  LogLevel,
  Option,
  Redacted,
} from "effect"
import { StoreLock } from "../stores/sql/StoreLock.js"
import * as AesVault from "../vault/AesVault.js"
import type { Vault } from "../../actors/index.js"
import type { Stores } from "../SingleProcess.js"
import type { Failure } from "./Failures.js"
import { MeshError } from "./MeshError.js"
import type { LogRecord, MeshOptions, StoreChoice } from "./Options.js"

/** The name of the file, in the folder of an embedded store, with the master key. */
const KEY_FILE = "master.key"

/** The layers that are chosen. What they fail with has a message for people. */
export interface Composed {
  readonly store: Layer.Layer<Stores | StoreLock, Failure>
  readonly vault: Layer.Layer<Vault, Failure | MeshError>
}

export const compose = (
  store: StoreChoice,
  masterKey: string | undefined,
): Effect.Effect<Composed, MeshError> =>
  Effect.gen(function* () {
    const given = yield* givenVault(masterKey)
    if (store === "memory") {
      const { layer } = yield* load(import("../stores/memory/MemoryStore.js"))
      return { store: Layer.merge(layer, ownLock), vault: given ?? randomVault }
    }
    if ("dataDir" in store) {
      const { dataDir } = store
      const { layer } = yield* load(import("../stores/sql/EmbeddedStore.js"))
      return { store: layer({ dataDir }), vault: given ?? keyFileVault(join(dataDir, KEY_FILE)) }
    }
    if (given === undefined) return yield* Effect.fail(keyMissing())
    const { databaseUrl, schema } = store
    const { layer } = yield* load(import("../stores/sql/PostgresStore.js"))
    const url = Redacted.make(databaseUrl)
    return { store: layer({ url, ...(schema === undefined ? {} : { schema }) }), vault: given }
  })

const load = <A>(module: Promise<A>): Effect.Effect<A> => Effect.promise(() => module)

/** Under the key that is given, else the one in the environment. */
const givenVault = (masterKey: string | undefined): Effect.Effect<Composed["vault"] | undefined> =>
  masterKey === undefined
    ? Effect.map(
        Effect.orDie(Config.option(AesVault.masterKeyConfig)),
        Option.match({
          onNone: () => undefined,
          onSome: (text) => AesVault.layerKey(text, "EVENTLOOM_MASTER_KEY"),
        }),
      )
    : Effect.succeed(AesVault.layerKey(Redacted.make(masterKey), "masterKey"))

/** Nobody else can have a store in memory. */
const ownLock = Layer.succeed(StoreLock, { held: Effect.void, lost: Effect.never })

/** Nothing that is sealed outlives a store in memory. */
const randomVault = Layer.suspend(() =>
  AesVault.layerKey(Redacted.make(randomBytes(32).toString("base64"))),
)

const keyFileVault = (path: string) =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const MasterKeyFile = yield* load(import("../vault/MasterKeyFile.js"))
      const NodeFileSystem = yield* load(import("@effect/platform-node/NodeFileSystem"))
      const NodePath = yield* load(import("@effect/platform-node/NodePath"))
      return MasterKeyFile.layer(path).pipe(Layer.provide([NodeFileSystem.layer, NodePath.layer]))
    }),
  )

const keyMissing = () =>
  new MeshError(
    "MasterKeyMissing",
    "A store on a server needs a master key: give `masterKey` or set EVENTLOOM_MASTER_KEY. Make one with `openssl rand -base64 32`.",
  )

/** The log of the mesh: to the function given, else warnings and worse to the standard error. */
export const logLayer = (log: MeshOptions["log"]): Layer.Layer<never> =>
  log === undefined
    ? Layer.merge(
        Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)),
        Logger.minimumLogLevel(LogLevel.Warning),
      )
    : Logger.replace(Logger.defaultLogger, loggerTo(log))

const loggerTo = (log: (record: LogRecord) => void) =>
  Logger.make<unknown, void>(({ annotations, cause, logLevel, message }) => {
    const parts = Array.isArray(message) ? message : [message]
    const texts = parts.filter((part) => typeof part === "string")
    const failures = [
      ...parts.filter((part) => part instanceof Error),
      ...(Cause.isEmpty(cause) ? [] : [Cause.squash(cause)]),
    ]
    const record: LogRecord = {
      level: levelOf(logLevel),
      message: texts.length > 0 ? texts.join(" ") : Inspectable.toStringUnknown(message),
      facts: {
        ...Object.fromEntries(HashMap.toEntries(annotations)),
        ...(failures.length === 0 ? {} : { error: failures[0] }),
      },
    }
    try {
      log(record)
    } catch (thrown) {
      // The mesh must not fail because its log does.
      process.emitWarning(`The log function of the mesh threw: ${String(thrown)}`)
    }
  })

const levelOf = (level: LogLevel.LogLevel): LogRecord["level"] => {
  switch (level._tag) {
    case "All":
    case "None":
    case "Trace":
      return "trace"
    case "Debug":
      return "debug"
    case "Info":
      return "info"
    case "Warning":
      return "warning"
    case "Error":
      return "error"
    case "Fatal":
      return "fatal"
  }
}
