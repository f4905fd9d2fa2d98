// Removals as the mesh sees them: begun once for each namespace, resumed after a restart, answered at
// their end.

import { Deferred, Effect, Option } from "effect"
import {
  beginRemoval,
  type NamespaceName,
  NamespaceNotFound,
  recordStep,
  RemovalId,
  type RemovalReport,
} from "../../domain/index.js"
import { patiently, type StoreUnavailable } from "../ports/index.js"
import { removalActor } from "../removal/RemovalActor.js"
import type { RemovalSite } from "../removal/RemovalSteps.js"
import type { WakeReply } from "./MeshChart.js"
import type { MeshIncarnation } from "./MeshIncarnation.js"
import type { MeshWorld } from "./MeshWorld.js"

/** Characters of the id of a removal, of 36 kinds. */
const idLength = 12

export const beginRemoving = (
  world: MeshWorld,
  mesh: MeshIncarnation,
  name: NamespaceName,
  ended: Deferred.Deferred<RemovalReport> | undefined,
): Effect.Effect<RemovalReport, NamespaceNotFound | StoreUnavailable> =>
  Effect.gen(function* () {
    const id = RemovalId.make(world.token(idLength))
    const begun = yield* world.removals.begin(beginRemoval(name, world.now(), id))
    if (Option.isNone(begun)) return yield* new NamespaceNotFound({ namespace: name })
    yield* Effect.suspend(() =>
      startRemoval(world, mesh, begun.value, ended === undefined ? [] : [ended]),
    )
    return mesh.removing.get(name)?.account.report ?? begun.value
  })

const startRemoval = (
  world: MeshWorld,
  mesh: MeshIncarnation,
  report: RemovalReport,
  waiting: Array<Deferred.Deferred<RemovalReport>>,
): Effect.Effect<void> => {
  const { self } = mesh.context
  // A request and the resumption at the start may both have found it in the store.
  const underWay = mesh.removing.get(report.namespace)
  if (underWay?.account.report.id === report.id) {
    underWay.waiting.push(...waiting)
    return Effect.void
  }
  // The store says that another has ended, whose last answer got lost: the name was free, and taken again.
  const superseded =
    underWay === undefined ? Effect.void : removalEnded(mesh, released(underWay.account.report))
  const account = { report }
  const site: RemovalSite = {
    world,
    awake: (name) =>
      Effect.suspend(() =>
        mesh.presences.has(name)
          ? // One that is waking or stopping is waited for.
            Effect.option(
              mesh.context.ref.ask((reply: WakeReply) => ({ type: "Wake", name, reply })),
            )
          : Effect.succeedNone,
      ),
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
  const start = mesh.removals.start(
    report.namespace,
    removalActor({
      site,
      account,
      onEnd: (final) => self.tell({ type: "RemovalEnded", report: final }),
    }),
  )
  return superseded.pipe(
    Effect.zipRight(Effect.sync(() => mesh.removing.set(report.namespace, { account, waiting }))),
    // The actor of an earlier removal of the name has said its last word, but may not be gone yet.
    Effect.zipRight(mesh.removals.stop(report.namespace)),
    Effect.zipRight(start),
    Effect.asVoid,
    Effect.orDie,
  )
}

const released = (report: RemovalReport): RemovalReport =>
  recordStep(report, {
    step: "release-name",
    outcome: "done",
    rows: 0,
    durationMs: 0,
    retried: 0,
  })

export const removalEnded = (mesh: MeshIncarnation, report: RemovalReport): Effect.Effect<void> =>
  Effect.suspend(() => {
    const removing = mesh.removing.get(report.namespace)
    if (removing?.account.report.id !== report.id) return Effect.void
    mesh.removing.delete(report.namespace)
    const rows = report.steps.reduce((sum, step) => sum + step.rows, 0)
    return Effect.zipRight(
      Effect.forEach(removing.waiting, (ended) => Deferred.succeed(ended, report), {
        discard: true,
      }),
      Effect.logInfo("Namespace removed").pipe(
        Effect.annotateLogs({ namespace: report.namespace, rows, ...report.inFlight }),
      ),
    )
  })

/** Goes on with every removal that was cut off. */
export const resumeRemovals = (world: MeshWorld, mesh: MeshIncarnation): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (const report of yield* patiently(world.removals.pending)) {
      if (mesh.removing.has(report.namespace)) continue
      yield* Effect.logInfo("Resuming the removal of a namespace").pipe(
        Effect.annotateLogs({ namespace: report.namespace }),
      )
      yield* startRemoval(world, mesh, report, [])
    }
  })
