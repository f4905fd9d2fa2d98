// The store inside the process: Postgres as PGlite, in a folder, with nothing to install.
//
// It survives the death of the process at any instant, and not that of the machine's power: PGlite
// leaves writes to the operating system and never waits for the disk. Take `PostgresStore` for that.
// One process at a time: the folder is locked, and the kernel lets go of it when the process ends.

import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, type Scope } from "effect"
import type { StoreLocked, StorePorts, StoreUnavailable } from "../../../actors/index.js"
import type { EmbeddedDatabase } from "./EmbeddedDatabase.js"
import { openFolder, openInMemory } from "./EmbeddedFolder.js"
import { keepUp } from "./EmbeddedUpkeep.js"
import { lockFolder } from "./FolderLock.js"
import * as LocalInvalidation from "./LocalInvalidation.js"
import { migrate, type StoreTooNew, type StoreUnsuitable } from "./Migrations.js"
import * as SqlStores from "./SqlStores.js"
import { answering } from "./StoreFailure.js"
import { StoreLock } from "./StoreLock.js"

export interface EmbeddedOptions {
  /** The folder of the store; created, readable by its owner only, when it is not there. */
  readonly dataDir: string
}

type Stores = StorePorts | StoreLock
type Failure = StoreLocked | StoreUnavailable | StoreTooNew | StoreUnsuitable

/** Opens the store of a folder, or makes one (a second). `StoreLocked` when another process has it. */
export const layer = ({ dataDir }: EmbeddedOptions): Layer.Layer<Stores, Failure> =>
  storesOver(
    Effect.zipRight(
      lockFolder(dataDir),
      Effect.suspend(() => openFolder(dataDir)),
    ),
  )

/** A store in memory that ends with the layer. */
export const layerInMemory: Layer.Layer<Stores, Failure> = Layer.suspend(() =>
  storesOver(openInMemory),
)

const ownLock = Layer.succeed(StoreLock, { held: Effect.void, lost: Effect.never })

/** Nobody but this process writes what is committed to the disk, so nothing may wait for another. */
const stores = SqlStores.layer({ positionsMayLag: false })

const storesOver = (
  database: Effect.Effect<EmbeddedDatabase, StoreLocked | StoreUnavailable, Scope.Scope>,
): Layer.Layer<Stores, Failure> =>
  Layer.unwrapScoped(
    Effect.map(database, (opened) => {
      const client = PgClient.layerFromPool({ acquire: opened.pool }).pipe(
        Layer.tap((context) => Effect.provide(migrate(), context)),
        Layer.catchAll((error) =>
          Layer.effectContext(answering("open the embedded store")(Effect.fail(error))),
        ),
      )
      const upkeep = Layer.scopedDiscard(Effect.flatMap(SqlClient.SqlClient, keepUp))
      return Layer.mergeAll(
        Layer.provide(Layer.merge(stores, upkeep), Layer.merge(client, ownLock)),
        ownLock,
        LocalInvalidation.layer,
      )
    }),
  )
