// A whole server as one Layer expression: which store, which key, where it listens.

import * as path from "node:path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect, Layer, type Redacted } from "effect"
import * as HttpServer from "./http/HttpServer.js"
import * as SingleProcess from "./SingleProcess.js"
import * as PostgresChanges from "./sources/wal/PostgresChanges.js"
import * as EmbeddedStore from "./stores/sql/EmbeddedStore.js"
import * as PostgresStore from "./stores/sql/PostgresStore.js"
import * as AesVault from "./vault/AesVault.js"
import * as MasterKeyCheck from "./vault/MasterKeyCheck.js"
import * as MasterKeyFile from "./vault/MasterKeyFile.js"

export interface DeploymentConfig {
  readonly host: string
  readonly port: number
  readonly adminToken?: Redacted.Redacted | undefined
  /** The folder of the embedded store, and of the master key where none is given. */
  readonly dataDir: string
  /** A Postgres server to store on, instead of the embedded store. */
  readonly databaseUrl?: Redacted.Redacted | undefined
  /** 32 bytes in base64 or hex; else the key file in the data folder, made when it is missing. */
  readonly masterKey?: Redacted.Redacted | undefined
  readonly allowPrivateTargets: boolean
  /** The DNS name under which webhooks ask for consent. */
  readonly webhookOrigin?: string | undefined
  /** Where alerts are mailed to. */
  readonly email?: EmailConfig | undefined
}

/** A mail server, and who writes to whom. */
export interface EmailConfig {
  readonly host: string
  readonly port: number
  /** Encrypted from the start on port 465, else from the first reply on. */
  readonly security: "starttls" | "tls" | "none"
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted | undefined
  readonly from: string
  readonly to: ReadonlyArray<string>
}

/** Where the master key is kept when none is given. */
export const keyFile = ({ dataDir }: Pick<DeploymentConfig, "dataDir">): string =>
  path.join(dataDir, "master.key")

/** The server, the mesh it serves, and the lock of its store; it runs for as long as the layer lives. */
export const layer = (config: DeploymentConfig) =>
  Layer.unwrapEffect(Effect.as(HttpServer.check(config), serverWithMesh(config)))

const serverWithMesh = (config: DeploymentConfig) => {
  const store =
    config.databaseUrl === undefined
      ? EmbeddedStore.layer({ dataDir: config.dataDir })
      : PostgresStore.layer({ url: config.databaseUrl })
  const key =
    config.masterKey === undefined
      ? MasterKeyFile.layer(keyFile(config))
      : AesVault.layerKey(config.masterKey, "EVENTLOOM_MASTER_KEY")
  const vault = key.pipe(
    Layer.tap(MasterKeyCheck.check),
    Layer.provide(store),
    Layer.provide(NodeContext.layer),
  )
  const { allowPrivateTargets, webhookOrigin } = config
  return HttpServer.layer(config).pipe(
    Layer.provideMerge(SingleProcess.layer({ store, vault, allowPrivateTargets, webhookOrigin })),
    Layer.provideMerge(store),
    Layer.provide(PostgresChanges.layer),
  )
}
