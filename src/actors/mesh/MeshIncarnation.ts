// What one incarnation of the mesh's actor knows: which namespaces are awake or on their way, and
// which are being removed.

import type { Deferred } from "effect"
import type { NamespaceName, RemovalReport } from "../../domain/index.js"
import type { ActorRef, CellContext, Reply, Supervisor } from "../kernel/index.js"
import type { NamespaceMessage } from "../namespace/NamespaceChart.js"
import type { NamespaceSeat } from "../namespace/NamespaceSeat.js"
import type { MeshMessage, WakeReply } from "./MeshChart.js"

/** The awake namespaces, for those on the path of events. */
export type Seats = Map<NamespaceName, NamespaceSeat>

export type Presence =
  | { readonly _tag: "Waking"; readonly waiting: Array<WakeReply> }
  | { readonly _tag: "Awake"; readonly ref: ActorRef<NamespaceMessage> }
  | {
      readonly _tag: "Stopping"
      readonly waking: Array<WakeReply>
      readonly stopped: Array<Reply<void>>
    }

export interface MeshIncarnation {
  readonly context: CellContext<MeshMessage>
  readonly namespaces: Supervisor
  readonly removals: Supervisor
  readonly presences: Map<NamespaceName, Presence>
  readonly removing: Map<NamespaceName, Removing>
}

export interface Removing {
  readonly account: { report: RemovalReport }
  readonly waiting: Array<Deferred.Deferred<RemovalReport>>
}
