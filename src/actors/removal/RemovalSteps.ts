// What each step of a removal does. Every one may be repeated: what is gone already costs nothing.

import { Effect, Option } from "effect"
import type {
  InFlightReport,
  NamespaceName,
  RemovalReport,
  RemovalStep,
} from "../../domain/index.js"
import { inBoundedWrites } from "../journal/BoundedWrites.js"
import type { ActorRef } from "../kernel/index.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { NamespaceMessage } from "../namespace/NamespaceChart.js"
import type { PurgeKind, StoreUnavailable } from "../ports/index.js"

/** The part of the mesh that a removal works on. */
export interface RemovalSite {
  readonly world: MeshWorld
  /** The namespace's actor, while it is awake. */
  readonly awake: (name: NamespaceName) => Effect.Effect<Option.Option<ActorRef<NamespaceMessage>>>
  /** Stops the namespace's actor and waits; deliveries still in flight are cut off. */
  readonly stop: (name: NamespaceName) => Effect.Effect<void>
}

export interface StepResult {
  readonly rows: number
  readonly inFlight?: InFlightReport
}

export const nothing: StepResult = { rows: 0 }

export const runRemovalStep = (
  site: RemovalSite,
  report: RemovalReport,
  step: RemovalStep,
): Effect.Effect<StepResult, StoreUnavailable> => {
  const { world } = site
  const { namespace: name } = report
  switch (step) {
    case "refuse-publishes":
      return askAwake(site, name, (ref) =>
        Effect.as(
          ref.ask<void>((reply) => ({ type: "Refuse", reply })),
          nothing,
        ),
      )
    case "withdraw-routes":
      return askAwake(site, name, (ref) =>
        Effect.as(
          ref.ask<void>((reply) => ({ type: "Withdraw", reply })),
          nothing,
        ),
      )
    case "stop-subscriptions":
      return askAwake(site, name, (ref) =>
        Effect.map(
          ref.ask<InFlightReport>((reply) => ({ type: "Drain", reply })),
          (inFlight): StepResult => ({ rows: 0, inFlight }),
        ),
      )
    case "drain-sinks":
      return site
        .stop(name)
        .pipe(Effect.zipRight(world.handlers.detachAll(name)), Effect.as(nothing))
    case "purge-deliveries":
      return purge(world, name, "deliveries")
    case "purge-events":
      return purge(world, name, "events")
    case "purge-subscriptions":
      return purge(world, name, "subscriptions")
    case "purge-sinks":
      return purge(world, name, "sinks")
    case "purge-event-types":
      return purge(world, name, "event-types")
    case "purge-keys":
      return purge(world, name, "keys")
    case "purge-audit":
      return purge(world, name, "audit")
    case "invalidate-caches":
      return Effect.zipRight(
        // Here it must not wait for its turn: the next step frees the name.
        Effect.sync(() => {
          world.keyRing.forget(name)
          world.losses.forget(name)
        }),
        Effect.as(world.invalidation.broadcast(name), nothing),
      )
    case "release-name":
      return Effect.as(world.audit.completing(report, world.removals.release(report)), nothing)
  }
}

/** An actor that is gone has nothing left to be stopped. */
const askAwake = <E>(
  site: RemovalSite,
  name: NamespaceName,
  ask: (ref: ActorRef<NamespaceMessage>) => Effect.Effect<StepResult, E>,
): Effect.Effect<StepResult> =>
  Effect.flatMap(
    site.awake(name),
    Option.match({
      onNone: () => Effect.succeed(nothing),
      onSome: (ref) => Effect.catchAll(ask(ref), () => Effect.succeed(nothing)),
    }),
  )

const purge = (
  world: MeshWorld,
  name: NamespaceName,
  kind: PurgeKind,
): Effect.Effect<StepResult, StoreUnavailable> =>
  Effect.map(
    inBoundedWrites(world, (limit) => world.removals.purge(name, kind, limit)),
    (rows) => ({ rows }),
  )
