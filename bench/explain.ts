/**
 * Explaining one event of a namespace with 1,000 subscriptions, on a Postgres journal: awake and asleep,
 * in the process. Some of the subscriptions are not interested, some filter, some had failures, some
 * gave up on it.
 */
import { Duration, Effect, Either, Logger, LogLevel, Redacted, Schema } from "effect"
import { Mesh, type MeshService } from "../src/actors/index.js"
import {
  CloudEvent,
  NamespaceName,
  Outcome,
  parseTypePattern,
  Sequence,
  Sink,
  SinkName,
  Subscription,
  SubscriptionName,
} from "../src/domain/index.js"
import * as SingleProcess from "../src/layers/SingleProcess.js"
import * as PostgresStore from "../src/layers/stores/sql/PostgresStore.js"
import * as AesVault from "../src/layers/vault/AesVault.js"
import { freshSchema, onServer, testServer } from "../test/support/Postgres.js"
import { figure, isMain, printTable, quantile } from "./measure.js"

const SUBSCRIPTIONS = 1_000
const EVENTS = 20
const ASKED = 200

const encodeSink = Schema.encodeSync(Schema.parseJson(Sink))
const encodeSubscription = Schema.encodeSync(Schema.parseJson(Subscription))

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

/** All but the two that the handlers have, registered as an operator's import would do it. */
const register = (url: string, schema: string) => {
  const records = Array.from({ length: SUBSCRIPTIONS - 2 }, (_, index) =>
    encodeSubscription({
      namespace,
      name: SubscriptionName.make(`sub-${index + 1}`),
      spec: specOf(index + 1),
      status: "active",
      createdAt: 0,
      updatedAt: 0,
    }),
  )
  const sinks = ["good", "bad"].map((name) =>
    encodeSink({
      namespace,
      name: SinkName.make(name),
      kind: "handler",
      options: {},
      concurrency: 64,
      createdAt: 0,
      updatedAt: 0,
    }),
  )
  return onServer(
    url,
    `set search_path to ${schema}`,
    `insert into namespaces (name, incarnation, overrides, status, created_at, updated_at)
     values ('${namespace}', 'i', '{}', 'enabled', 0, 0)`,
    `insert into sinks (namespace, name, record)
     select '${namespace}', record::json ->> 'name', record
     from unnest(array[${sinks.map((record) => `'${record}'`).join(",")}]) record`,
    `insert into subscriptions (namespace, name, status, record)
     select '${namespace}', record::json ->> 'name', 'active', record
     from unnest(array[${records.map((record) => `'${record}'`).join(",")}]) record`,
    `insert into positions (namespace, subscription, position, acknowledged)
     select namespace, name, 0, '0' from subscriptions`,
  )
}

const prepare = (mesh: MeshService) =>
  Effect.gen(function* () {
    yield* mesh.handle(namespace, "good", {}, () => Outcome.delivered({ status: 200 }))
    yield* mesh.handle(namespace, "bad", {}, (event) =>
      event.id === `e${sequence}` ? Outcome.reject("HTTP 400 Bad Request") : Outcome.delivered(),
    )
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
    let cpu = process.cpuUsage()
    for (let n = 0; n < ASKED + 20; n++) {
      if (n === 20) cpu = process.cpuUsage()
      const start = performance.now()
      const { deliveries } = yield* mesh.explain(namespace, sequence, { limit: SUBSCRIPTIONS })
      if (n >= 20) times.push(performance.now() - start)
      standings.clear()
      for (const { standing } of deliveries) {
        standings.set(standing._tag, (standings.get(standing._tag) ?? 0) + 1)
      }
    }
    const { user, system } = process.cpuUsage(cpu)
    return { times, standings, cpuMillis: (user + system) / 1_000 / ASKED }
  })

const row = (name: string, measured: Effect.Effect.Success<ReturnType<typeof timesOf>>) => [
  name,
  figure(quantile(measured.times, 0.5)),
  figure(quantile(measured.times, 0.99)),
  figure(measured.cpuMillis),
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
    yield* Effect.promise(() => Effect.runPromise(register(server.url, schema)))
    yield* Effect.scoped(prepare(mesh))
    const awake = yield* timesOf(mesh)
    yield* Effect.repeat(Effect.delay(mesh.metrics, "500 millis"), {
      until: ({ awakeNamespaces }) => awakeNamespaces === 0,
    })
    const asleep = yield* timesOf(mesh)
    const told = [...asleep.standings].map(([name, count]) => `${count} ${name}`).join(", ")
    printTable(
      `Explaining an event to ${figure(SUBSCRIPTIONS)} subscriptions (${told}), Postgres journal, milliseconds`,
      ["namespace", "p50", "p99", "processor time of this process"],
      [row("awake", awake), row("asleep", asleep)],
    )
  }).pipe(Effect.provide(deployment), Logger.withMinimumLogLevel(LogLevel.Error))
})

export const run = (): Promise<void> => Effect.runPromise(Effect.scoped(bench))

if (isMain(import.meta.url)) await run()
