// The smallest mesh to try a fault on: one namespace, and a handler that writes down what it gets.

import { Context, Effect, Either, Layer, Logger, LogLevel, Schedule, type Scope } from "effect"
import { CloudEvent, Mesh, type MeshService, NamespaceName, type Receipt } from "../../src/index.js"
import * as SingleProcess from "../../src/layers/SingleProcess.js"
import * as AesVault from "../../src/layers/vault/AesVault.js"

export const namespace = NamespaceName.make("acme.example")

export const event = (id: string, data: unknown = id): CloudEvent =>
  Either.getOrThrow(CloudEvent.make({ id, source: "/faults", type: "fault.tried", data }))

/** A mesh over the store, for as long as the scope is open. */
export const meshOver = <E>(
  store: Layer.Layer<SingleProcess.Stores, E>,
): Effect.Effect<MeshService, never, Scope.Scope> =>
  Effect.map(
    Layer.build(
      SingleProcess.layer({ store, vault: AesVault.layerTest, allowPrivateTargets: true }).pipe(
        Layer.orDie,
        // The failures that are caused on purpose are not news.
        Layer.provide(Logger.minimumLogLevel(LogLevel.None)),
      ),
    ),
    (context) => Context.get(context, Mesh),
  )

/** Registers the namespace with a handler; answers the ids that it has got, in their order. */
export const collect = (
  mesh: MeshService,
): Effect.Effect<ReadonlyArray<string>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const got: Array<string> = []
    yield* Effect.orDie(mesh.namespaces.put(namespace))
    yield* Effect.orDie(
      mesh.handle(namespace, "collect", { startAt: "earliest" }, ({ id }) =>
        Effect.sync(() => {
          got.push(id)
        }),
      ),
    )
    return got
  })

/** Publishes until it is acknowledged, or the time is over. */
export const publishAtLast = (
  mesh: MeshService,
  ...events: ReadonlyArray<CloudEvent>
): Effect.Effect<ReadonlyArray<Receipt>, Error> =>
  mesh.publish(namespace, events).pipe(Effect.retry(soon))

const soon = Schedule.spaced("20 millis").pipe(Schedule.upTo("25 seconds"))

/** Waits until it holds. */
export const until = (holds: () => boolean): Effect.Effect<void> =>
  Effect.sync(holds).pipe(
    Effect.repeat({ until: (is) => is, schedule: Schedule.spaced("10 millis") }),
    Effect.asVoid,
  )
