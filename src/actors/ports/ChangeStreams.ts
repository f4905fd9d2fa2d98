// Port: the stream of changes of a Postgres database, as its replication protocol sends them.
//
// The adapter speaks the protocol: it connects, checks the server, answers in time, and holds back a
// server that is faster than its reader. What the messages mean is the domain's affair.

import { Context, type Effect, type Redacted, type Scope } from "effect"
import type { SourceProblem, Wal } from "../../domain/index.js"
import type { TableReader } from "./TableReads.js"

export interface ChangeStreamRequest {
  readonly url: Redacted.Redacted
  readonly slot: string
  readonly publications: ReadonlyArray<string>
  /** Tables of a publication that is to be created if it is missing. */
  readonly publicationTables: "all" | ReadonlyArray<string> | undefined
  /** Large transactions are sent while they are under way, where the server can. */
  readonly streaming: boolean
  /** Messages of `pg_logical_emit_message` are sent too, where the server can. */
  readonly messages: boolean
  /**
   * In which text forms values are sent: those that the domain reads, or those that the server, the
   * database and the role are set to.
   */
  readonly valueForms: "domain" | "server"
  /** Where the slot is created, tables can be read as they are where it begins. */
  readonly readsAtStart: boolean
  /** The slot is kept on standbys too, where the server can. */
  readonly failover: boolean
  /** The cluster that the slot must be in; undefined while none has been seen. */
  readonly systemId: string | undefined
  /**
   * Run before a slot that is missing is created; fails when none may be. It says in which cluster,
   * so that it is known whose the slot is even if the process dies in the next moment.
   */
  readonly beforeCreate: (systemId: string) => Effect.Effect<void, SourceProblem>
}

/** The server has sent everything that was committed before this place. */
export class Keepalive {
  readonly walEnd: Wal.Lsn
  constructor(walEnd: Wal.Lsn) {
    this.walEnd = walEnd
  }
}

/** A pgoutput message, or a keepalive; in the order in which they were sent. */
export type ChangeFrame = Uint8Array | Keepalive

/** How the slot stands, by the server. */
export interface SlotHealth {
  readonly confirmed: Wal.Lsn
  /** Bytes of log after `confirmed`, all of which the server keeps for the slot. */
  readonly lagBytes: number
  /** `wal_status` of `pg_replication_slots`; "unreserved" may become "lost" any time. */
  readonly walStatus: "reserved" | "extended" | "unreserved" | "lost" | "unknown"
  /** Bytes that may still be written before the slot is in danger, where there is a limit. */
  readonly safeBytes: number | undefined
}

/** A file for what does not fit into memory; gone with the stream at the latest. */
export interface SpillFile {
  readonly append: (bytes: Uint8Array) => Effect.Effect<void, SourceProblem>
  readonly read: (offset: number, length: number) => Effect.Effect<Uint8Array, SourceProblem>
  readonly remove: Effect.Effect<void>
}

/** Until it is closed, the server clears nothing away, and nobody can alter the tables it has read. */
export interface StartReader extends TableReader {
  readonly close: Effect.Effect<void>
}

export interface ChangeStream {
  readonly systemId: string
  /** Whether the slot was created just now. */
  readonly createdSlot: boolean
  /** The place that the slot had when the stream was opened. */
  readonly confirmed: Wal.Lsn
  readonly readText: Wal.ReadText
  /** What has come since; waits for something. Fails when the stream has ended. */
  readonly take: Effect.Effect<ReadonlyArray<ChangeFrame>, SourceProblem>
  /** Everything before this place is safe here: the server need not keep it. Told to it soon. */
  readonly confirm: (place: Wal.Lsn) => void
  /** Reads tables as they were where the slot begins: only where it was created just now. */
  readonly atStart: StartReader | undefined
  /** Asks the server how far it is: a keepalive comes, now that it has nothing else to send. */
  readonly ask: () => void
  /** Reads tables over a connection of its own, which is closed with the scope. */
  readonly reader: Effect.Effect<TableReader, SourceProblem, Scope.Scope>
  /** What the server's catalog says of types; those that are gone are left out. */
  readonly describeTypes: (
    oids: ReadonlyArray<Wal.Oid>,
  ) => Effect.Effect<ReadonlyArray<readonly [Wal.Oid, Wal.PgType]>, SourceProblem>
  /** The columns of the primary key, in its order; undefined without one. */
  readonly primaryKey: (
    relation: Wal.Oid,
  ) => Effect.Effect<ReadonlyArray<string> | undefined, SourceProblem>
  readonly health: Effect.Effect<SlotHealth, SourceProblem>
  /** Writes a message of no meaning into the log, where the server allows it. */
  readonly heartbeat: Effect.Effect<void, SourceProblem>
  readonly spill: Effect.Effect<SpillFile, SourceProblem>
}

export interface ChangeStreamsService {
  /** Opens the stream where the slot is. Closing the scope confirms what is left, then disconnects. */
  readonly open: (
    request: ChangeStreamRequest,
  ) => Effect.Effect<ChangeStream, SourceProblem, Scope.Scope>
  /** Drops a slot; one that is not there is fine. */
  readonly dropSlot: (url: Redacted.Redacted, slot: string) => Effect.Effect<void, SourceProblem>
  /** `host:port/database`, without credentials; undefined for what is no URL of a database. */
  readonly describeUrl: (url: Redacted.Redacted) => string | undefined
}

/** A deployment that has none of it has no sources. */
export class ChangeStreams extends Context.Reference<ChangeStreams>()("eventloom/ChangeStreams", {
  defaultValue: (): ChangeStreamsService | undefined => undefined,
}) {}
