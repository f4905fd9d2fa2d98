import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { Mesh, Removals } from "../../../src/actors/index.js"
import { beginRemoval, NamespaceName, RemovalId, removalSteps } from "../../../src/domain/index.js"
import * as SingleProcess from "../../../src/layers/SingleProcess.js"
import { MemoryState } from "../../../src/layers/stores/memory/MemoryState.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import * as AesVault from "../../../src/layers/vault/AesVault.js"
import { faultyFrom } from "../../support/FaultyStore.js"
import { StoreFaults } from "../../support/StoreFaults.js"

const namespace = NamespaceName.make("acme.example")

describe("a removal that is asked for while it is being resumed", () => {
  it.scopedLive("is one removal, and who waits for it is answered", () =>
    Effect.gen(function* () {
      const state = yield* MemoryState.make
      const faults = yield* StoreFaults.make
      const store = MemoryStore.layerFrom(state)
      const meshOver = (stores: typeof store) =>
        SingleProcess.layer({ store: stores, vault: AesVault.layerTest })
      yield* Effect.provide(
        Effect.flatMap(Mesh, (mesh) => mesh.namespaces.put(namespace)),
        meshOver(store),
      )
      yield* Effect.provide(
        Effect.flatMap(Removals, (removals) =>
          removals.begin(beginRemoval(namespace, 0, RemovalId.make("r0"))),
        ),
        store,
      )
      const resumed = yield* faults.hold("Removals.pending", "after")
      const asked = yield* faults.hold("Removals.begin", "after")
      const first = yield* faults.hold("Removals.record", "before")
      yield* Effect.gen(function* () {
        const mesh = yield* Mesh
        const remove = yield* Effect.fork(mesh.namespaces.remove(namespace, { wait: "20 seconds" }))
        yield* asked.reached
        yield* resumed.reached
        yield* resumed.release
        yield* first.reached
        yield* asked.release
        yield* first.release
        const report = yield* Fiber.join(remove)
        expect(report.steps.map(({ step }) => step)).toEqual(removalSteps)
      }).pipe(Effect.provide(Layer.fresh(meshOver(faultyFrom(faults, store)))))
    }),
  )
})
