// How the mesh is: what is not well, what is parked, and the figures behind the metrics.

import { Effect } from "effect"
import type { Health, HealthProblem, MeshMetrics, MeshService } from "./Mesh.js"
import type { Seats } from "./MeshIncarnation.js"
import type { MeshWorld } from "./MeshWorld.js"

/** How long the store may take to answer a question about nothing. */
const storePatience = "2 seconds"

export const makeHealth = (
  world: MeshWorld,
  seats: Seats,
  followers: () => number,
): Pick<MeshService, "health" | "metrics"> => ({
  health: Effect.gen(function* () {
    const problems: Array<HealthProblem> = []
    const store = yield* world.registry
      .listNamespaces({ limit: 1 })
      .pipe(Effect.timeout(storePatience), Effect.either)
    if (store._tag === "Left") {
      problems.push({ what: "store", where: "store", problem: store.left.message })
    }
    if (world.progress.failures > 2) {
      problems.push({
        what: "progress",
        where: "store",
        problem: `progress was not written ${world.progress.failures} times in a row`,
      })
    }
    const parkedSinks: Array<Health["parkedSinks"][number]> = []
    for (const { hub, sinks } of seats.values()) {
      for (const { gate, name } of sinks.values()) {
        if (gate.parked !== undefined) {
          parkedSinks.push({ namespace: hub.name, sink: name, ...gate.parked })
        }
      }
    }
    return { ready: problems.length === 0, problems, parkedSinks }
  }),
  metrics: Effect.sync(() => ({ ...metricsOf(world, seats), followers: followers() })),
})

const metricsOf = (world: MeshWorld, seats: Seats): Omit<MeshMetrics, "followers"> => {
  let [active, behind, inFlight, deferred, parked] = [0, 0, 0, 0, 0]
  for (const { subscriptions, sinks } of seats.values()) {
    for (const { feed } of subscriptions.values()) {
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
  }
}
