// PGlite, opened again in the same process after a failure that a server would restart after: a PANIC,
// as when the disk is full and the write-ahead log cannot grow. What was committed is recovered from
// the folder, as after a crash; until that succeeds, statements fail.

import { PGlite, type PGliteOptions } from "@electric-sql/pglite"
import { createPgConfig } from "@electric-sql/pglite/node-postgres"
import { Effect, type Scope } from "effect"
import { Client, type ClientConfig, Pool } from "pg"
import type { StoreUnavailable } from "../../../actors/index.js"
import { unavailableBy } from "./StoreFailure.js"
import { valueParsers } from "./ValueParsers.js"

export interface EmbeddedDatabase {
  /** The connections of a pool, of one at a time, to the database that is open at the moment. */
  readonly pool: Effect.Effect<Pool, never, Scope.Scope>
}

/** Opens the database for as long as the scope is open; after a failure, with the options `again`. */
export const openDatabase = (
  options: PGliteOptions,
  again: PGliteOptions = options,
): Effect.Effect<EmbeddedDatabase, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const first = yield* Effect.tryPromise({
      try: () => PGlite.create(options),
      catch: unavailableBy("open the embedded store"),
    })
    const state: { database: PGlite; failed: boolean } = { database: first, failed: false }
    yield* Effect.addFinalizer(() =>
      state.failed ? Effect.void : Effect.promise(() => state.database.close()),
    )
    // What is only in memory has nothing to be opened again from.
    const canReopen = options.dataDir !== undefined

    const fail = (database: PGlite): void => {
      if (state.database === database) state.failed = true
    }
    const current = (): PGlite => {
      if (!state.failed || !canReopen) return state.database
      const database: PGlite = new PGlite(again)
      state.database = database
      state.failed = false
      database.waitReady.catch(() => fail(database))
      return database
    }

    class EmbeddedClient extends Client {
      constructor(config?: ClientConfig) {
        const database = current()
        const embedded = createPgConfig(database)
        super(Object.assign(embedded, config))
        const { connection } = embedded
        // Nobody waits for what it returns: a failure to open again is told as an event.
        const connect = connection.connect.bind(connection)
        connection.connect = (port, host) =>
          connect(port, host).catch((error: unknown) => {
            connection.emit("error", error)
          })
        // It lets go of all listeners when it ends, and can fail after that.
        const end = connection.end.bind(connection)
        connection.end = () => {
          end()
          connection.on("error", () => {})
        }
        connection.on("errorMessage", (message: { readonly severity?: string }) => {
          if (message.severity !== "PANIC" && message.severity !== "FATAL") return
          fail(database)
          // After the statement has been told why.
          process.nextTick(() => {
            if (connection.listenerCount("error") === 0) return
            connection.emit("error", new Error("the embedded database has failed"))
          })
        })
      }
    }

    // PGlite is one connection: the pool never closes it, and nothing may hold it while asking for it.
    return {
      pool: Effect.acquireRelease(
        Effect.sync(() => {
          const pool = new Pool({
            Client: EmbeddedClient,
            max: 1,
            idleTimeoutMillis: 0,
            types: valueParsers,
          })
          // One that failed while idle is replaced when it is needed.
          pool.on("error", () => {})
          return pool
        }),
        (pool) => Effect.promise(() => pool.end()),
      ),
    }
  })
