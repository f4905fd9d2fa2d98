// Waking namespaces and putting them to sleep: one start at a time for each, and a wake that comes
// while one is stopping waits for the end of that.

import { Cause, Duration, Effect, Option } from "effect"
import { type NamespaceName, NamespaceNotFound, NamespaceRemoving } from "../../domain/index.js"
import type { ActorGone, ActorStartFailed, ChildExists, Reply } from "../kernel/index.js"
import { namespaceActor } from "../namespace/NamespaceActor.js"
import { StoreUnavailable } from "../ports/index.js"
import type { MeshMessage, WakeError, WakeReply, WakeResult } from "./MeshChart.js"
import type { MeshIncarnation, Seats } from "./MeshIncarnation.js"
import type { MeshWorld } from "./MeshWorld.js"

export const wake = (
  world: MeshWorld,
  seats: Seats,
  mesh: MeshIncarnation,
  name: NamespaceName,
  reply: WakeReply,
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const presence = mesh.presences.get(name)
    switch (presence?._tag) {
      case "Awake":
        return reply.succeed(presence.ref)
      case "Waking":
        presence.waiting.push(reply)
        return Effect.void
      case "Stopping":
        presence.waking.push(reply)
        return Effect.void
      case undefined:
        mesh.presences.set(name, { _tag: "Waking", waiting: [reply] })
        return mesh.context.tasks.run(
          `wake/${name}`,
          start(world, seats, mesh, name),
          (exit): MeshMessage => ({
            type: "WakeEnded",
            name,
            result:
              exit._tag === "Success"
                ? exit.value
                : { _tag: "Failed", error: unavailable(name, "it did not start") },
          }),
        )
    }
  })

const start = (
  world: MeshWorld,
  seats: Seats,
  mesh: MeshIncarnation,
  name: NamespaceName,
): Effect.Effect<WakeResult> =>
  Effect.gen(function* () {
    const found = Option.getOrUndefined(yield* world.registry.getNamespace(name))
    if (found === undefined) return yield* new NamespaceNotFound({ namespace: name })
    if (found.status === "removing") return yield* new NamespaceRemoving({ namespace: name })
    const { self } = mesh.context
    const ref = yield* mesh.namespaces
      .start(
        name,
        namespaceActor({
          world,
          name,
          onAwake: (seat) => seats.set(name, seat),
          onAsleep: (seat) => {
            seat.hub.fallAsleep()
            if (seats.get(name) === seat) seats.delete(name)
          },
          onIdle: self.tell({ type: "Idle", name }),
        }),
      )
      .pipe(Effect.mapError((error) => wakeErrorOf(name, error)))
    return { _tag: "Awake", ref } as const
  }).pipe(
    Effect.catchAll((error: WakeError) => Effect.succeed<WakeResult>({ _tag: "Failed", error })),
  )

/** Why it did not start: the answer of the store at that moment, if that was it. */
const wakeErrorOf = (
  name: NamespaceName,
  error: ActorStartFailed | ChildExists | ActorGone,
): WakeError => {
  const cause = error._tag === "ActorStartFailed" ? error.cause : undefined
  const reason = Cause.isCause(cause)
    ? Option.getOrUndefined(Cause.failureOption(cause))
    : undefined
  return reason instanceof NamespaceRemoving || reason instanceof NamespaceNotFound
    ? reason
    : unavailable(name, error.message)
}

const unavailable = (name: NamespaceName, reason: string) =>
  new StoreUnavailable({ operation: `wake ${name}`, reason })

export const wakeEnded = (
  mesh: MeshIncarnation,
  name: NamespaceName,
  result: WakeResult,
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const presence = mesh.presences.get(name)
    if (presence?._tag !== "Waking") return Effect.void
    if (result._tag === "Awake") mesh.presences.set(name, result)
    else mesh.presences.delete(name)
    return Effect.forEach(
      presence.waiting,
      (reply) => (result._tag === "Awake" ? reply.succeed(result.ref) : reply.fail(result.error)),
      { discard: true },
    )
  })

/** Whether nobody publishes to it at this moment; from here on whoever does has it woken again. */
export const isQuiet = (world: MeshWorld, seats: Seats, name: NamespaceName): boolean => {
  const hub = seats.get(name)?.hub
  if (hub === undefined || hub.publishing > 0) return false
  if (world.now() - hub.lastActivity < Duration.toMillis(world.config.idleAfter)) return false
  hub.fallAsleep()
  return true
}

export const stop = (
  mesh: MeshIncarnation,
  name: NamespaceName,
  reply?: Reply<void>,
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const presence = mesh.presences.get(name)
    const stopped = reply === undefined ? [] : [reply]
    if (presence === undefined) return reply?.succeed(undefined) ?? Effect.void
    if (presence._tag === "Stopping") {
      presence.stopped.push(...stopped)
      return Effect.void
    }
    const waking = presence._tag === "Waking" ? presence.waiting : []
    mesh.presences.set(name, { _tag: "Stopping", waking, stopped })
    return Effect.zipRight(
      mesh.context.tasks.stop(`wake/${name}`),
      mesh.context.tasks.run(
        `stop/${name}`,
        mesh.namespaces.stop(name),
        (): MeshMessage => ({ type: "StopEnded", name }),
      ),
    )
  })

export const stopEnded = (
  world: MeshWorld,
  seats: Seats,
  mesh: MeshIncarnation,
  name: NamespaceName,
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const presence = mesh.presences.get(name)
    if (presence?._tag !== "Stopping") return Effect.void
    mesh.presences.delete(name)
    return Effect.zipRight(
      Effect.forEach(presence.stopped, (reply) => reply.succeed(undefined), { discard: true }),
      Effect.forEach(presence.waking, (reply) => wake(world, seats, mesh, name, reply), {
        discard: true,
      }),
    )
  })

/** A namespace whose actor is given up on is asleep: the next to need it wakes it again. */
export const childGaveUp = (mesh: MeshIncarnation, key: string): Effect.Effect<void> =>
  Effect.sync(() => {
    const name = key.startsWith("namespaces/") ? key.slice("namespaces/".length) : ""
    for (const known of mesh.presences.keys()) {
      if (known === name && mesh.presences.get(known)?._tag === "Awake") {
        mesh.presences.delete(known)
      }
    }
  })
