// The keys of one namespace, and the audit logs, behind the Promise API.

import { Redacted } from "effect"
import type { AuditEntry, NamespaceKey, NamespaceName } from "../../domain/index.js"
import type { EmbeddedRuntime } from "./EmbeddedRuntime.js"
import * as Inputs from "./Inputs.js"
import type { AuditQuery, KeyOptions } from "./Options.js"
import type { NamespaceKeys } from "./PromiseMesh.js"
import type { AuditRecord, KeyInfo } from "./Views.js"

const pageSize = 100

export class EmbeddedKeys implements NamespaceKeys {
  readonly #namespace: NamespaceName
  readonly #runtime: EmbeddedRuntime

  constructor(namespace: NamespaceName, runtime: EmbeddedRuntime) {
    this.#namespace = namespace
    this.#runtime = runtime
  }

  async create(options: KeyOptions): Promise<KeyInfo & { readonly key: string }> {
    const input = Inputs.readKeyOptions(options)
    const { key, token } = await this.#runtime.run(
      this.#runtime.mesh.keys.create(this.#namespace, input),
    )
    return { ...keyOf(key), key: Redacted.value(token) }
  }

  async list(after?: string): Promise<ReadonlyArray<KeyInfo>> {
    const page = {
      limit: pageSize,
      ...(after === undefined ? {} : { after: Inputs.readKeyId(after) }),
    }
    const found = await this.#runtime.run(this.#runtime.mesh.keys.list(this.#namespace, page))
    return found.map(keyOf)
  }

  async revoke(id: string): Promise<void> {
    await this.#runtime.run(this.#runtime.mesh.keys.revoke(this.#namespace, Inputs.readKeyId(id)))
  }
}

const keyOf = ({ createdAt, expiresAt, id, lastUsedAt, name, scopes }: NamespaceKey): KeyInfo => ({
  id,
  ...(name === undefined ? {} : { name }),
  scopes,
  createdAt: new Date(createdAt),
  ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
  ...(lastUsedAt === undefined ? {} : { lastUsedAt: new Date(lastUsedAt) }),
})

/** The changes of a namespace, or, without one, the operator's. */
export const auditRecords = async (
  runtime: EmbeddedRuntime,
  namespace: NamespaceName | undefined,
  query: AuditQuery,
): Promise<ReadonlyArray<AuditRecord>> => {
  const { after, limit } = Inputs.readAuditQuery(query)
  const page = { limit, ...(after === undefined ? {} : { after }) }
  const { audit } = runtime.mesh
  const found = await runtime.run(
    namespace === undefined ? audit.ofOperator(page) : audit.ofNamespace(namespace, page),
  )
  return found.map(recordOf)
}

const recordOf = ({ at, by, counts, fields, requestId, ...rest }: AuditEntry): AuditRecord => ({
  ...rest,
  at: new Date(at),
  by: {
    kind: by.kind,
    ...("id" in by ? { id: by.id } : {}),
    ...("name" in by && by.name !== undefined ? { name: by.name } : {}),
  },
  ...(fields === undefined ? {} : { fields }),
  ...(counts === undefined ? {} : { counts }),
  ...(requestId === undefined ? {} : { requestId }),
})
