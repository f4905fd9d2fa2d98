// What the mesh's actor decides: whether namespaces may be woken and removed.

import type { Deferred } from "effect"
import { setup } from "xstate"
import type {
  NamespaceName,
  NamespaceNotFound,
  NamespaceRemoving,
  RemovalReport,
} from "../../domain/index.js"
import type { ActorExit, ActorRef, Reply } from "../kernel/index.js"
import type { NamespaceMessage } from "../namespace/NamespaceChart.js"
import type { StoreUnavailable } from "../ports/index.js"

export type WakeError = NamespaceNotFound | NamespaceRemoving | StoreUnavailable
export type WakeReply = Reply<ActorRef<NamespaceMessage>, WakeError>
export type RemoveReply = Reply<RemovalReport, NamespaceNotFound | StoreUnavailable>

export type MeshMessage =
  /** Start the namespace's actor unless it runs; answers its ref. */
  | { readonly type: "Wake"; readonly name: NamespaceName; readonly reply: WakeReply }
  | { readonly type: "WakeEnded"; readonly name: NamespaceName; readonly result: WakeResult }
  /** The namespace has nothing to do. */
  | { readonly type: "Idle"; readonly name: NamespaceName }
  /** Stop the namespace's actor, whatever it is doing. */
  | { readonly type: "Stop"; readonly name: NamespaceName; readonly reply: Reply<void> }
  | { readonly type: "StopEnded"; readonly name: NamespaceName }
  /** Begin the removal of a namespace, or join the one under way; `ended` is completed at its end. */
  | {
      readonly type: "RemoveNamespace"
      readonly name: NamespaceName
      readonly begun: RemoveReply
      readonly ended: Deferred.Deferred<RemovalReport> | undefined
    }
  | { readonly type: "RemovalEnded"; readonly report: RemovalReport }
  | { readonly type: "ChildGaveUp"; readonly key: string; readonly exit: ActorExit }

export type WakeResult =
  | { readonly _tag: "Awake"; readonly ref: ActorRef<NamespaceMessage> }
  | { readonly _tag: "Failed"; readonly error: WakeError }

/** The mesh carries out each message as it stands. */
export type MeshCommand =
  | { readonly _tag: "Resume" }
  | { readonly _tag: "Handle"; readonly message: MeshMessage }

const charts = setup({
  types: { events: {} as MeshMessage },
  actions: { perform: (_, _command: MeshCommand) => undefined },
})

export const meshMachine = charts.createMachine({
  id: "mesh",
  initial: "running",
  entry: { type: "perform", params: (): MeshCommand => ({ _tag: "Resume" }) },
  states: { running: {} },
  on: {
    "*": {
      actions: {
        type: "perform",
        params: ({ event }): MeshCommand => ({ _tag: "Handle", message: event }),
      },
    },
  },
})
