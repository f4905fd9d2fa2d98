/**
 * Explaining one event of a namespace with 1,000 subscriptions, on a Postgres journal: awake and asleep,
 * in the process. Some of the subscriptions are not interested, some filter, some had failures, some
 * gave up on it.
 */
import { Duration, Effect, Either, Logger, LogLevel, Redacted } from "effect"
import { Mesh, type MeshService } from "../src/actors/index.js"
import {
  CloudEvent,
  NamespaceName,
  Outcome,
  parseTypePattern,
  Sequence,
  SinkName,
  SubscriptionName,
} from "../src/domain/index.js"
import * as SingleProcess from "../src/layers/SingleProcess.js"
import * as PostgresStore from "../src/layers/stores/sql/PostgresStore.js"
import * as AesVault from "../src/layers/vault/AesVault.js"
import { freshSchema, testServer } from "../test/support/Postgres.js"
import { figure, isMain, printTable, quantile } from "./measure.js"

const SUBSCRIPTIONS = 1_000
const EVENTS = 20
const ASKED = 200

const namespace = NamespaceName.make("explain.bench")
const sequence = Sequence.make(EVENTS / 2)

const eventNamed = (id: string): CloudEvent =>
  Either.getOrThrow(CloudEvent.make({ id, source: "/bench", type: "bench.paid", subject: id }))

const other = Either.getOrThrow(parseTypePattern("bench.other"))

/** By the rest of its number: some fail at first, some for good, some do not want the event. */
const specOf = (n: number) => {
  const sink = SinkName.make(n % 10 === 1 ? "bad" : "good")
  if (n % 10 === 2) return { sink, types: [other] }
  return n % 10 === 3 ? { sink, filters: [{ prefix: { subject: "x" } }] } : { sink }
}

const prepare = (mesh: MeshService) =>
  Effect.gen(function* () {
    yield* mesh.namespaces.put(namespace)
    yield* mesh.handle(namespace, "good", {}, () => Outcome.delivered({ status: 200 }))
    yield* mesh.handle(namespace, "bad", {}, (event) =>
      event.id === `e${sequence}` ? Outcome.reject("HTTP 400 Bad Request") : Outcome.delivered(),
    )
    for (let n = 1; n < SUBSCRIPTIONS; n++) {
      yield* mesh.subscriptions.put(namespace, SubscriptionName.make(`sub-${n}`), specOf(n))
    }
    const events = Array.from({ length: EVENTS }, (_, index) => eventNamed(`e${index + 1}`))
    yield* mesh.publish(namespace, events)
    const last = mesh.explain(namespace, Sequence.make(EVENTS), { limit: SUBSCRIPTIONS })
    yield* Effect.repeat(Effect.delay(last, "200 millis"), {
      until: ({ deliveries }) => deliveries.every(({ standing }) => standing._tag !== "Waiting"),
    })
  })

const timesOf = (mesh: MeshService) =>
  Effect.gen(function* () {
    const times: Array<number> = []
    const standings = new Map<string, number>()
    for (let n = 0; n < ASKED + 20; n++) {
      const start = performance.now()
      const { deliveries } = yield* mesh.explain(namespace, sequence, { limit: SUBSCRIPTIONS })
      if (n >= 20) times.push(performance.now() - start)
      standings.clear()
      for (const { standing } of deliveries) {
        standings.set(standing._tag, (standings.get(standing._tag) ?? 0) + 1)
      }
    }
    return { times, standings }
  })

const row = (name: string, times: ReadonlyArray<number>) => [
  name,
  figure(quantile(times, 0.5)),
  figure(quantile(times, 0.99)),
]

const bench = Effect.gen(function* () {
  const server = yield* testServer
  const schema = yield* freshSchema(server)
  const deployment = SingleProcess.layer({
    store: PostgresStore.layer({ url: Redacted.make(server.url), schema }),
    vault: AesVault.layerTest,
    config: { idleAfter: Duration.seconds(2) },
  })
  yield* Effect.gen(function* () {
    const mesh = yield* Mesh
    yield* Effect.scoped(prepare(mesh))
    const awake = yield* timesOf(mesh)
    yield* Effect.repeat(Effect.delay(mesh.metrics, "500 millis"), {
      until: ({ awakeNamespaces }) => awakeNamespaces === 0,
    })
    const asleep = yield* timesOf(mesh)
    const told = [...asleep.standings].map(([name, count]) => `${count} ${name}`).join(", ")
    printTable(
      `Explaining an event to ${figure(SUBSCRIPTIONS)} subscriptions (${told}), Postgres journal, milliseconds`,
      ["namespace", "p50", "p99"],
      [row("awake", awake.times), row("asleep", asleep.times)],
    )
  }).pipe(Effect.provide(deployment), Logger.withMinimumLogLevel(LogLevel.Error))
})

export const run = (): Promise<void> => Effect.runPromise(Effect.scoped(bench))

if (isMain(import.meta.url)) await run()
