// The root of the tree: wakes namespaces when they are needed, puts idle ones to sleep, and removes
// them. At its start it resumes removals that were cut off and wakes what has a backlog.

import { Deferred, Duration, Effect, Option } from "effect"
import {
  beginRemoval,
  NamespaceNotFound,
  type NamespaceName,
  NamespaceRemoving,
  type RemovalReport,
} from "../../domain/index.js"
import {
  type ActorRef,
  actorSpec,
  type CellContext,
  fromMachine,
  type Reply,
  type Supervisor,
  superviseUnder,
} from "../kernel/index.js"
import { namespaceActor } from "../namespace/NamespaceActor.js"
import type { NamespaceMessage } from "../namespace/NamespaceChart.js"
import type { NamespaceSeat } from "../namespace/NamespaceSeat.js"
import { patiently, StoreUnavailable } from "../ports/index.js"
import { removalActor } from "../removal/RemovalActor.js"
import type { RemovalSite } from "../removal/RemovalSteps.js"
import {
  type MeshCommand,
  meshMachine,
  type MeshMessage,
  type WakeError,
  type WakeReply,
  type WakeResult,
} from "./MeshChart.js"
import type { MeshWorld } from "./MeshWorld.js"

/** The awake namespaces, for those on the path of events. */
export type Seats = Map<NamespaceName, NamespaceSeat>

type Presence =
  | { readonly _tag: "Waking"; readonly waiting: Array<WakeReply> }
  | { readonly _tag: "Awake"; readonly ref: ActorRef<NamespaceMessage> }
  | {
      readonly _tag: "Stopping"
      readonly waking: Array<WakeReply>
      readonly stopped: Array<Reply<void>>
    }

interface Incarnation {
  readonly context: CellContext<MeshMessage>
  readonly namespaces: Supervisor
  readonly removals: Supervisor
  readonly presences: Map<NamespaceName, Presence>
  readonly removing: Map<NamespaceName, Removing>
}

interface Removing {
  readonly account: { report: RemovalReport }
  readonly waiting: Array<Deferred.Deferred<RemovalReport>>
}

const backlogPage = 500

export const meshActor = (world: MeshWorld, seats: Seats) => {
  let incarnation: Incarnation | undefined
  return actorSpec({
    kind: "mesh",
    restart: "permanent",
    mailboxCapacity: 65_536,
    chart: () => fromMachine(meshMachine, undefined),
    perform: (command: MeshCommand, context: CellContext<MeshMessage>): Effect.Effect<void> =>
      Effect.gen(function* () {
        if (command._tag === "Resume") {
          const mesh: Incarnation = {
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
  mesh: Incarnation,
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

// --- Waking and putting to sleep -----------------------------------------------------------------

const wake = (
  world: MeshWorld,
  seats: Seats,
  mesh: Incarnation,
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
  mesh: Incarnation,
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
      .pipe(Effect.mapError((error) => unavailable(name, error.message)))
    return { _tag: "Awake", ref } as const
  }).pipe(
    Effect.catchAll((error: WakeError) => Effect.succeed<WakeResult>({ _tag: "Failed", error })),
  )

const unavailable = (name: NamespaceName, reason: string) =>
  new StoreUnavailable({ operation: `wake ${name}`, reason })

const wakeEnded = (
  mesh: Incarnation,
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
const isQuiet = (world: MeshWorld, seats: Seats, name: NamespaceName): boolean => {
  const hub = seats.get(name)?.hub
  if (hub === undefined || hub.publishing > 0) return false
  if (world.now() - hub.lastActivity < Duration.toMillis(world.config.idleAfter)) return false
  hub.fallAsleep()
  return true
}

const stop = (mesh: Incarnation, name: NamespaceName, reply?: Reply<void>): Effect.Effect<void> =>
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

const stopEnded = (
  world: MeshWorld,
  seats: Seats,
  mesh: Incarnation,
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
const childGaveUp = (mesh: Incarnation, key: string): Effect.Effect<void> =>
  Effect.sync(() => {
    const name = key.startsWith("namespaces/") ? key.slice("namespaces/".length) : ""
    for (const known of mesh.presences.keys()) {
      if (known === name && mesh.presences.get(known)?._tag === "Awake") {
        mesh.presences.delete(known)
      }
    }
  })

// --- Removal -------------------------------------------------------------------------------------

const beginRemoving = (
  world: MeshWorld,
  mesh: Incarnation,
  name: NamespaceName,
  ended: Deferred.Deferred<RemovalReport> | undefined,
): Effect.Effect<RemovalReport, NamespaceNotFound | StoreUnavailable> =>
  Effect.gen(function* () {
    const underWay = mesh.removing.get(name)
    if (underWay !== undefined) {
      if (ended !== undefined) underWay.waiting.push(ended)
      return underWay.account.report
    }
    const begun = yield* world.removals.begin(beginRemoval(name, world.now()))
    if (Option.isNone(begun)) return yield* new NamespaceNotFound({ namespace: name })
    yield* startRemoval(world, mesh, begun.value, ended === undefined ? [] : [ended])
    return begun.value
  })

const startRemoval = (
  world: MeshWorld,
  mesh: Incarnation,
  report: RemovalReport,
  waiting: Array<Deferred.Deferred<RemovalReport>>,
): Effect.Effect<void> => {
  const { self } = mesh.context
  const account = { report }
  mesh.removing.set(report.namespace, { account, waiting })
  const site: RemovalSite = {
    world,
    awake: (name) =>
      Effect.sync(() => {
        const presence = mesh.presences.get(name)
        return presence?._tag === "Awake" ? Option.some(presence.ref) : Option.none()
      }),
    stop: (name) =>
      mesh.context.ref
        .ask<void>((reply) => ({ type: "Stop", name, reply }))
        .pipe(
          // Without the mesh there is no actor below it either.
          Effect.catchTags({
            ActorGone: () => Effect.void,
            MailboxFull: (full) => Effect.die(full),
          }),
        ),
  }
  return mesh.removals
    .start(
      report.namespace,
      removalActor({
        site,
        account,
        onEnd: (final) => self.tell({ type: "RemovalEnded", report: final }),
      }),
    )
    .pipe(Effect.asVoid, Effect.orDie)
}

const removalEnded = (mesh: Incarnation, report: RemovalReport): Effect.Effect<void> =>
  Effect.suspend(() => {
    const removing = mesh.removing.get(report.namespace)
    mesh.removing.delete(report.namespace)
    const rows = report.steps.reduce((sum, step) => sum + step.rows, 0)
    return Effect.zipRight(
      Effect.forEach(removing?.waiting ?? [], (ended) => Deferred.succeed(ended, report), {
        discard: true,
      }),
      Effect.logInfo("Namespace removed").pipe(
        Effect.annotateLogs({ namespace: report.namespace, rows, ...report.inFlight }),
      ),
    )
  })

// --- Start ---------------------------------------------------------------------------------------

const resume = (world: MeshWorld, mesh: Incarnation): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (const report of yield* patiently(world.removals.pending)) {
      if (mesh.removing.has(report.namespace)) continue
      yield* Effect.logInfo("Resuming the removal of a namespace").pipe(
        Effect.annotateLogs({ namespace: report.namespace }),
      )
      yield* startRemoval(world, mesh, report, [])
    }
    let after: NamespaceName | undefined
    for (;;) {
      const page = yield* patiently(world.deliveryLog.backlog(after, backlogPage))
      for (const name of page) {
        yield* mesh.context.ref
          .ask((reply: WakeReply) => ({ type: "Wake", name, reply }))
          .pipe(
            Effect.catchAll((error) =>
              Effect.logWarning("A namespace with a backlog was not woken", error),
            ),
          )
      }
      after = page.at(-1)
      if (page.length < backlogPage) return
    }
  })
