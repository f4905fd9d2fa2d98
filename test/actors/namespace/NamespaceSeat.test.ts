// A namespace whose actor is started anew while publishes to its earlier hub are under way: what they
// commit is delivered by the new one, without waiting for the next event.

import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { MeshConfig, Registry, Transports } from "../../../src/actors/index.js"
import type { CommitExit } from "../../../src/actors/journal/GroupCommit.js"
import { makeMeshWorld } from "../../../src/actors/mesh/MeshWorld.js"
import type { NamespaceHub, Route } from "../../../src/actors/namespace/NamespaceHub.js"
import { loadNamespace } from "../../../src/actors/namespace/NamespaceSeat.js"
import { NamespaceName } from "../../../src/domain/index.js"
import * as JsonSchemaValidator from "../../../src/layers/schema/JsonSchemaValidator.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import * as HandlerSlots from "../../../src/layers/transports/handler/HandlerSlots.js"
import { registryOf } from "../../../src/layers/transports/TransportRegistry.js"
import { AesVault } from "../../../src/layers/vault/index.js"
import { numberedFrom } from "../../laws/LawEvents.js"
import { plainNamespace } from "../../laws/LawRecords.js"
import { faulty } from "../../support/FaultyStore.js"
import { StoreFaults } from "../../support/StoreFaults.js"

const name = NamespaceName.make("a.example")

const layer = Layer.mergeAll(
  faulty(MemoryStore.layer),
  MeshConfig.layer({}),
  HandlerSlots.layer,
  JsonSchemaValidator.layer,
  AesVault.layerTest,
  Layer.effect(Transports, registryOf([])),
)

/** A route that was offered all there was when it began, and where it had to read on from. */
const listeningTo = (hub: NamespaceHub) => {
  const heard: Array<number> = []
  const route: Route = {
    offer: ({ sequence }) => void heard.push(sequence),
    offerEphemeral: () => true,
    drop: () => undefined,
    fallBehind: (cursor) => void heard.push(cursor + 1),
    pump: () => undefined,
  }
  hub.route(route, [])
  return heard
}

const setUp = Effect.gen(function* () {
  const world = yield* makeMeshWorld
  const faults = yield* StoreFaults
  yield* Effect.flatMap(Registry, ({ putNamespace }) => putNamespace(plainNamespace(name)))
  const load = Effect.map(loadNamespace(world, name), ({ seat }) => seat.hub)
  const earlier = yield* load
  const publish = (event: number) =>
    Effect.async<CommitExit>((resume) =>
      world.commits.submit(earlier, numberedFrom(name, event, event), (exit) =>
        resume(Effect.succeed(exit)),
      ),
    )
  return { faults, load, publish }
})

describe("A hub that takes the place of another", () => {
  it.scoped("hears of what is committed to the other: the write under way and the next", () =>
    Effect.gen(function* () {
      const { faults, load, publish } = yield* setUp
      const write = yield* faults.hold("Journal.append", "before")
      const first = yield* Effect.fork(publish(1))
      yield* write.reached
      const second = yield* Effect.fork(publish(2))
      yield* Effect.yieldNow()
      const hub = yield* load
      const heard = listeningTo(hub)
      yield* write.release
      yield* first
      expect(heard).toEqual([1])
      yield* second
      expect(heard).toEqual([1, 2])
      expect(hub.head).toBe(2)
    }).pipe(Effect.provide(layer)),
  )

  it.scoped("hears of what is committed while it reads where the journal ends", () =>
    Effect.gen(function* () {
      const { faults, load, publish } = yield* setUp
      const write = yield* faults.hold("Journal.append", "before")
      const first = yield* Effect.fork(publish(1))
      yield* write.reached
      const read = yield* faults.hold("Journal.bounds", "after")
      const loading = yield* Effect.fork(load)
      yield* read.reached
      yield* write.release
      yield* first
      yield* read.release
      expect((yield* loading).head).toBe(1)
    }).pipe(Effect.provide(layer)),
  )
})
