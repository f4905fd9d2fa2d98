// What the services of the mesh have in common: pages, puts, and how they fail.

import type { Effect } from "effect"
import type { NamespaceNotFound, NamespaceRemoving } from "../../../domain/index.js"
import type { StoreUnavailable } from "../../ports/index.js"

export interface Listing<Name> {
  /** The last name of the page before. */
  readonly after?: Name
  readonly limit: number
}

/** What a put answers: whether the thing is new, and how it is now. */
export interface Put<A> {
  readonly created: boolean
  readonly value: A
}

/** What is read from or written to the store, which may not answer. */
export type Stored<A, E = never> = Effect.Effect<A, E | StoreUnavailable>

/** The same of a namespace, which may not be there. */
export type InNamespace<A, E = never> = Effect.Effect<
  A,
  E | NamespaceNotFound | NamespaceRemoving | StoreUnavailable
>
