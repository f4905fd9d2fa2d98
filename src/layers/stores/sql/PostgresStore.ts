// The store on a Postgres server (15 or later), in a schema of its own.
//
// The connection must be to the server itself or through a pooler in session mode: the lock of the
// store and LISTEN belong to sessions. Failing over to a standby is a lost connection like any other.

import { Socket } from "node:net"
import type { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Layer, Redacted, type Scope } from "effect"
import { type ClientConfig, escapeIdentifier, Pool } from "pg"
import type {
  Invalidation,
  StoreLocked,
  StorePorts,
  StoreUnavailable,
} from "../../../actors/index.js"
import { migrate, StoreUnsuitable, type StoreTooNew } from "./Migrations.js"
import * as PostgresInvalidation from "./PostgresInvalidation.js"
import * as PostgresLock from "./PostgresLock.js"
import { PreparedStatements } from "./PreparedStatements.js"
import * as SqlStores from "./SqlStores.js"
import { answering } from "./StoreFailure.js"
import type { StoreLock } from "./StoreLock.js"
import { valueParsers } from "./ValueParsers.js"

export interface PostgresOptions {
  readonly url: Redacted.Redacted
  /** The schema that holds the tables, created when it is not there. Default "eventloom". */
  readonly schema?: string
  /** Default 10. Two more connections hold the lock and listen. */
  readonly maxConnections?: number
  /** How long to wait for a connection. Default 5 seconds. */
  readonly connectTimeout?: Duration.DurationInput
  /** What a statement may take before the server cancels it. Default 30 seconds. */
  readonly statementTimeout?: Duration.DurationInput
}

type Stores = StorePorts | StoreLock
type Failure = StoreLocked | StoreUnavailable | StoreTooNew | StoreUnsuitable

/** The lock is taken and the schema migrated before the layer is built. */
export const layer = (options: PostgresOptions): Layer.Layer<Stores, Failure> =>
  withSettings(options, (settings) => {
    const lock = PostgresLock.layer(settings.session, settings.schema)
    const client = clientLayer(settings).pipe(
      Layer.tap((context) => Effect.provide(prepareSchema(settings.schema), context)),
      Layer.catchAll((error) =>
        Layer.effectContext(answering("open the store")(Effect.fail(error))),
      ),
    )
    return Layer.merge(
      SqlStores.layer({ positionsMayLag: true }),
      PostgresInvalidation.layer(settings.session, settings.schema),
    ).pipe(Layer.provide(client), Layer.provideMerge(lock))
  })

/** Invalidation alone, for a process that shares the caches of a store that another one holds. */
export const invalidation = (
  options: PostgresOptions,
): Layer.Layer<Invalidation, StoreUnavailable | StoreUnsuitable> =>
  withSettings(options, (settings) =>
    PostgresInvalidation.layer(settings.session, settings.schema).pipe(
      Layer.provide(
        Layer.catchAll(clientLayer(settings), (error) =>
          Layer.effectContext(answering("open the store")(Effect.fail(error))),
        ),
      ),
    ),
  )

interface Settings {
  readonly schema: string
  readonly maxConnections: number
  readonly statementTimeoutMillis: number
  readonly session: ClientConfig
}

/** A name that needs no quoting, short enough to be part of a channel's. */
const schemaName = /^[a-z_][a-z0-9_]{0,47}$/

const withSettings = <A, E>(
  options: PostgresOptions,
  build: (settings: Settings) => Layer.Layer<A, E>,
): Layer.Layer<A, E | StoreUnsuitable> => {
  const { schema = "eventloom", maxConnections = 10 } = options
  if (!schemaName.test(schema)) {
    const reason = "the name of its schema must be 1 to 48 of a-z, 0-9 and '_', no digit first"
    return Layer.fail(new StoreUnsuitable({ reason }))
  }
  return build({
    schema,
    maxConnections,
    statementTimeoutMillis: Duration.toMillis(options.statementTimeout ?? "30 seconds"),
    session: {
      connectionString: Redacted.value(options.url),
      connectionTimeoutMillis: Duration.toMillis(options.connectTimeout ?? "5 seconds"),
    },
  })
}

const clientLayer = (
  settings: Settings,
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError> =>
  PgClient.layerFromPool({ acquire: makePool(settings) })

/** Longer than any statement may take: a connection this silent has lost its server. */
const silenceMillis = (statementTimeoutMillis: number) => statementTimeoutMillis + 10_000

const makePool = (settings: Settings): Effect.Effect<Pool, SqlError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const { schema, statementTimeoutMillis, session, maxConnections } = settings
      const pool = new Pool({
        ...session,
        max: maxConnections,
        application_name: "eventloom",
        keepAlive: true,
        // Idle connections are closed before they count as silent.
        idleTimeoutMillis: 5_000,
        types: valueParsers,
        statement_timeout: Math.round(statementTimeoutMillis),
        // Runs once on each new connection. Not a start-up option: one in the URL would replace it.
        verify: (client, done) => {
          client.query(`set search_path to ${escapeIdentifier(schema)}`, (error: Error | null) =>
            done(error ?? undefined),
          )
        },
      })
      const statements = new PreparedStatements()
      pool.on("connect", (client) => {
        statements.serve(client)
        const { stream } = client.connection
        if (!(stream instanceof Socket)) return
        stream.setTimeout(silenceMillis(statementTimeoutMillis), () =>
          stream.destroy(new Error("the server does not answer")),
        )
      })
      // A connection lost while idle is replaced when it is needed.
      pool.on("error", () => {})
      return pool
    }),
    (pool) => Effect.promise(() => pool.end()),
  )

const prepareSchema = (schema: string) =>
  Effect.flatMap(PgClient.PgClient, (sql) =>
    sql
      .unsafe(`create schema if not exists ${escapeIdentifier(schema)}`)
      .pipe(Effect.zipRight(migrate())),
  )
