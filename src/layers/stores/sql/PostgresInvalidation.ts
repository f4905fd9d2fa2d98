// Invalidation through LISTEN and NOTIFY, to every process on the same schema.

import { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Deferred, Duration, Effect, Layer, Option, PubSub, Schedule, Schema, Stream } from "effect"
import { type ClientConfig, escapeIdentifier } from "pg"
import { Invalidation, type StoreUnavailable } from "../../../actors/index.js"
import { NamespaceName } from "../../../domain/index.js"
import { openSession } from "./PostgresSession.js"
import { answering } from "./StoreFailure.js"

const decode = Schema.decodeUnknownOption(NamespaceName)

const reconnecting = Schedule.exponential(Duration.millis(50)).pipe(
  Schedule.union(Schedule.spaced(Duration.seconds(5))),
)

/** Listens before the layer is built; after each gap it says "all". */
export const layer = (
  config: ClientConfig,
  schema: string,
): Layer.Layer<Invalidation, StoreUnavailable, SqlClient.SqlClient> =>
  Layer.scoped(
    Invalidation,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const channel = `eventloom_${schema}`
      const heard = yield* Effect.acquireRelease(
        PubSub.unbounded<NamespaceName | "all">(),
        PubSub.shutdown,
      )
      const listening = yield* Deferred.make<void, SqlError>()

      const listen = Effect.scoped(
        Effect.gen(function* () {
          const session = yield* openSession({ ...config, application_name: "eventloom listen" })
          yield* session.onNotification(({ payload }) => {
            heard.unsafeOffer(Option.getOrElse(decode(payload), () => "all" as const))
          })
          yield* session.query(`listen ${escapeIdentifier(channel)}`)
          const isFirst = yield* Deferred.succeed(listening, undefined)
          if (!isFirst) yield* PubSub.publish(heard, "all" as const)
          return yield* session.lost
        }),
      )

      yield* listen.pipe(
        Effect.tapError((error) => Deferred.fail(listening, error)),
        Effect.retry(reconnecting),
        Effect.ignore,
        Effect.forkScoped,
      )
      yield* answering("listen for invalidations")(Deferred.await(listening))
      return {
        broadcast: (namespace) =>
          sql`select pg_notify(${channel}, ${namespace})`.pipe(
            Effect.asVoid,
            answering("broadcast an invalidation"),
          ),
        invalidations: Stream.fromPubSub(heard),
      }
    }),
  )
