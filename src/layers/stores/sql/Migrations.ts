// The schema of the store, as steps from an empty one. They run at every start, in one transaction.
//
// A step that has been released is never changed; a change is a new step.

import { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Schema } from "effect"
import { initial } from "./migrations/0001-initial.js"
import { access } from "./migrations/0002-access.js"
import { rotation } from "./migrations/0003-rotation.js"
import { redelivery } from "./migrations/0004-redelivery.js"
import { signingKeys } from "./migrations/0005-signing-keys.js"
import { replays } from "./migrations/0006-replays.js"
import { sources } from "./migrations/0007-sources.js"
import { attempts } from "./migrations/0008-attempts.js"
import { eventTypes } from "./migrations/0009-event-types.js"
import { parking } from "./migrations/0010-parking.js"
import { replayMarks } from "./migrations/0011-replay-marks.js"
import { sourceSnapshots } from "./migrations/0012-source-snapshots.js"

/** Its place in the list, counted from 1, is the version it leads to. */
export type Migration = (sql: SqlClient.SqlClient) => Effect.Effect<void, SqlError>

export const migrations: ReadonlyArray<Migration> = [
  initial,
  access,
  rotation,
  redelivery,
  signingKeys,
  replays,
  sources,
  attempts,
  eventTypes,
  parking,
  replayMarks,
  sourceSnapshots,
]

/** The store was written by a later release, whose tables this one does not know. */
export class StoreTooNew extends Schema.TaggedError<StoreTooNew>()("StoreTooNew", {
  found: Schema.Number,
  known: Schema.Number,
}) {
  override get message(): string {
    return `The store has schema version ${this.found}, and this release knows versions up to ${this.known}. Use the release that wrote it, or a later one.`
  }
}

/** The store cannot hold what the journal must give back byte for byte. */
export class StoreUnsuitable extends Schema.TaggedError<StoreUnsuitable>()("StoreUnsuitable", {
  reason: Schema.String,
}) {
  override get message(): string {
    return `The database cannot be used as a store: ${this.reason}`
  }
}

/** Brings the schema to the latest version and answers it. All of it or nothing. */
export const migrate = (
  steps: ReadonlyArray<Migration> = migrations,
): Effect.Effect<number, SqlError | StoreTooNew | StoreUnsuitable, SqlClient.SqlClient> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        const [encoding] = yield* sql<{ readonly server_encoding: string }>`show server_encoding`
        if (encoding?.server_encoding !== "UTF8") {
          const found = encoding?.server_encoding ?? "unknown"
          return yield* new StoreUnsuitable({ reason: `its encoding is ${found}, not UTF8` })
        }
        yield* sql`
          create table if not exists schema_versions (
            version integer primary key,
            migrated_at timestamptz not null default now()
          )`
        const [row] = yield* sql<{ readonly version: number }>`
          select coalesce(max(version), 0) as version from schema_versions`
        const found = row?.version ?? 0
        if (found > steps.length) {
          return yield* new StoreTooNew({ found, known: steps.length })
        }
        for (const [index, step] of steps.entries()) {
          const version = index + 1
          if (version <= found) continue
          yield* step(sql)
          yield* sql`insert into schema_versions (version) values (${version})`
        }
        return steps.length
      }),
    ),
  )
