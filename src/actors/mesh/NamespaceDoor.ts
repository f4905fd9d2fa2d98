// How the mesh's services reach a namespace: its seat if it is awake, its actor by waking it.

import { Effect, FiberMap, Option, type Scope } from "effect"
import {
  limitsOf,
  type NamespaceName,
  NamespaceNotFound,
  NamespaceRemoving,
  QuotaReached,
} from "../../domain/index.js"
import { ActorGone, type ActorRef, type Reply } from "../kernel/index.js"
import type { NamespaceMessage } from "../namespace/NamespaceChart.js"
import type { NamespaceSeat } from "../namespace/NamespaceSeat.js"
import { patiently, type StoreUnavailable } from "../ports/index.js"
import { askMesh } from "./AskMesh.js"
import type { Seats } from "./MeshIncarnation.js"
import type { MeshMessage, WakeError } from "./MeshChart.js"
import { limitDefaults } from "./MeshConfig.js"
import type { MeshWorld } from "./MeshWorld.js"

export interface NamespaceDoor {
  /** The seat of a namespace that is awake. */
  readonly seat: (name: NamespaceName) => NamespaceSeat | undefined
  /** Wakes the namespace and answers its seat. */
  readonly wake: (name: NamespaceName) => Effect.Effect<NamespaceSeat, WakeError>
  /** Wakes the namespace and asks its actor. */
  readonly ask: <A, E = never>(
    name: NamespaceName,
    make: (reply: Reply<A, E | WakeError>) => NamespaceMessage,
  ) => Effect.Effect<A, E | WakeError>
  /**
   * Has an awake namespace take over what the store says; one that sleeps will read it when it wakes.
   * Answers after the first attempt: where the store does not answer, it is asked again until it does.
   */
  readonly reload: (name: NamespaceName) => Effect.Effect<void>
  /** Fails unless the namespace is registered and stays. Wakes nothing. */
  readonly check: (name: NamespaceName) => Effect.Effect<void, WakeError>
  /** Fails when the namespace has as many of something as it may. */
  readonly checkRoom: (
    name: NamespaceName,
    what: "sinks" | "subscriptions",
  ) => Effect.Effect<void, QuotaReached | WakeError>
}

export const makeDoor = (
  world: MeshWorld,
  seats: Seats,
  mesh: ActorRef<MeshMessage>,
): Effect.Effect<NamespaceDoor, never, Scope.Scope> =>
  Effect.map(FiberMap.make<NamespaceName, void>(), (reloading) =>
    doorWith(world, seats, mesh, reloading),
  )

const doorWith = (
  world: MeshWorld,
  seats: Seats,
  mesh: ActorRef<MeshMessage>,
  reloading: FiberMap.FiberMap<NamespaceName, void>,
): NamespaceDoor => {
  const refOf = (name: NamespaceName) =>
    askMesh(
      mesh.ask<ActorRef<NamespaceMessage>, WakeError>((reply) => ({ type: "Wake", name, reply })),
    )
  const ask = <A, E = never>(
    name: NamespaceName,
    make: (reply: Reply<A, E | WakeError>) => NamespaceMessage,
  ): Effect.Effect<A, E | WakeError> => {
    const once = Effect.flatMap(refOf(name), (ref) => ref.ask(make))
    // It may have been put to sleep between the two questions; then it is woken again.
    return askMesh(
      Effect.catchIf(
        once,
        (error) => error instanceof ActorGone,
        () => once,
      ),
    )
  }
  const wake = (name: NamespaceName) =>
    ask<NamespaceSeat>(name, (reply) => ({ type: "Seat", reply }))
  /** One that is being removed, or has been, has nothing to take over. */
  const reload = (name: NamespaceName): Effect.Effect<void, StoreUnavailable> =>
    Effect.suspend(() =>
      seats.has(name)
        ? ask(name, (reply: Reply<unknown, WakeError>) => ({ type: "Reload", reply })).pipe(
            Effect.asVoid,
            Effect.catchTags({
              NamespaceNotFound: () => Effect.void,
              NamespaceRemoving: () => Effect.void,
            }),
          )
        : Effect.void,
    )
  return {
    seat: (name) => seats.get(name),
    wake,
    ask,
    reload: (name) =>
      Effect.catchAll(reload(name), (error) =>
        Effect.logWarning("A namespace does not take over its settings yet", error).pipe(
          Effect.zipRight(FiberMap.run(reloading, name, patiently(reload(name)))),
          Effect.annotateLogs({ namespace: name }),
        ),
      ),
    check: (namespace) =>
      Effect.flatMap(
        world.registry.getNamespace(namespace),
        (found): Effect.Effect<void, WakeError> => {
          if (Option.isNone(found)) return Effect.fail(new NamespaceNotFound({ namespace }))
          return found.value.status === "removing"
            ? Effect.fail(new NamespaceRemoving({ namespace }))
            : Effect.void
        },
      ),
    checkRoom: (name, what) =>
      Effect.flatMap(wake(name), (seat) => {
        const current = seat[what].size
        const quota = what === "sinks" ? "maxSinks" : "maxSubscriptions"
        const limit = limitsOf(seat.settings, limitDefaults(world.config))[quota]
        return current < limit
          ? Effect.void
          : Effect.fail(new QuotaReached({ namespace: name, quota, limit, current }))
      }),
  }
}
