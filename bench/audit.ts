/**
 * What keeping every attempt costs: deliveries to a local webhook receiver in another process, on a
 * Postgres journal, with `audit: "all"` against the default. They take turns.
 */
import { Duration, Effect, Either, Redacted } from "effect"
import { Mesh, type MeshService } from "../src/actors/index.js"
import {
  type Audit,
  CloudEvent,
  NamespaceName,
  SinkName,
  SubscriptionName,
} from "../src/domain/index.js"
import * as SingleProcess from "../src/layers/SingleProcess.js"
import * as PostgresStore from "../src/layers/stores/sql/PostgresStore.js"
import * as AesVault from "../src/layers/vault/AesVault.js"
import { freshSchema, testServer } from "../test/support/Postgres.js"
import { figure, isMain, median, printTable } from "./measure.js"
import { type Receiver, startReceiver } from "./receiver.js"

const EVENTS = 30_000
const CONCURRENCY = 64
const ROUNDS = 5

const eventNamed = (id: string): CloudEvent =>
  Either.getOrThrow(
    CloudEvent.make({ id, source: "/bench", type: "bench.paid", data: { text: "x".repeat(300) } }),
  )

/** Deliveries per second of what was published before. */
const rateOf = async (mesh: MeshService, receiver: Receiver, audit: Audit, round: number) => {
  const namespace = NamespaceName.make(`audit-${audit}-${round}.bench`)
  const hook = SinkName.make("hook")
  const prepare = Effect.gen(function* () {
    yield* mesh.namespaces.put(namespace)
    const url = `http://127.0.0.1:${receiver.port}/hook`
    yield* mesh.sinks.put(namespace, hook, { kind: "webhook", url, concurrency: CONCURRENCY })
    for (let at = 0; at < EVENTS; at += 500) {
      const batch = Array.from({ length: 500 }, (_, index) => eventNamed(`e${at + index}`))
      yield* mesh.publish(namespace, batch)
    }
  })
  await Effect.runPromise(prepare)
  const { complete } = await receiver.expect(EVENTS)
  const start = performance.now()
  const name = SubscriptionName.make("sub")
  await Effect.runPromise(
    mesh.subscriptions.put(namespace, name, {
      sink: hook,
      startAt: "earliest",
      concurrency: CONCURRENCY,
      audit,
    }),
  )
  await complete
  const seconds = (performance.now() - start) / 1_000
  await Effect.runPromise(mesh.namespaces.remove(namespace, { wait: Duration.minutes(1) }))
  return EVENTS / seconds
}

const measure = async (mesh: MeshService, receiver: Receiver): Promise<void> => {
  const rates: Record<Audit, Array<number>> = { all: [], failures: [] }
  for (let round = 0; round <= ROUNDS; round++) {
    const order: ReadonlyArray<Audit> = round % 2 === 0 ? ["all", "failures"] : ["failures", "all"]
    for (const audit of order) {
      const rate = await rateOf(mesh, receiver, audit, round)
      // A first round warms up and does not count.
      if (round > 0) rates[audit].push(rate)
    }
  }
  const ratios = rates.all.map((rate, round) => rate / (rates.failures[round] ?? Number.NaN))
  printTable(
    `Deliveries with every attempt kept, Postgres journal, ${CONCURRENCY} in flight`,
    ["audit", "deliveries/s", "ratio"],
    [
      ["all", figure(median(rates.all)), figure(median(ratios))],
      ["failures", figure(median(rates.failures)), "1"],
    ],
  )
}

const bench = Effect.gen(function* () {
  const receiver = yield* startReceiver
  const server = yield* testServer
  const schema = yield* freshSchema(server)
  const deployment = SingleProcess.layer({
    store: PostgresStore.layer({ url: Redacted.make(server.url), schema }),
    vault: AesVault.layerTest,
    allowPrivateTargets: true,
  })
  yield* Effect.gen(function* () {
    const mesh = yield* Mesh
    yield* Effect.promise(() => measure(mesh, receiver))
  }).pipe(Effect.provide(deployment))
})

export const run = (): Promise<void> => Effect.runPromise(Effect.scoped(bench))

if (isMain(import.meta.url)) await run()
