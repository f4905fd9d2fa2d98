// How the mesh is: what is not well, what is parked, and the figures behind the metrics.

import { Duration, Effect } from "effect"
import { failuresBeforeAlert } from "../removal/RemovalActor.js"
import type { MeshService } from "../mesh/Mesh.js"
import type { Health, HealthProblem, MeshMetrics } from "../mesh/service/HealthReport.js"
import type { Seats } from "../mesh/MeshIncarnation.js"
import type { MeshWorld } from "../mesh/MeshWorld.js"
import type { RunningSources } from "../mesh/Sources.js"
import type { Stuck, StuckWatch } from "./StuckWatch.js"

/** How long the store may take to answer a question. */
const storePatience = "2 seconds"
/** Writes of progress that may fail in a row: one is tried again within a second. */
const progressFailures = 2

export interface HealthSources {
  readonly world: MeshWorld
  readonly seats: Seats
  readonly watch: StuckWatch
  readonly followers: () => number
  readonly sources: Pick<RunningSources, "stuck" | "views">
}

export const makeHealth = (sources: HealthSources): Pick<MeshService, "health" | "metrics"> => ({
  health: Effect.gen(function* () {
    const { seats, watch, world } = sources
    const problems = [
      ...(yield* storeProblems(world)),
      ...progressProblems(world),
      ...watch.stuck.map(stuckProblem),
    ]
    return {
      ready: problems.length === 0,
      problems,
      parkedSinks: parkedSinks(seats),
      stuckSources: sources.sources.stuck(),
    }
  }),
  metrics: Effect.sync(() => metricsOf(sources)),
})

/** What is asked of the store says whether it answers, and which removals get no further. */
const storeProblems = (world: MeshWorld): Effect.Effect<ReadonlyArray<HealthProblem>> =>
  world.removals.pending.pipe(
    Effect.timeout(storePatience),
    Effect.match({
      onFailure: ({ message }): ReadonlyArray<HealthProblem> => [
        { what: "store", where: "store", problem: message },
      ],
      onSuccess: (removals) => [
        ...slowCommit(world),
        ...removals.flatMap(({ namespace, steps }) =>
          steps
            .filter(
              ({ outcome, retried }) => outcome === "failing" && retried >= failuresBeforeAlert,
            )
            .map(({ reason, retried, step }): HealthProblem => {
              const problem = `${step} has failed ${retried} times: ${reason ?? ""}`
              return { what: "removal", where: namespace, problem, namespace }
            }),
        ),
      ],
    }),
  )

const slowCommit = ({ commits, config }: MeshWorld): ReadonlyArray<HealthProblem> => {
  const { writingMillis } = commits
  if (writingMillis < Duration.toMillis(config.storeLag)) return []
  const problem = `a write to the journal has taken ${Math.round(writingMillis / 1000)} s so far`
  return [{ what: "store", where: "journal", problem }]
}

/** Writes of progress that have failed in a row, of what is live or of replays. */
const failedWrites = ({ progress, replayProgress }: MeshWorld): number =>
  Math.max(progress.failures, replayProgress.failures)

const progressProblems = (world: MeshWorld): ReadonlyArray<HealthProblem> => {
  const failures = failedWrites(world)
  if (failures <= progressFailures) return []
  const problem = `progress was not written ${failures} times in a row`
  return [{ what: "progress", where: "store", problem }]
}

const stuckProblem = ({ namespace, path, problem, since }: Stuck): HealthProblem => ({
  what: "actor",
  where: path,
  problem,
  since,
  ...(namespace === undefined ? {} : { namespace }),
})

const parkedSinks = (seats: Seats): Health["parkedSinks"] =>
  [...seats.values()].flatMap(({ hub, sinks }) =>
    [...sinks.values()].flatMap(({ gate, name }) =>
      gate.parked === undefined ? [] : [{ namespace: hub.name, sink: name, ...gate.parked }],
    ),
  )

const metricsOf = ({ followers, seats, sources, watch, world }: HealthSources): MeshMetrics => {
  let [active, behind, inFlight, deferred, parked] = [0, 0, 0, 0, 0]
  for (const { subscriptions, sinks } of seats.values()) {
    for (const { feed, replays } of subscriptions.values()) {
      for (const replay of replays.values()) {
        inFlight += replay.feed?.inFlight ?? 0
        deferred += replay.feed?.deferredCount ?? 0
      }
      if (feed === undefined) continue
      active++
      if (!feed.isLive) behind++
      inFlight += feed.inFlight
      deferred += feed.deferredCount
    }
    for (const { gate } of sinks.values()) if (gate.parked !== undefined) parked++
  }
  return {
    publishedEvents: world.commits.published,
    duplicateEvents: world.commits.duplicates,
    deliveries: { ...world.deliveries },
    publishRefusals: { ...world.refusals },
    awakeNamespaces: seats.size,
    publishQueueEvents: world.commits.waiting,
    activeSubscriptions: active,
    behindSubscriptions: behind,
    inFlightDeliveries: inFlight,
    deferredDeliveries: deferred,
    parkedSinks: parked,
    stuckActors: watch.stuck.length,
    commitLagMillis: world.commits.writingMillis,
    progressFailures: failedWrites(world),
    alerts: new Map(world.alerts.counts),
    followers: followers(),
    schemaRejections: world.catalogues.counts.rejected,
    schemaWarnings: world.catalogues.counts.warned,
    sources: sources.views(),
  }
}
