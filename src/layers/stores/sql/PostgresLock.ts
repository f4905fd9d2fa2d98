// The exclusive hold of a schema on a Postgres server: an advisory lock of a session of its own, so
// the server lets go of it when the process dies. Where only the connection was lost it is taken
// again at once; in the meantime nothing is appended, and when another process was faster, the hold
// is lost for good. (Whatever happens in between, the unique indexes of the journal let no two
// writers give away the same place.)

import { createHash, randomBytes } from "node:crypto"
import * as os from "node:os"
import type { SqlError } from "@effect/sql/SqlError"
import { Deferred, Duration, Effect, Layer, Ref, Schedule, type Scope } from "effect"
import type { ClientConfig } from "pg"
import { StoreLocked, StoreUnavailable } from "../../../actors/index.js"
import { openSession, type PostgresSession } from "./PostgresSession.js"
import { answering, reasonOfFailure } from "./StoreFailure.js"
import { StoreLock } from "./StoreLock.js"

/** The key of a schema's lock among the advisory locks of its database: 64 bits. */
export const lockKey = (schema: string): string =>
  createHash("sha256").update(`eventloom store ${schema}`).digest().readBigInt64BE().toString()

interface Lock {
  readonly schema: string
  readonly key: string
  /** What this holder's session is called, so that it is told from others. */
  readonly name: string
}

/** Takes the lock in a session, or answers who has it. */
const take = ({ key, name }: Lock, session: PostgresSession) =>
  Effect.gen(function* () {
    const [row] = yield* session.query("select pg_try_advisory_lock($1) as taken", [key])
    if (row?.["taken"] === true) return undefined
    const [holder] = yield* session.query(
      `select a.pid, a.application_name as name, coalesce(a.client_addr::text, 'local') as address
       from pg_locks l join pg_stat_activity a on a.pid = l.pid
       where l.locktype = 'advisory' and l.granted and l.objsubid = 1
         and l.database = (select oid from pg_database where datname = current_database())
         and (l.classid::bigint << 32) | l.objid::bigint = $1`,
      [key],
    )
    // An earlier session of ours, whose end the server has not noticed.
    if (holder?.["name"] === name) {
      yield* session.query("select pg_terminate_backend($1)", [holder["pid"]])
    }
    return `${textOf(holder?.["name"])} at ${textOf(holder?.["address"])}`
  })

const textOf = (value: unknown): string => (typeof value === "string" ? value : "unknown")

/** What a process that died a moment ago held is let go of within this time. */
const patience = Schedule.spaced(Duration.millis(100)).pipe(Schedule.intersect(Schedule.recurs(10)))

const takeSoon = (lock: Lock, session: PostgresSession) =>
  take(lock, session).pipe(
    Effect.flatMap((holder) =>
      holder === undefined
        ? Effect.void
        : Effect.fail(new StoreLocked({ store: `schema "${lock.schema}"`, holder })),
    ),
    Effect.retry({ while: (error) => error._tag === "StoreLocked", schedule: patience }),
  )

const reconnecting = Schedule.exponential(Duration.millis(50)).pipe(
  Schedule.union(Schedule.spaced(Duration.seconds(5))),
)

/** Holds the schema's lock for the life of the layer. */
export const layer = (
  config: ClientConfig,
  schema: string,
): Layer.Layer<StoreLock, StoreLocked | StoreUnavailable> =>
  Layer.scoped(
    StoreLock,
    Effect.gen(function* () {
      const self = `${os.hostname().slice(0, 24)}/${process.pid}/${randomBytes(4).toString("hex")}`
      const lock: Lock = { schema, key: lockKey(schema), name: `eventloom ${self}` }
      const absence = yield* Ref.make<string | undefined>("it is not held yet")
      const first = yield* Deferred.make<void, SqlError | StoreLocked>()
      const lost = yield* Deferred.make<never, StoreLocked>()

      /** One session's life; ends with the failure that ended it. */
      const hold: Effect.Effect<never, SqlError | StoreLocked> = Effect.scoped(
        Effect.gen(function* () {
          const session = yield* openSession({ ...config, application_name: lock.name })
          yield* takeSoon(lock, session)
          yield* Ref.set(absence, undefined)
          yield* Deferred.succeed(first, undefined)
          return yield* session.lost
        }),
      ).pipe(
        Effect.tapError((error) =>
          Ref.set(absence, error._tag === "SqlError" ? reasonOfFailure(error) : error.message),
        ),
      )

      yield* holdAgain(hold, first, lost)
      yield* answering("lock the store")(Deferred.await(first))
      return {
        held: Effect.flatMap(Ref.get(absence), (reason) =>
          reason === undefined
            ? Effect.void
            : new StoreUnavailable({ operation: "write", reason: `the lock is lost: ${reason}` }),
        ),
        lost: Deferred.await(lost),
      }
    }),
  )

/** Holds again and again; the first failure is the layer's, a later `StoreLocked` is the end. */
const holdAgain = (
  hold: Effect.Effect<never, SqlError | StoreLocked>,
  first: Deferred.Deferred<void, SqlError | StoreLocked>,
  lost: Deferred.Deferred<never, StoreLocked>,
): Effect.Effect<void, never, Scope.Scope> =>
  hold.pipe(
    Effect.tapError((error) => Deferred.fail(first, error)),
    Effect.retry({ while: (error) => error._tag === "SqlError", schedule: reconnecting }),
    Effect.catchAll((error) =>
      error._tag === "StoreLocked" ? Deferred.fail(lost, error) : Effect.void,
    ),
    Effect.forkScoped,
    Effect.asVoid,
  )
