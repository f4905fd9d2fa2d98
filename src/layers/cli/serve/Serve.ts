// Runs a deployment until it is interrupted, its store is lost to another process, or it cannot start.

import process from "node:process"
import { Duration, Effect, Exit, Layer, Schema, Scope } from "effect"
import { Mesh } from "../../../actors/index.js"
import { NamespaceName, type Settings, systemNamespace } from "../../../domain/index.js"
import * as Deployment from "../../Deployment.js"
import { HttpServer } from "../../http/index.js"
import { StoreLock } from "../../stores/sql/StoreLock.js"
import { CommandFailed } from "../CliErrors.js"
import { plain } from "../screen/Paint.js"
import { print, printJson, Screen } from "../screen/Screen.js"
import { pairs } from "../screen/Table.js"
import { ensureAlertMails } from "./AlertMails.js"
import { version } from "../Version.js"

const defaultNamespace = Schema.decodeSync(NamespaceName)("default")

const ensureNamespace = (name: NamespaceName, overrides: Settings) =>
  Effect.flatMap(Mesh, ({ namespaces }) =>
    namespaces.get(name).pipe(
      Effect.catchTag("NamespaceNotFound", () => namespaces.put(name, { overrides })),
      Effect.catchTag("NamespaceRemoving", () => Effect.void),
      Effect.mapError(({ message }) => new CommandFailed({ reason: message })),
    ),
  )

/** The namespace that requests which name none act on, and the one whose events are alerts. */
const ensureNamespaces = Effect.zipRight(
  ensureNamespace(defaultNamespace, {}),
  ensureNamespace(systemNamespace, { retentionAge: Duration.days(30) }),
)

export const serve = (
  config: Deployment.DeploymentConfig,
  { json }: { readonly json: boolean },
): Effect.Effect<never, CommandFailed, Screen> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const deployment = Deployment.layer(config).pipe(Layer.mapError(startFailure))
      const run = Effect.gen(function* () {
        const context = yield* Layer.buildWithScope(deployment, scope)
        const stopped = Effect.gen(function* () {
          yield* ensureNamespaces
          if (config.email !== undefined) yield* ensureAlertMails(config.email)
          const server = yield* HttpServer
          yield* Effect.logInfo("Listening").pipe(Effect.annotateLogs({ url: server.url }))
          yield* json ? printJson(readiness(config, server)) : banner(config, server)
          const { lost } = yield* StoreLock
          return yield* lost
        })
        return yield* Effect.provide(stopped, context)
      }).pipe(Effect.mapError(({ message }) => new CommandFailed({ reason: message })))

      const exit = yield* Effect.exit(restore(run))
      if (Exit.isInterrupted(exit)) {
        yield* Effect.sync(() => {
          process.exitCode = 0
        })
        yield* Effect.logInfo(
          "Stopping: deliveries in flight may end; a second signal ends at once",
        )
      }
      yield* Scope.close(scope, exit)
      if (Exit.isInterrupted(exit)) yield* Effect.logInfo("Stopped")
      return yield* exit
    }),
  )

const startFailure = (error: { readonly _tag: string; readonly message: string }) => {
  const hint = error._tag === "ListenFailed" ? " Choose another with --port or EVENTLOOM_PORT." : ""
  return new CommandFailed({ reason: `${error.message}${hint}` })
}

const storeText = ({ databaseUrl, dataDir }: Deployment.DeploymentConfig): string =>
  databaseUrl === undefined
    ? `embedded, in ${dataDir} (outlives the process; a power cut may cost the last moments)`
    : "Postgres"

const keyText = (config: Deployment.DeploymentConfig): string => {
  if (config.masterKey !== undefined) return "EVENTLOOM_MASTER_KEY"
  const file = Deployment.keyFile(config)
  return config.databaseUrl === undefined
    ? file
    : `${file} (keep it: without it the secrets in the database cannot be read)`
}

const banner = (config: Deployment.DeploymentConfig, { url }: HttpServer["Type"]) =>
  Effect.flatMap(Screen, ({ out: { paint } }) =>
    print(
      `${paint.bold("Eventloom")} ${version} listens on ${paint.cyan(url)}`,
      ...pairs(
        [
          ["  store", plain(storeText(config))],
          ["  master key", plain(keyText(config))],
          [
            "  access",
            config.adminToken === undefined
              ? "this machine only: without EVENTLOOM_ADMIN_TOKEN it listens on loopback"
              : "with the operator's token",
          ],
          ["  targets", config.allowPrivateTargets ? "any address" : "public addresses only"],
          ["  api", `${url}/docs`],
        ],
        paint,
      ),
    ),
  )

const readiness = (
  config: Deployment.DeploymentConfig,
  { url, host, port }: HttpServer["Type"],
) => ({
  url,
  host,
  port,
  pid: process.pid,
  version,
  store: config.databaseUrl === undefined ? "embedded" : "postgres",
  ...(config.databaseUrl === undefined ? { dataDir: config.dataDir } : {}),
  masterKey: config.masterKey === undefined ? Deployment.keyFile(config) : "EVENTLOOM_MASTER_KEY",
  loopbackOnly: config.adminToken === undefined,
})
