// A server with logical decoding, a mesh in memory with sources, and what becomes of changes.

import { randomBytes } from "node:crypto"
import { Context, Effect, Exit, Layer, Logger, LogLevel, Schedule, Scope } from "effect"
import { Client } from "pg"
import { afterAll, beforeAll } from "vitest"
import { Mesh, type MeshService, type SourceView } from "../../../../src/actors/index.js"
import {
  type CloudEvent,
  NamespaceName,
  origin,
  type Sequence,
  SourceName,
} from "../../../../src/domain/index.js"
import * as SingleProcess from "../../../../src/layers/SingleProcess.js"
import * as PostgresChanges from "../../../../src/layers/sources/wal/PostgresChanges.js"
import * as MemoryStore from "../../../../src/layers/stores/memory/MemoryStore.js"
import { MemoryState } from "../../../../src/layers/stores/memory/MemoryState.js"
import { AesVault } from "../../../../src/layers/vault/index.js"
import { freshDatabase, onServer, startServer, type TestServer } from "../../../support/Postgres.js"
import { startInstalled } from "../../../support/PostgresCluster.js"

export const logicalFlags: ReadonlyArray<string> = [
  "-c",
  "wal_level=logical",
  "-c",
  "max_replication_slots=60",
  "-c",
  "max_wal_senders=60",
  "-c",
  "max_prepared_transactions=10",
  "-c",
  "wal_sender_timeout=3s",
  // Transactions of some hundred rows are streamed before they commit.
  "-c",
  "logical_decoding_work_mem=64kB",
]

/** Statements on one connection that stays open. */
export interface Session {
  readonly run: (
    ...statements: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>>
}

export const session = (url: string): Effect.Effect<Session, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const client = new Client({ connectionString: url })
        client.on("error", () => {})
        await client.connect()
        return client
      }),
      (client) => Effect.promise(() => client.end().catch(() => {})),
    ),
    (client) => ({
      run: (...statements) =>
        Effect.promise(async () => {
          let rows: ReadonlyArray<Readonly<Record<string, unknown>>> = []
          for (const statement of statements) rows = (await client.query(statement)).rows
          return rows
        }),
    }),
  )

export interface ServerChoice {
  /** The folder of its binaries; without, the newest there are. */
  readonly bin?: string
  /** More settings. */
  readonly flags?: ReadonlyArray<string>
}

/** The server of a test file: started before its tests, stopped after them. */
export const sharedServer = ({ bin, flags = [] }: ServerChoice = {}): (() => TestServer) => {
  const all = [...logicalFlags, ...flags]
  let server: TestServer | undefined
  const scope = Effect.runSync(Scope.make())
  beforeAll(async () => {
    server = await Effect.runPromise(
      Scope.extend(bin === undefined ? startServer(all) : startInstalled(bin, all), scope),
    )
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return () => {
    if (server === undefined) throw new Error("the server is not there yet")
    return server
  }
}

export const meshOver = (state: MemoryState): Effect.Effect<MeshService, never, Scope.Scope> =>
  Effect.map(
    Effect.orDie(
      Layer.build(
        SingleProcess.layer({
          store: MemoryStore.layerFrom(state),
          vault: AesVault.layerTest,
          allowPrivateTargets: true,
        }).pipe(
          Layer.provide(PostgresChanges.layer),
          Layer.provide(Logger.minimumLogLevel(LogLevel.None)),
        ),
      ),
    ),
    (context) => Context.get(context, Mesh),
  )

export const tenant = NamespaceName.make("acme.example")
export const sourceName = SourceName.make("db")

/** What most tests tell their source. */
export const plainOptions = {
  kind: "wal",
  slot: "s",
  publication: "p",
  namespace: "acme.example",
} as const

export interface SourceRig {
  readonly mesh: MeshService
  readonly state: MemoryState
  /** All events of a namespace once there are so many. */
  readonly events: (
    count: number,
    namespace?: NamespaceName,
  ) => Effect.Effect<ReadonlyArray<CloudEvent>>
  /** The source once it is as wanted. */
  readonly source: (wanted: (view: SourceView) => boolean) => Effect.Effect<SourceView>
}

/** Longer than a connection that is cut while it is made may take to be given up. */
const patience = "25 seconds"

/** Slots are of the whole server, so each test has one of its own. */
export const freshSlot = Effect.sync(() => `s_${randomBytes(6).toString("hex")}`)

export interface StreamingRig extends SourceRig {
  readonly url: string
  readonly slot: string
  readonly sql: Session
  /** Puts the source with other options, and waits until it streams. */
  readonly put: (options?: Readonly<Record<string, unknown>>) => Effect.Effect<SourceView>
}

/** A database with what the statements make, all its tables published, and a source that streams. */
export const streamingRig = (
  server: TestServer,
  statements: ReadonlyArray<string>,
  options: Readonly<Record<string, unknown>> = {},
): Effect.Effect<StreamingRig, never, Scope.Scope> =>
  Effect.gen(function* () {
    const url = yield* Effect.orDie(freshDatabase(server))
    const slot = yield* freshSlot
    // Databases with a slot cannot be dropped.
    yield* Effect.addFinalizer(() => dropSlot(url, slot))
    const sql = yield* session(url)
    yield* sql.run(...statements)
    if (options["publication"] === undefined) yield* sql.run("create publication p for all tables")
    const rig = yield* sourceRig()
    const put: StreamingRig["put"] = (more = {}) =>
      Effect.zipRight(
        Effect.orDie(
          rig.mesh.sources.put(sourceName, {
            ...plainOptions,
            databaseUrl: url,
            slot,
            ...options,
            ...more,
          }),
        ),
        rig.source(({ state }) => state === "streaming"),
      )
    yield* put()
    return { ...rig, url, slot, sql, put }
  })

const dropSlot = (url: string, slot: string): Effect.Effect<void> =>
  onServer(
    url,
    `select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '${slot}'`,
    `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '${slot}'`,
  ).pipe(Effect.retry({ times: 20, schedule: Schedule.spaced("50 millis") }), Effect.ignore)

/** A mesh with the namespace `acme.example`. */
export const sourceRig = (state?: MemoryState): Effect.Effect<SourceRig, never, Scope.Scope> =>
  Effect.gen(function* () {
    const kept = state ?? (yield* MemoryState.make)
    const mesh = yield* meshOver(kept)
    if (state === undefined) yield* Effect.orDie(mesh.namespaces.put(tenant))
    return rigOf(mesh, kept)
  })

const rigOf = (mesh: MeshService, state: MemoryState): SourceRig => ({
  mesh,
  state,
  events: (count, namespace = tenant) =>
    until(`${count} events`, readAll(mesh, namespace), (events) => events.length >= count).pipe(
      Effect.tapErrorCause(() =>
        Effect.flatMap(Effect.option(mesh.sources.get(sourceName)), (view) =>
          Effect.sync(() => console.error(JSON.stringify(view))),
        ),
      ),
    ),
  source: (wanted) => until("the source", Effect.orDie(mesh.sources.get(sourceName)), wanted),
})

/** Asks until it is so. */
export const until = <A>(
  what: string,
  ask: Effect.Effect<A>,
  isSo: (answer: A) => boolean,
): Effect.Effect<A> => {
  let last: A | undefined
  const attempt = Effect.map(ask, (answer) => {
    last = answer
    return answer
  })
  return attempt.pipe(
    Effect.filterOrFail(isSo, () => new NotYet()),
    Effect.retry({
      while: (error) => error instanceof NotYet,
      schedule: Schedule.spaced("25 millis"),
    }),
    Effect.timeoutFail({
      duration: patience,
      onTimeout: () =>
        new Error(`waited in vain for ${what}; last: ${JSON.stringify(last)?.slice(0, 2000)}`),
    }),
    Effect.orDie,
  )
}

class NotYet {
  readonly _tag = "NotYet"
}

const readAll = (
  mesh: MeshService,
  namespace: NamespaceName,
): Effect.Effect<ReadonlyArray<CloudEvent>> =>
  Effect.orDie(
    Effect.gen(function* () {
      const all: Array<CloudEvent> = []
      let after: Sequence = origin
      for (;;) {
        const { events, next } = yield* mesh.events.read(namespace, { after, limit: 1000 })
        for (const { event } of events) all.push(event)
        if (next === undefined) return all
        after = next
      }
    }),
  )
