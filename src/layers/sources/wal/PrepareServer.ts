// What has to be there before changes can be read, checked in an order in which each answer says what
// to do: logical decoding, the publication, the slot.

import { Effect } from "effect"
import { type Client, escapeIdentifier } from "pg"
import type { ChangeStreamRequest } from "../../../actors/index.js"
import { type SourceProblem, splitTableName, type TableName, Wal } from "../../../domain/index.js"
import { type DatabaseRow, query, textAt } from "./Connect.js"
import {
  notLogical,
  otherCluster,
  publicationMissing,
  slotLost,
  slotSynchronised,
  slotUnfit,
  standbyTooOld,
} from "./ServerProblem.js"

export interface Prepared {
  /** As in 150004. */
  readonly serverVersion: number
  readonly createdSlot: boolean
  /** The name of the snapshot where it begins; good until the next command on its connection. */
  readonly exported?: string
  readonly confirmed: Wal.Lsn
}

/** `statements`: an ordinary connection. `systemId`: of the cluster that both are to. */
export const prepareServer = (
  statements: Client,
  replication: Client,
  systemId: string,
  request: ChangeStreamRequest,
): Effect.Effect<Prepared, SourceProblem> =>
  Effect.gen(function* () {
    if (request.systemId !== undefined && request.systemId !== systemId) {
      return yield* otherCluster(request.systemId, systemId)
    }
    const [settings] = yield* query(
      statements,
      `select current_setting('wal_level') as level, current_setting('server_version_num') as version,
         case when pg_catalog.pg_is_in_recovery() then 'standby' end as standby`,
    )
    const level = textAt(settings, "level") ?? ""
    const serverVersion = Number(textAt(settings, "version"))
    if (level !== "logical") return yield* notLogical(level)
    const isStandby = textAt(settings, "standby") !== undefined
    if (isStandby && serverVersion < 160_000) return yield* standbyTooOld
    yield* ensurePublications(statements, request)
    const found = yield* findSlot(statements, request.slot)
    if (found !== undefined) {
      if (isStandby && textAt(found, "synced") === "true") {
        return yield* slotSynchronised(request.slot)
      }
      const confirmed = yield* checkSlot(request.slot, found)
      return { serverVersion, createdSlot: false, confirmed }
    }
    yield* request.beforeCreate(systemId)
    if (request.readsAtStart) {
      const created = yield* createExporting(replication, serverVersion, request)
      return { serverVersion, createdSlot: true, ...created }
    }
    const confirmed = yield* createSlot(statements, serverVersion, request)
    return { serverVersion, createdSlot: true, confirmed }
  })

/** Those that are not there at present. */
export const missingPublications = (
  statements: Client,
  publications: ReadonlyArray<string>,
): Effect.Effect<ReadonlyArray<string>, SourceProblem> =>
  Effect.map(
    query(
      statements,
      "select pubname as name from pg_catalog.pg_publication where pubname = any ($1)",
      [publications],
    ),
    (rows) => {
      const present = new Set(rows.map((row) => textAt(row, "name")))
      return publications.filter((name) => !present.has(name))
    },
  )

const ensurePublications = (
  statements: Client,
  { publications, publicationTables }: ChangeStreamRequest,
): Effect.Effect<void, SourceProblem> =>
  Effect.gen(function* () {
    for (const name of yield* missingPublications(statements, publications)) {
      if (publicationTables === undefined) return yield* publicationMissing(name)
      const tables =
        publicationTables === "all"
          ? "all tables"
          : `table ${publicationTables.map(quoteTable).join(", ")}`
      yield* query(statements, `create publication ${escapeIdentifier(name)} for ${tables}`)
    }
  })

export const quoteTable = (table: TableName): string =>
  splitTableName(table).map(escapeIdentifier).join(".")

const findSlot = (statements: Client, slot: string) =>
  Effect.map(
    query(
      statements,
      `select s.plugin, s.database, current_database() as here, s.slot_type as type,
         s.confirmed_flush_lsn::text as confirmed, to_jsonb(s) ->> 'wal_status' as status,
         coalesce(to_jsonb(s) ->> 'invalidation_reason', to_jsonb(s) ->> 'conflicting') as invalid,
         to_jsonb(s) ->> 'synced' as synced
       from pg_catalog.pg_replication_slots s where s.slot_name = $1`,
      [slot],
    ),
    ([row]) => row,
  )

const checkSlot = (slot: string, row: DatabaseRow): Effect.Effect<Wal.Lsn, SourceProblem> => {
  const [plugin, database, here] = [
    textAt(row, "plugin"),
    textAt(row, "database"),
    textAt(row, "here"),
  ]
  const invalid = textAt(row, "invalid")
  if (textAt(row, "type") !== "logical") return slotUnfit(slot, "is a physical one")
  if (plugin !== "pgoutput") {
    return slotUnfit(slot, `belongs to the plugin "${plugin ?? ""}", not to pgoutput`)
  }
  if (database !== here) return slotUnfit(slot, `is in the database "${database ?? ""}"`)
  if (textAt(row, "status") === "lost") return slotLost(slot, invalid ?? "wal_status is lost")
  if (invalid !== undefined && invalid !== "false") return slotLost(slot, invalid)
  return Effect.succeed(lsnAt(row, "confirmed"))
}

export const lsnAt = (row: DatabaseRow | undefined, name: string): Wal.Lsn =>
  Wal.parseLsn(textAt(row, name) ?? "") ?? Wal.lsnZero

/** Not two-phase: prepared transactions come whole, when they are committed. */
const createSlot = (
  statements: Client,
  serverVersion: number,
  { failover, slot }: ChangeStreamRequest,
): Effect.Effect<Wal.Lsn, SourceProblem> =>
  Effect.gen(function* () {
    // It waits for the end of every transaction under way, however long that takes.
    yield* query(statements, "set statement_timeout = 0")
    const [row] = yield* failover && serverVersion >= 170_000
      ? query(
          statements,
          `select lsn::text from pg_catalog.pg_create_logical_replication_slot($1, 'pgoutput', failover => true)`,
          [slot],
        )
      : query(
          statements,
          `select lsn::text from pg_catalog.pg_create_logical_replication_slot($1, 'pgoutput')`,
          [slot],
        )
    yield* query(statements, "reset statement_timeout")
    return lsnAt(row, "lsn")
  })

/** The same, with a snapshot of the database where the slot begins. */
const createExporting = (
  replication: Client,
  serverVersion: number,
  { failover, slot }: ChangeStreamRequest,
): Effect.Effect<Pick<Prepared, "confirmed" | "exported">, SourceProblem> => {
  const options =
    serverVersion < 150_000
      ? "EXPORT_SNAPSHOT"
      : failover && serverVersion >= 170_000
        ? "(SNAPSHOT 'export', FAILOVER)"
        : "(SNAPSHOT 'export')"
  return Effect.map(
    query(
      replication,
      `CREATE_REPLICATION_SLOT ${escapeIdentifier(slot)} LOGICAL pgoutput ${options}`,
    ),
    ([row]) => {
      const exported = textAt(row, "snapshot_name")
      return {
        confirmed: lsnAt(row, "consistent_point"),
        ...(exported === undefined ? {} : { exported }),
      }
    },
  )
}
