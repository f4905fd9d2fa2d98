// The sources of a mesh, behind the Promise API.

import type { SourceView, TableSnapshotView } from "../../actors/index.js"
import type { EmbeddedRuntime } from "./EmbeddedRuntime.js"
import * as Inputs from "./Inputs.js"
import type { PostgresSourceOptions } from "./Options.js"
import type { MeshSources } from "./PromiseMesh.js"
import type { SourceInfo, TableSnapshotInfo } from "./Views.js"

const pageSize = 100

export class EmbeddedSources implements MeshSources {
  readonly #runtime: EmbeddedRuntime

  constructor(runtime: EmbeddedRuntime) {
    this.#runtime = runtime
  }

  async postgres(name: string, options: PostgresSourceOptions): Promise<SourceInfo> {
    const source = Inputs.readSourceName(name)
    const input = { kind: "wal", ...Inputs.readSourceOptions(options) }
    const { value } = await this.#runtime.run(this.#runtime.mesh.sources.put(source, input))
    return sourceOf(value)
  }

  async get(name: string): Promise<SourceInfo> {
    const source = Inputs.readSourceName(name)
    return sourceOf(await this.#runtime.run(this.#runtime.mesh.sources.get(source)))
  }

  async list(after?: string): Promise<ReadonlyArray<SourceInfo>> {
    const page = {
      limit: pageSize,
      ...(after === undefined ? {} : { after: Inputs.readSourceName(after) }),
    }
    return (await this.#runtime.run(this.#runtime.mesh.sources.list(page))).map(sourceOf)
  }

  async snapshot(name: string, table: string): Promise<TableSnapshotInfo> {
    const source = Inputs.readSourceName(name)
    return snapshotOf(await this.#runtime.run(this.#runtime.mesh.sources.snapshot(source, table)))
  }

  async remove(name: string): Promise<{ readonly slot: "dropped" | "kept" | "remains" }> {
    const source = Inputs.readSourceName(name)
    return this.#runtime.run(this.#runtime.mesh.sources.remove(source))
  }
}

const sourceOf = ({
  createdAt,
  lagBytes,
  position,
  problem,
  snapshots,
  updatedAt,
  walStatus,
  ...rest
}: SourceView): SourceInfo => ({
  ...rest,
  ...(problem === undefined ? {} : { problem }),
  ...(position === undefined ? {} : { position }),
  ...(lagBytes === undefined ? {} : { lagBytes }),
  ...(walStatus === undefined ? {} : { walStatus }),
  snapshots: snapshots.map(snapshotOf),
  createdAt: new Date(createdAt),
  updatedAt: new Date(updatedAt),
})

const snapshotOf = ({
  endedAt,
  estimatedRows,
  problem,
  requestedAt,
  ...rest
}: TableSnapshotView): TableSnapshotInfo => ({
  ...rest,
  ...(estimatedRows === undefined ? {} : { estimatedRows }),
  ...(problem === undefined ? {} : { problem }),
  requestedAt: new Date(requestedAt),
  ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt) }),
})
