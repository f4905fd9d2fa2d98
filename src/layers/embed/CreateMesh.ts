// The mesh behind plain promises: made from options, one process, one call.

import { Effect, Layer, ManagedRuntime } from "effect"
import { Mesh } from "../../actors/index.js"
import * as SingleProcess from "../SingleProcess.js"
import * as ChangesOnDemand from "../sources/wal/ChangesOnDemand.js"
import { StoreLock } from "../stores/sql/StoreLock.js"
import * as MasterKeyCheck from "../vault/MasterKeyCheck.js"
import { compose, logLayer } from "./Composition.js"
import { auditRecords } from "./EmbeddedKeys.js"
import { EmbeddedNamespace } from "./EmbeddedNamespace.js"
import { EmbeddedRuntime } from "./EmbeddedRuntime.js"
import { EmbeddedSources } from "./EmbeddedSources.js"
import * as Inputs from "./Inputs.js"
import { orThrow } from "./Failures.js"
import type { MeshError } from "./MeshError.js"
import type { AuditQuery, MeshOptions, NamespaceSettings } from "./Options.js"
import type { MeshNamespace, MeshSources, PromiseMesh } from "./PromiseMesh.js"
import type { ActorNode, AuditRecord, MeshHealth } from "./Views.js"

const namesPerPage = 100

/**
 * Starts a mesh. Rejects with a `MeshError`: `StoreLocked` when another process has the store,
 * `StoreUnavailable` when it cannot be reached, `InvalidSetting` for an option that is wrong.
 */
export const createMesh = async (options: MeshOptions): Promise<PromiseMesh> => {
  const { allowPrivateTargets = false, log, masterKey, store, tuning = {} } = options
  const choice = Inputs.readStore(store)
  const config = Inputs.readTuning(tuning)
  const layer = Layer.unwrapEffect(
    Effect.map(compose(choice, masterKey), (composed) => {
      const vault = Layer.provide(Layer.tap(composed.vault, MasterKeyCheck.check), composed.store)
      return Layer.provideMerge(
        SingleProcess.layer({ store: composed.store, vault, allowPrivateTargets, config }),
        Layer.merge(composed.store, ChangesOnDemand.layer),
      )
    }),
  ).pipe(
    // The standard transports have three different kinds.
    Layer.catchAll((error) =>
      error._tag === "DuplicateTransport" ? Layer.die(error) : Layer.fail(error),
    ),
    Layer.provideMerge(logLayer(log)),
  )
  const managed = ManagedRuntime.make(layer)
  const started = await Effect.runPromiseExit(
    Effect.flatMap(managed.runtimeEffect, (runtime) =>
      Effect.provide(
        Effect.map(
          Effect.all([Mesh, StoreLock, Effect.clock]),
          ([mesh, lock, clock]) =>
            new EmbeddedRuntime(mesh, lock, clock, runtime, () => managed.dispose()),
        ),
        runtime,
      ),
    ),
  )
  return new EmbeddedMesh(orThrow(started))
}

class EmbeddedMesh implements PromiseMesh {
  readonly sources: MeshSources
  readonly #runtime: EmbeddedRuntime

  constructor(runtime: EmbeddedRuntime) {
    this.sources = new EmbeddedSources(runtime)
    this.#runtime = runtime
  }

  async namespace(text: string, settings?: NamespaceSettings): Promise<MeshNamespace> {
    const { namespaces } = this.#runtime.mesh
    const name = Inputs.readNamespaceName(text)
    const input = settings === undefined ? undefined : Inputs.readSettings(settings)
    const put = namespaces.put(name, input)
    await this.#runtime.run(
      // Without settings, those that it has are left alone.
      input === undefined
        ? Effect.catchTag(namespaces.get(name), "NamespaceNotFound", () => put)
        : put,
    )
    return new EmbeddedNamespace(name, this.#runtime)
  }

  async namespaces(after?: string): Promise<ReadonlyArray<string>> {
    const page = {
      limit: namesPerPage,
      ...(after === undefined ? {} : { after: Inputs.readNamespaceName(after) }),
    }
    const found = await this.#runtime.run(this.#runtime.mesh.namespaces.list(page))
    return found.map(({ name }) => name)
  }

  audit(query: AuditQuery = {}): Promise<ReadonlyArray<AuditRecord>> {
    return auditRecords(this.#runtime, undefined, query)
  }

  actors(): Promise<ActorNode> {
    return this.#runtime.run(this.#runtime.mesh.actors)
  }

  get lost(): Promise<MeshError> {
    return this.#runtime.lost
  }

  health(): Promise<MeshHealth> {
    return this.#runtime.run(
      Effect.map(this.#runtime.mesh.health, ({ parkedSinks, problems, ready, stuckSources }) => ({
        ready,
        problems,
        parkedSinks,
        stuckSources,
      })),
    )
  }

  close(): Promise<void> {
    return this.#runtime.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
