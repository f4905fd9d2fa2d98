// Statements that come again and again are prepared, once for each connection: for a small insert the
// server takes as long to parse and plan it as to do it.

import type { ClientBase } from "pg"

/** How often a text is run before it counts as one that comes again. */
const runsBefore = 4
/** Each costs the server memory in every connection; there are about ten that matter. */
const maxPrepared = 32
/** Texts that are counted. What is made up for the occasion must not push out what comes again. */
const maxCounted = 512

/** Names for the texts worth preparing, the same for all connections of a pool. */
export class PreparedStatements {
  readonly #names = new Map<string, string>()
  readonly #runs = new Map<string, number>()

  /** The name to prepare a text under; undefined when it is not worth it, or not yet. */
  nameOf(text: string): string | undefined {
    const name = this.#names.get(text)
    if (name !== undefined || this.#names.size >= maxPrepared) return name
    const runs = (this.#runs.get(text) ?? 0) + 1
    if (runs >= runsBefore) {
      this.#runs.delete(text)
      this.#names.set(text, `eventloom_${this.#names.size + 1}`)
    } else {
      if (this.#runs.size >= maxCounted) this.#runs.clear()
      this.#runs.set(text, runs)
    }
    return undefined
  }

  /** Has the queries of a connection that take parameters go by their names. */
  serve(client: ClientBase): void {
    const query: (...parameters: ReadonlyArray<unknown>) => unknown = client.query.bind(client)
    Object.defineProperty(client, "query", {
      value: (text: unknown, values: unknown, ...rest: ReadonlyArray<unknown>) => {
        const name =
          typeof text === "string" && Array.isArray(values) && values.length > 0
            ? this.nameOf(text)
            : undefined
        return query(name === undefined ? text : { name, text }, values, ...rest)
      },
    })
  }
}
