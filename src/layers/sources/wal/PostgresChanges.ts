// Changes of a Postgres database (12 or later) over its streaming replication protocol.
//
// Two connections for each source: one streams, the other asks the catalog what the stream does not
// say and how the slot stands. Neither goes through a pooler, which cannot do replication.

import { Duration, Effect, Layer, type Scope } from "effect"
import { type Client, escapeIdentifier } from "pg"
import {
  type ChangeStream,
  type ChangeStreamRequest,
  ChangeStreams,
  type ChangeStreamsService,
  type SlotHealth,
} from "../../../actors/index.js"
import { slotMissing, type SourceProblem } from "../../../domain/index.js"
import { describeTypes, primaryKey } from "./Catalog.js"
import { connect, query, textAt } from "./Connect.js"
import { describeUrl } from "./DatabaseUrl.js"
import { lsnAt, missingPublications, prepareServer } from "./PrepareServer.js"
import { makeStartReader, makeTableReader } from "./ReadTables.js"
import { ReplicationFeed } from "./ReplicationFeed.js"
import { problemOf, publicationMissing } from "./ServerProblem.js"
import { lastingSession, streamSettings } from "./SessionSettings.js"
import { makeSpillFiles } from "./SpillFiles.js"

export const service: ChangeStreamsService = {
  open: (request) => open(request),
  dropSlot: (url, slot) =>
    Effect.scoped(
      Effect.flatMap(connect(url, "statements"), (client) =>
        query(
          client,
          `select pg_catalog.pg_drop_replication_slot(slot_name)
           from pg_catalog.pg_replication_slots where slot_name = $1`,
          [slot],
        ),
      ),
    ),
  describeUrl,
}

/** Sources of the kind "wal" for a mesh. */
export const layer: Layer.Layer<never> = Layer.succeed(ChangeStreams, service)

const maxStatusInterval = Duration.seconds(10)
const maxSilence = Duration.seconds(60)

const open = (
  request: ChangeStreamRequest,
): Effect.Effect<ChangeStream, SourceProblem, Scope.Scope> =>
  Effect.gen(function* () {
    const { slot, url } = request
    const statements = yield* connect(url, "statements")
    const replication = yield* connect(url, "replication")
    const [system] = yield* query(replication, "IDENTIFY_SYSTEM")
    const systemId = textAt(system, "systemid") ?? ""
    yield* query(replication, streamSettings(request.valueForms))
    const { confirmed, createdSlot, exported, serverVersion } = yield* prepareServer(
      statements,
      replication,
      systemId,
      request,
    )
    yield* query(statements, lastingSession)
    const atStart =
      exported === undefined
        ? undefined
        : yield* makeStartReader(url, request.publications, exported, confirmed)
    const [timeout] = yield* query(
      statements,
      "select setting from pg_catalog.pg_settings where name = 'wal_sender_timeout'",
    )
    const serverTimeout = Number(textAt(timeout, "setting") ?? "0")
    const statusMillis = Math.max(
      100,
      Math.min(
        Duration.toMillis(maxStatusInterval),
        serverTimeout > 0 ? serverTimeout / 3 : Number.POSITIVE_INFINITY,
      ),
    )
    const feed = new ReplicationFeed(replication, {
      confirmed,
      statusMillis,
      silenceMillis: Duration.toMillis(maxSilence),
      publicationSkipped: Effect.suspend(() => publicationSkipped(statements, request)),
    })
    yield* Effect.addFinalizer(() => feed.close)
    yield* start(replication, feed, slot, startCommand(serverVersion, request))
    const spill = yield* makeSpillFiles
    return {
      systemId,
      createdSlot,
      confirmed,
      readText: (bytes, start, end) => utf8.call(bytes, start, end),
      take: feed.take,
      confirm: (place) => feed.confirm(place),
      atStart,
      ask: () => feed.ask(),
      reader: makeTableReader(url, request.publications),
      describeTypes: (oids) => describeTypes(statements, oids),
      primaryKey: (relation) => primaryKey(statements, relation),
      health: slotHealth(statements, slot),
      heartbeat: Effect.asVoid(
        query(
          statements,
          "select pg_catalog.pg_logical_emit_message(false, 'eventloom.heartbeat', '') where not pg_catalog.pg_is_in_recovery()",
        ),
      ),
      spill,
    }
  })

/**
 * While a publication is missing its changes wait in the log. Those that were made while it was, and
 * are read when it is there again, are lost: the server decodes the past with what was there then.
 */
const publicationSkipped = (
  statements: Client,
  { publications, slot }: ChangeStreamRequest,
): Effect.Effect<void, SourceProblem> =>
  Effect.flatMap(missingPublications(statements, publications), ([missing]) =>
    missing === undefined
      ? Effect.annotateLogs(
          Effect.logWarning("Changes made while a publication was missing are not published"),
          { slot, publications },
        )
      : publicationMissing(missing),
  )

/** The platform's own reading of bytes, without a view of them first. */
const utf8: (this: Uint8Array, start: number, end: number) => string = Reflect.get(
  Buffer.prototype,
  "utf8Slice",
)

/** Values come as text: their binary forms, which can be asked for, differ from type to type. */
export const startCommand = (
  serverVersion: number,
  { messages, publications, slot, streaming }: ChangeStreamRequest,
): string => {
  const version =
    serverVersion >= 160_000 ? 4 : serverVersion >= 150_000 ? 3 : serverVersion >= 140_000 ? 2 : 1
  const options = [
    `proto_version '${version}'`,
    `publication_names ${quoted(publications.map(escapeIdentifier).join(","))}`,
    ...(version >= 2 && messages ? ["messages 'true'"] : []),
    ...(version >= 2 && streaming ? ["streaming 'on'"] : []),
  ]
  return `START_REPLICATION SLOT ${escapeIdentifier(slot)} LOGICAL 0/0 (${options.join(", ")})`
}

/** A text as the grammar of replication commands has it, which knows no escapes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Answers when the server has begun to stream. What ends the stream later ends the feed. */
const start = (
  client: Client,
  feed: ReplicationFeed,
  slot: string,
  command: string,
): Effect.Effect<void, SourceProblem> =>
  Effect.async<void, SourceProblem>((resume) => {
    client.connection.once("replicationStart", () => resume(Effect.void))
    client.query(command).then(
      () => {
        feed.end(problemOf(new Error("the server has ended the stream"), slot))
        resume(slotMissing(slot))
      },
      (error: unknown) => {
        const problem = problemOf(error, slot)
        feed.end(problem)
        resume(problem)
      },
    )
  })

const slotHealth = (statements: Client, slot: string): Effect.Effect<SlotHealth, SourceProblem> =>
  Effect.flatMap(
    query(
      statements,
      `select s.confirmed_flush_lsn::text as confirmed,
         greatest(0, pg_catalog.pg_wal_lsn_diff(
           case when pg_catalog.pg_is_in_recovery()
             then pg_catalog.pg_last_wal_receive_lsn() else pg_catalog.pg_current_wal_lsn() end,
           s.confirmed_flush_lsn))::int8::text as lag,
         to_jsonb(s) ->> 'wal_status' as status,
         to_jsonb(s) ->> 'safe_wal_size' as safe
       from pg_catalog.pg_replication_slots s where s.slot_name = $1`,
      [slot],
    ),
    ([row]) => {
      if (row === undefined) return slotMissing(slot)
      const safe = textAt(row, "safe")
      return Effect.succeed({
        confirmed: lsnAt(row, "confirmed"),
        lagBytes: Number(textAt(row, "lag") ?? "0"),
        walStatus: walStatusOf(textAt(row, "status")),
        safeBytes: safe === undefined ? undefined : Number(safe),
      })
    },
  )

const walStatusOf = (text: string | undefined): SlotHealth["walStatus"] =>
  text === "reserved" || text === "extended" || text === "unreserved" || text === "lost"
    ? text
    : "unknown"
