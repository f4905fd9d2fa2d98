// A connection of its own, for what belongs to a session rather than to a statement: an advisory
// lock, LISTEN. It says when it is lost, also when the other side has fallen silent.

import { SqlError } from "@effect/sql/SqlError"
import { Deferred, Duration, Effect, Schedule, type Scope } from "effect"
import { Client, type ClientConfig, type Notification } from "pg"

export interface PostgresSession {
  readonly query: (
    text: string,
    parameters?: ReadonlyArray<unknown>,
  ) => Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>, SqlError>
  readonly onNotification: (listener: (notification: Notification) => void) => Effect.Effect<void>
  /** Fails when the connection is lost; else it never ends. */
  readonly lost: Effect.Effect<never, SqlError>
}

/** How often a silent connection is tried, and how long it has to answer. */
const heartbeat = Duration.seconds(10)
const patience = Duration.seconds(10)

export const openSession = (
  config: ClientConfig,
): Effect.Effect<PostgresSession, SqlError, Scope.Scope> =>
  Effect.gen(function* () {
    const lost = yield* Deferred.make<never, SqlError>()
    const client = new Client({ ...config, keepAlive: true })
    const lose = (cause: unknown) =>
      Deferred.unsafeDone(
        lost,
        Effect.fail(new SqlError({ cause, message: "The connection was lost" })),
      )
    client.on("error", lose)
    client.on("end", () => lose(new Error("the server closed the connection")))
    yield* Effect.addFinalizer(() => end(client))
    yield* Effect.tryPromise({
      try: () => client.connect(),
      catch: (cause) => new SqlError({ cause, message: "Failed to connect" }),
    })

    const query = (text: string, parameters: ReadonlyArray<unknown> = []) =>
      Effect.tryPromise({
        try: () => client.query(text, [...parameters]),
        catch: (cause) => new SqlError({ cause, message: "Failed to execute statement" }),
      }).pipe(
        Effect.map(({ rows }): ReadonlyArray<Readonly<Record<string, unknown>>> => rows),
        Effect.raceFirst(Deferred.await(lost)),
      )

    yield* query("select 1").pipe(
      Effect.timeoutFail({
        duration: patience,
        onTimeout: () => new SqlError({ message: "The server does not answer" }),
      }),
      Effect.repeat(Schedule.spaced(heartbeat)),
      Effect.catchAll((error) => Effect.sync(() => lose(error))),
      Effect.forkScoped,
    )

    return {
      query,
      onNotification: (listener) =>
        Effect.sync(() => {
          client.on("notification", listener)
        }),
      lost: Deferred.await(lost),
    }
  })

/** Says goodbye, but waits for no answer longer than a second. */
const end = (client: Client): Effect.Effect<void> =>
  Effect.promise(() => client.end()).pipe(
    Effect.interruptible,
    Effect.timeoutOption(Duration.seconds(1)),
    Effect.zipRight(Effect.sync(() => client.connection.stream.destroy())),
  )
