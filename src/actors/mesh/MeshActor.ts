// The root of the tree: wakes namespaces when they are needed, puts idle ones to sleep, and removes
// them. At its start it resumes removals that were cut off and wakes what has a backlog.

import { Effect } from "effect"
import type { NamespaceName } from "../../domain/index.js"
import { actorSpec, type CellContext, fromMachine, superviseUnder } from "../kernel/index.js"
import { patiently } from "../ports/index.js"
import { type MeshCommand, meshMachine, type MeshMessage, type WakeReply } from "./MeshChart.js"
import type { MeshIncarnation, Seats } from "./MeshIncarnation.js"
import type { MeshWorld } from "./MeshWorld.js"
import { childGaveUp, isQuiet, stop, stopEnded, wake, wakeEnded } from "./Presences.js"
import { beginRemoving, removalEnded, resumeRemovals } from "./Removing.js"

const backlogPage = 500

export const meshActor = (world: MeshWorld, seats: Seats) => {
  let incarnation: MeshIncarnation | undefined
  return actorSpec({
    kind: "mesh",
    restart: "permanent",
    mailboxCapacity: 65_536,
    chart: () => fromMachine(meshMachine, undefined),
    perform: (command: MeshCommand, context: CellContext<MeshMessage>): Effect.Effect<void> =>
      Effect.gen(function* () {
        if (command._tag === "Resume") {
          const mesh: MeshIncarnation = {
            context,
            namespaces: yield* supervise(context, "namespaces"),
            removals: yield* supervise(context, "removals"),
            presences: new Map(),
            removing: new Map(),
          }
          incarnation = mesh
          yield* context.tasks.run("resume", resume(world, mesh), () => nothingToDo)
          return
        }
        if (incarnation !== undefined) yield* handle(world, seats, incarnation, command.message)
      }),
  })
}

/** A message that changes nothing: what a task of the mesh answers when its work has spoken for itself. */
const nothingToDo: MeshMessage = { type: "ChildGaveUp", key: "", exit: { _tag: "Stopped" } }

const supervise = (context: CellContext<MeshMessage>, name: string) =>
  superviseUnder(context, {
    name,
    onEscalation: (key, exit): MeshMessage => ({
      type: "ChildGaveUp",
      key: `${name}/${key}`,
      exit,
    }),
  })

const handle = (
  world: MeshWorld,
  seats: Seats,
  mesh: MeshIncarnation,
  message: MeshMessage,
): Effect.Effect<void> => {
  switch (message.type) {
    case "Wake":
      return wake(world, seats, mesh, message.name, message.reply)
    case "WakeEnded":
      return wakeEnded(mesh, message.name, message.result)
    case "Idle":
      return isQuiet(world, seats, message.name) ? stop(mesh, message.name) : Effect.void
    case "Stop":
      return stop(mesh, message.name, message.reply)
    case "StopEnded":
      return stopEnded(world, seats, mesh, message.name)
    case "RemoveNamespace":
      return message.begun.complete(beginRemoving(world, mesh, message.name, message.ended))
    case "RemovalEnded":
      return removalEnded(mesh, message.report)
    case "ChildGaveUp":
      return childGaveUp(mesh, message.key)
  }
}

const resume = (world: MeshWorld, mesh: MeshIncarnation): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* resumeRemovals(world, mesh)
    let after: NamespaceName | undefined
    for (;;) {
      const page = yield* patiently(world.deliveryLog.backlog(after, backlogPage))
      for (const name of page) {
        const woken = mesh.context.ref
          .ask((reply: WakeReply) => ({ type: "Wake", name, reply }))
          .pipe(
            Effect.catchAll((error) =>
              error._tag === "StoreUnavailable"
                ? Effect.fail(error)
                : Effect.logWarning("A namespace with a backlog was not woken", error),
            ),
          )
        yield* patiently(woken)
      }
      after = page.at(-1)
      if (page.length < backlogPage) return
    }
  })
