// A mesh over a state in memory that outlives it, with scripted sinks and faults of the store, in
// simulated time: started, stopped and killed as the test likes.

import { Context, Duration, Effect, Exit, Layer, Scope } from "effect"
import {
  Mesh,
  MeshConfig,
  type MeshConfigShape,
  meshLayer,
  type MeshService,
  Transports,
  Vault,
} from "../../src/actors/index.js"
import * as JsonSchemaValidator from "../../src/layers/schema/JsonSchemaValidator.js"
import * as MemoryStore from "../../src/layers/stores/memory/MemoryStore.js"
import { MemoryState } from "../../src/layers/stores/memory/MemoryState.js"
import * as HandlerSlots from "../../src/layers/transports/handler/HandlerSlots.js"
import * as HandlerTransport from "../../src/layers/transports/handler/HandlerTransport.js"
import { entry, registryOf } from "../../src/layers/transports/TransportRegistry.js"
import { AesVault } from "../../src/layers/vault/index.js"
import { faultyFrom } from "./FaultyStore.js"
import { ScriptedSinks } from "./ScriptedTransport.js"
import { Simulation } from "./Simulation.js"
import { Fault, StoreFaults, type StoreFaultsService } from "./StoreFaults.js"

/** Made once: a start of the mesh should cost next to nothing. */
const vault = Layer.succeed(Vault, Effect.runSync(Effect.provide(Vault, AesVault.layerTest)))

interface Running {
  readonly mesh: MeshService
  readonly faults: StoreFaultsService
  readonly scope: Scope.CloseableScope
}

export class TestMesh {
  readonly simulation: Simulation
  readonly sinks: ScriptedSinks
  readonly state: MemoryState
  readonly #config: Partial<MeshConfigShape>
  #running: Running | undefined

  private constructor(
    simulation: Simulation,
    state: MemoryState,
    config: Partial<MeshConfigShape>,
  ) {
    this.simulation = simulation
    this.sinks = new ScriptedSinks(() => simulation.now)
    this.state = state
    // Days of simulated time should not be spent looking for who is stuck every few seconds.
    this.#config = { stuckInterval: Duration.hours(1), ...config }
  }

  /** A mesh that runs. */
  static make(
    simulation: Simulation,
    config: Partial<MeshConfigShape> = {},
  ): Effect.Effect<TestMesh> {
    return Effect.flatMap(MemoryState.make, (state) => {
      const mesh = new TestMesh(simulation, state, config)
      return Effect.as(mesh.start, mesh)
    })
  }

  /** Runs a test in simulated time and stops the mesh at its end. */
  static run<A, E>(
    test: (mesh: TestMesh, simulation: Simulation) => Effect.Effect<A, E>,
    config: Partial<MeshConfigShape> = {},
    seed = 1,
  ): Promise<A> {
    const simulation = new Simulation(seed)
    return simulation.run(
      Effect.flatMap(TestMesh.make(simulation, config), (mesh) =>
        Effect.zipLeft(test(mesh, simulation), mesh.stop),
      ),
    )
  }

  get mesh(): MeshService {
    return this.#now.mesh
  }

  get faults(): StoreFaultsService {
    return this.#now.faults
  }

  get #now(): Running {
    if (this.#running === undefined) throw new Error("the mesh does not run")
    return this.#running
  }

  readonly start: Effect.Effect<void> = Effect.suspend(() =>
    Effect.gen(this, function* () {
      const faults = yield* StoreFaults.make
      const scope = yield* Scope.make()
      const transports = Layer.effect(
        Transports,
        Effect.flatMap(entry(HandlerTransport.make), (handler) =>
          Effect.orDie(registryOf([this.sinks.transport, handler])),
        ),
      )
      const layer = meshLayer.pipe(
        Layer.provide(transports),
        Layer.provide(HandlerSlots.layer),
        Layer.provide(JsonSchemaValidator.layer),
        Layer.provide(MeshConfig.layer(this.#config)),
        Layer.provide(faultyFrom(faults, MemoryStore.layerFrom(this.state))),
        Layer.provide(vault),
      )
      const context = yield* Effect.orDie(Layer.buildWithScope(layer, scope))
      this.#running = { mesh: Context.get(context, Mesh), faults, scope }
    }),
  )

  /** Stops it as a signal would: what is under way may end, progress is written. */
  readonly stopping: Effect.Effect<void> = Effect.suspend(() => {
    const running = this.#running
    this.#running = undefined
    return running === undefined ? Effect.void : Scope.close(running.scope, Exit.void)
  })

  /** Kills it: from this instant on the store hears nothing more of it. */
  readonly dying: Effect.Effect<void> = Effect.suspend(() =>
    Effect.zipRight(this.faults.always("everything", Fault.FailBefore()), this.stopping),
  )

  /** Stops it, letting time pass until it has. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() => this.simulation.finish(this.stopping))

  /** Kills it, letting time pass until nothing of it is left. */
  readonly kill: Effect.Effect<void> = Effect.suspend(() => this.simulation.finish(this.dying))

  readonly restart: Effect.Effect<void> = Effect.zipRight(this.stop, this.start)
}
