import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import type { ActorTree } from "../../../src/actors/index.js"
import { StuckWatch } from "../../../src/actors/health/StuckWatch.js"
import { NamespaceName, Outcome, SubscriptionName } from "../../../src/domain/index.js"
import { Fault } from "../../support/StoreFaults.js"
import { TestMesh } from "../../support/TestMesh.js"
import { TestNamespace } from "../../support/TestNamespace.js"

const node = (queueDepth: number, handled: number, restarts = 0): ActorTree => ({
  path: "mesh",
  kind: "mesh",
  state: "running",
  since: 0,
  restarts,
  queueDepth,
  handled,
  children: [],
})

const watched = () => {
  const time = { now: 0 }
  const watch = new StuckWatch({
    after: Duration.seconds(60),
    every: Duration.seconds(5),
    now: () => 1_000_000 + time.now,
    elapsed: () => time.now,
  })
  return {
    watch,
    look: (seconds: number, tree: ActorTree) => {
      time.now += seconds * 1_000
      watch.look(tree, new Map())
      return watch.stuck.map(({ path, since }) => [path, since])
    },
  }
}

describe("StuckWatch", () => {
  it("names an actor whose messages wait and are not taken, since it last took one", () => {
    const { look } = watched()
    expect(look(5, node(3, 7))).toEqual([])
    expect(look(5, node(3, 8))).toEqual([])
    expect(look(59, node(3, 8))).toEqual([])
    expect(look(1, node(4, 8))).toEqual([["mesh", 1_010_000]])
    expect(look(1, node(3, 9))).toEqual([])
  })

  it("takes a restart for a movement, and an empty mailbox for rest", () => {
    const { look } = watched()
    expect(look(0, node(3, 0))).toEqual([])
    expect(look(70, node(3, 0, 1))).toEqual([])
    expect(look(70, node(0, 0, 1))).toEqual([])
    expect(look(70, node(3, 0, 1))).toEqual([])
  })
})

const subscription = SubscriptionName.make("p")

const health = (t: TestMesh) => t.simulation.finish(t.mesh.health)

describe("Health of a mesh", () => {
  const scenario = (
    name: string,
    play: (t: TestMesh, ns: TestNamespace) => Effect.Effect<void, unknown>,
  ) =>
    it(name, () =>
      TestMesh.run(
        (t) =>
          Effect.gen(function* () {
            const ns = new TestNamespace(t)
            yield* ns.create
            yield* ns.subscribe()
            yield* play(t, ns)
          }),
        { stuckInterval: Duration.seconds(5) },
      ),
    )

  scenario("is good while a sink is parked, a subscription waits or is paused", (t, ns) =>
    Effect.gen(function* () {
      ns.answer(() => Effect.succeed(Outcome.retry("503")))
      yield* ns.publish(["a", "b", "c", "d", "e", "f", "g"])
      yield* t.simulation.advance("20 minutes")
      const { parkedSinks, problems } = yield* health(t)
      expect(problems).toEqual([])
      expect(parkedSinks).toMatchObject([{ namespace: "a.example", sink: "s", cause: "outage" }])
    }),
  )

  scenario("is good while an attempt takes its time", (t, ns) =>
    Effect.gen(function* () {
      ns.answer(() => Effect.never)
      yield* ns.publish(["a"])
      yield* t.simulation.advance("10 minutes")
      expect((yield* health(t)).problems).toEqual([])
    }),
  )

  scenario("names a subscription that could read on and does not", (t, ns) =>
    Effect.gen(function* () {
      yield* t.simulation.finish(t.mesh.subscriptions.pause(ns.name, subscription))
      yield* ns.publish(["a", "b"])
      yield* t.faults.always("Journal.read", Fault.FailBefore())
      yield* t.simulation.finish(t.mesh.subscriptions.resume(ns.name, subscription))
      yield* t.simulation.advance("2 minutes")
      const { problems, ready } = yield* health(t)
      expect(ready).toBe(false)
      expect(problems).toMatchObject([
        {
          what: "actor",
          where: "mesh/namespaces/a.example/subscriptions/p",
          namespace: "a.example",
        },
      ])
      expect((yield* t.mesh.metrics).stuckActors).toBe(1)
      yield* t.faults.heal
      yield* t.simulation.advance("1 minute")
      expect((yield* health(t)).problems).toEqual([])
      expect((yield* ns.view()).position).toBe(2)
    }),
  )

  scenario("names a removal that gets no further", (t, ns) =>
    Effect.gen(function* () {
      yield* t.faults.always("Removals.purge", Fault.FailBefore())
      yield* t.simulation.finish(t.mesh.namespaces.remove(ns.name))
      yield* t.simulation.advance("2 minutes")
      expect((yield* health(t)).problems).toMatchObject([
        { what: "removal", where: "a.example", namespace: NamespaceName.make("a.example") },
      ])
      yield* t.faults.heal
      yield* t.simulation.advance("2 minutes")
      expect((yield* health(t)).ready).toBe(true)
    }),
  )

  scenario("tells of a write that takes too long", (t, ns) =>
    Effect.gen(function* () {
      yield* t.faults.next("Journal.append", Fault.Delay({ duration: "30 seconds" }))
      yield* Effect.forkDaemon(t.mesh.publish(ns.name, ns.events(["a"])))
      yield* t.simulation.advance("10 seconds")
      expect((yield* health(t)).problems).toMatchObject([{ what: "store", where: "journal" }])
      expect((yield* t.mesh.metrics).commitLagMillis).toBeGreaterThanOrEqual(9_000)
      yield* t.simulation.advance("1 minute")
      expect((yield* health(t)).ready).toBe(true)
    }),
  )
})
