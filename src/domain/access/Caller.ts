// Who asks for something, and what they may do.

import type { NamespaceName } from "../namespace/index.js"
import type { NamespaceKey } from "./NamespaceKey.js"
import { permits, type KeyScope } from "./KeyScope.js"

export type Caller =
  /** May do everything. */
  | { readonly kind: "operator" }
  /** Who bears a namespace key: may do what its scopes allow, in its namespace. */
  | { readonly kind: "key"; readonly key: NamespaceKey }
  /** The program that the mesh is a part of, or a part of it that gives its name. May do everything. */
  | { readonly kind: "process"; readonly name?: string }

/** Whether there is such a namespace as far as the caller can tell. */
export const canSee = (caller: Caller, namespace: NamespaceName): boolean =>
  caller.kind !== "key" || caller.key.namespace === namespace

/** Whether the caller may do what takes this scope in a namespace. */
export const mayIn = (caller: Caller, namespace: NamespaceName, scope: KeyScope): boolean =>
  caller.kind !== "key" || (caller.key.namespace === namespace && permits(caller.key.scopes, scope))
