import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Either, Exit, Option, Scope } from "effect"
import { Mesh } from "../../../src/actors/index.js"
import { CloudEvent, NamespaceName, SinkName, SubscriptionName } from "../../../src/domain/index.js"
import * as SingleProcess from "../../../src/layers/SingleProcess.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import * as AesVault from "../../../src/layers/vault/AesVault.js"

const namespace = NamespaceName.make("acme.example")
const name = "watch"
const event = Either.getOrThrow(CloudEvent.make({ id: "1", source: "/s", type: "a.b" }))
const layer = SingleProcess.layer({ store: MemoryStore.layer, vault: AesVault.layerTest })

describe("a sink with nobody to deliver to", () => {
  it.scopedLive("starts no delivery, keeps the events and lets the mesh go at once", () =>
    Effect.gen(function* () {
      const mesh = yield* Mesh
      yield* mesh.namespaces.put(namespace)
      const first = yield* Scope.make()
      yield* Scope.extend(
        mesh.handle(namespace, name, {}, () => undefined),
        first,
      )
      yield* Scope.close(first, Exit.void)
      yield* mesh.publish(namespace, [event])
      expect((yield* mesh.metrics).inFlightDeliveries).toBe(0)
      const sink = yield* mesh.sinks.get(namespace, SinkName.make(name))
      expect(sink.state).toBe("waiting")
      // Pausing waits for what is in flight: nothing is.
      const pause = mesh.subscriptions.pause(namespace, SubscriptionName.make(name))
      expect(Option.isSome(yield* Effect.timeoutOption(pause, "5 seconds"))).toBe(true)
      yield* mesh.subscriptions.resume(namespace, SubscriptionName.make(name))

      const arrived = yield* Deferred.make<string>()
      yield* mesh.handle(namespace, name, {}, ({ id }) =>
        Effect.asVoid(Deferred.succeed(arrived, id)),
      )
      expect(yield* Deferred.await(arrived)).toBe("1")
    }).pipe(Effect.provide(layer)),
  )

  it.scopedLive("is not made of a sink of another kind", () =>
    Effect.gen(function* () {
      const mesh = yield* Mesh
      yield* mesh.namespaces.put(namespace)
      yield* mesh.sinks.put(namespace, SinkName.make(name), { kind: "stdout" })
      const handle = mesh.handle(namespace, name, {}, () => undefined)
      expect(yield* Effect.flip(handle)).toMatchObject({ _tag: "InvalidSetting", field: "name" })
    }).pipe(Effect.provide(layer)),
  )
})
