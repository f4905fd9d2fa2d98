// Builds the mesh: the shared world, the root actor, and the services on top. Closing the scope lets
// deliveries in flight end, up to the deadline, then takes the tree down and writes what is left.

import {
  Effect,
  Either,
  ExecutionStrategy,
  Exit,
  Layer,
  Mailbox,
  Option,
  Schema,
  Scope,
  Stream,
} from "effect"
import {
  InvalidSetting,
  parseTypePattern,
  SinkName,
  SubscriptionName,
  systemNamespace,
} from "../../domain/index.js"
import {
  auditedDeadLetters,
  auditedEventTypes,
  auditedHostTypes,
  auditedNamespaces,
  auditedReplays,
  auditedSigningKeys,
  auditedSinks,
  auditedSources,
  auditedSubscriptions,
} from "../access/AuditedServices.js"
import { retentionKeeper } from "../journal/Retention.js"
import { startActor } from "../kernel/index.js"
import { drainAll } from "../namespace/AwakeNamespace.js"
import { eraseRetired } from "../sink/EraseRetired.js"
import { makeDeadLetters } from "./DeadLetters.js"
import { makeEventTypeCatalogue } from "./EventTypeCatalogue.js"
import { makeEvents } from "./Events.js"
import { makeFollowing } from "./Follow.js"
import { makeExplain } from "./Explain.js"
import { makeHostTypes } from "./HostTypes.js"
import { tapHub } from "./LiveStream.js"
import { Mesh, type MeshService } from "./Mesh.js"
import { meshActor } from "./MeshActor.js"
import type { Seats } from "./MeshIncarnation.js"
import { makeHealth } from "../health/MeshHealth.js"
import { StuckWatch } from "../health/StuckWatch.js"
import { makeMeshWorld, type MeshPorts, type MeshWorld } from "./MeshWorld.js"
import { makeDoor, type NamespaceDoor } from "./NamespaceDoor.js"
import { makeNamespaceKeys } from "./NamespaceKeys.js"
import { makeNamespaces } from "./Namespaces.js"
import { makePublisher } from "./Publisher.js"
import { makeSigningKeys } from "./SigningKeys.js"
import { makeSinks } from "./Sinks.js"
import { makeReplays } from "./Replays.js"
import { makeSources } from "./Sources.js"
import { makeSubscriptions } from "./Subscriptions.js"
import { makeTypedEvents } from "./TypedEvents.js"

export const makeMesh: Effect.Effect<MeshService, never, MeshPorts | Scope.Scope> = Effect.gen(
  function* () {
    const world = yield* makeMeshWorld
    const seats: Seats = new Map()
    const ref = yield* Effect.orDie(startActor("mesh", meshActor(world, seats)))
    const door = yield* makeDoor(world, seats, ref)
    yield* Effect.addFinalizer(() =>
      Effect.forEach([...seats.values()], drainAll, { concurrency: "unbounded", discard: true }),
    )
    yield* Effect.forkScoped(retentionKeeper(world, seats))
    yield* Effect.forkScoped(eraseRetired(world, seats))
    yield* Effect.forkScoped(followInvalidations(world, seats, door))

    const { follow, open, reader } = yield* makeFollowing(world, door, everything)
    const watch = new StuckWatch({
      after: world.config.stuckAfter,
      every: world.config.stuckInterval,
      now: world.now,
      elapsed: world.elapsed,
    })
    yield* Effect.forkScoped(watch.run(ref.tree, seats))

    const publisher = makePublisher(world, seats, door.wake)
    yield* Effect.forkScoped(
      world.alerts.run((events) => publisher.publish(systemNamespace, events)),
    )
    const reloadHostType = (hostType: string) =>
      Effect.suspend(() =>
        Effect.forEach(
          [...seats.values()].filter(({ record }) => record.hostType === hostType),
          ({ hub }) => door.reload(hub.name),
          { concurrency: 8, discard: true },
        ),
      )
    const { audit } = world
    const sinks = auditedSinks(audit, yield* makeSinks(world, door))
    const subscriptions = auditedSubscriptions(audit, makeSubscriptions(world, door))
    const sources = yield* makeSources(world, door)
    const tap: MeshService["tap"] = (namespace, types) =>
      Effect.flatMap(door.wake(namespace), ({ hub }) =>
        tapHub(hub, types ?? everything, world.config.streamBuffer),
      )
    const handle: MeshService["handle"] = (namespace, name, options, handler) =>
      Effect.gen(function* () {
        const sink = yield* named(Schema.decodeUnknown(SinkName)(name))
        const subscription = yield* named(Schema.decodeUnknown(SubscriptionName)(name))
        const existing = Option.getOrUndefined(yield* world.registry.getSink(namespace, sink))
        if (existing !== undefined && existing.kind !== "handler") {
          const reason = `is a sink of the kind "${existing.kind}"`
          return yield* new InvalidSetting({ field: "name", reason })
        }
        yield* world.handlers.attach(namespace, sink, handler)
        if (existing === undefined) yield* sinks.put(namespace, sink, { kind: "handler" })
        yield* subscriptions.put(namespace, subscription, { ...options, sink })
      }).pipe(
        closedUnlessSuccessful,
        // The sink was removed in the very moment between the two puts.
        Effect.catchTag("SinkNotFound", ({ message }) =>
          Effect.fail(new InvalidSetting({ field: "name", reason: message })),
        ),
      )
    const catalogue = auditedEventTypes(
      audit,
      yield* makeEventTypeCatalogue(world, door, reloadHostType),
    )
    const typed = makeTypedEvents({ ...catalogue, ...publisher, handle })
    const mesh: MeshService = {
      ...publisher,
      eventLimits: world.config.eventLimits,
      hostTypes: auditedHostTypes(audit, makeHostTypes(world, reloadHostType)),
      namespaces: auditedNamespaces(audit, makeNamespaces(world, ref, door)),
      sinks,
      sources: auditedSources(audit, sources.service),
      signingKeys: auditedSigningKeys(audit, makeSigningKeys(world, door)),
      subscriptions,
      replays: auditedReplays(audit, makeReplays(world, door)),
      eventTypes: { ...catalogue, ...typed },
      keys: makeNamespaceKeys(world, door),
      audit: {
        ofNamespace: (namespace, page) =>
          Effect.zipRight(door.check(namespace), audit.list(namespace, page)),
        ofOperator: (page) => audit.list(undefined, page),
      },
      events: { ...makeEvents(world), follow, reader },
      deadLetters: auditedDeadLetters(audit, makeDeadLetters(world, door)),
      explain: makeExplain(world, door),
      handle,
      tap,
      stream: (namespace, types) =>
        Stream.unwrapScoped(
          Effect.map(tap(namespace, types), ({ events }) => Mailbox.toStream(events)),
        ),
      actors: Effect.zipWith(ref.tree, sources.tree, (mesh, branch) => ({
        ...mesh,
        children: [...mesh.children, ...(branch.children.length === 0 ? [] : [branch])],
      })),
      ...makeHealth({ world, seats, watch, followers: open, sources }),
    }
    return mesh
  },
)

export const layer: Layer.Layer<Mesh, never, MeshPorts> = Layer.scoped(Mesh, makeMesh)

const everything = Either.match(parseTypePattern("*"), {
  onLeft: () => [],
  onRight: (all) => [all],
})

const named = <A>(decoded: Effect.Effect<A, unknown>): Effect.Effect<A, InvalidSetting> =>
  Effect.mapError(
    decoded,
    () => new InvalidSetting({ field: "name", reason: "is no name of a sink and subscription" }),
  )

/** What it has acquired outlives a success only. */
const closedUnlessSuccessful = <A, E>(
  acquiring: Effect.Effect<A, E, Scope.Scope>,
): Effect.Effect<A, E, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.scope, (outer) =>
      Effect.flatMap(Scope.fork(outer, ExecutionStrategy.sequential), (scope) =>
        restore(Scope.extend(acquiring, scope)).pipe(
          Effect.tapErrorCause((cause) => Scope.close(scope, Exit.failCause(cause))),
        ),
      ),
    ),
  )

/** What another process on the same store changed or removed, this one takes over. */
const followInvalidations = (
  { catalogues, invalidation: { invalidations }, keyRing }: MeshWorld,
  seats: Seats,
  door: NamespaceDoor,
): Effect.Effect<void> =>
  Stream.runForEach(invalidations, (name) => {
    keyRing.forget(name)
    if (name === "all") catalogues.forgetAll()
    return name === "all"
      ? Effect.forEach([...seats.keys()], door.reload, { concurrency: 8, discard: true })
      : door.reload(name)
  })
