/**
 * Many tenants on a Postgres journal: the memory of 100,000 registered namespaces of which 1,000 are
 * awake, the first publish to an idle one, and what the removal of a large namespace does to the
 * publishes of another.
 */
import { Duration, Effect, Either, Redacted } from "effect"
import { Mesh } from "../src/actors/index.js"
import { CloudEvent, NamespaceName, SinkName, SubscriptionName } from "../src/domain/index.js"
import * as SingleProcess from "../src/layers/SingleProcess.js"
import * as PostgresStore from "../src/layers/stores/sql/PostgresStore.js"
import * as AesVault from "../src/layers/vault/AesVault.js"
import { freshSchema, onServer, testServer } from "../test/support/Postgres.js"
import { figure, isMain, printTable, quantile } from "./measure.js"

const REGISTERED = 100_000
const AWAKE = 1_000
const LARGE = 1_000_000
const QUIET_PUBLISHES = 2_000

const eventNamed = (id: string): CloudEvent =>
  Either.getOrThrow(
    CloudEvent.make({ id, source: "/bench", type: "bench.paid", data: { text: "x".repeat(200) } }),
  )

const nameOf = (n: number) => NamespaceName.make(`tenant-${n}.example`)
const sink = SinkName.make("out")
const subscription = SubscriptionName.make("all")

/** Registered as an operator's import would do it; each with a sink and a subscription. */
const register = (url: string, schema: string) =>
  onServer(
    url,
    `set search_path to ${schema}`,
    `insert into namespaces (name, incarnation, overrides, status, created_at, updated_at)
     select 'tenant-' || n || '.example', 'i' || n, '{}', 'enabled', 0, 0
     from generate_series(1, ${REGISTERED}) n`,
  )

/** The milliseconds of each of `count` publishes, one after the other. */
const publishTimes = (namespace: NamespaceName, count: number, prefix: string) =>
  Effect.gen(function* () {
    const mesh = yield* Mesh
    const times: Array<number> = []
    for (let n = 0; n < count; n++) {
      const start = performance.now()
      yield* mesh.publish(namespace, [eventNamed(`${prefix}-${n}`)])
      times.push(performance.now() - start)
      yield* Effect.sleep(1)
    }
    return times
  })

const program = (url: string, schema: string) =>
  Effect.gen(function* () {
    const mesh = yield* Mesh
    yield* Effect.promise(() => Effect.runPromise(register(url, schema)))
    const times: Array<number> = []
    for (let n = 1; n <= AWAKE; n++) {
      const namespace = nameOf(n * 7)
      yield* mesh.sinks.put(namespace, sink, { kind: "handler" })
      yield* mesh.subscriptions.put(namespace, subscription, { sink })
    }
    for (let n = 1; n <= 300; n++) {
      const start = performance.now()
      yield* mesh.publish(nameOf(n * 7 + 3), [eventNamed(`first-${n}`)])
      times.push(performance.now() - start)
    }
    globalThis.gc?.()
    const rss = process.memoryUsage.rss() / 1024 / 1024
    const { awakeNamespaces } = yield* mesh.metrics
    printTable(
      `${figure(REGISTERED)} namespaces registered, ${figure(awakeNamespaces)} awake (of those ${figure(AWAKE)} with a sink and a subscription), Postgres journal`,
      ["what", "figure"],
      [
        ["resident memory, MiB", figure(rss)],
        ["first publish to an idle namespace, p50 ms", figure(quantile(times, 0.5))],
        ["first publish to an idle namespace, p99 ms", figure(quantile(times, 0.99))],
      ],
    )

    const large = nameOf(1)
    const other = nameOf(2)
    for (let n = 0; n < LARGE; n += 1_000) {
      yield* mesh.publish(
        large,
        Array.from({ length: 1_000 }, (_, index) => eventNamed(`large-${n + index}`)),
      )
    }
    yield* publishTimes(other, 200, "warm")
    const quiet = yield* publishTimes(other, QUIET_PUBLISHES, "quiet")
    const start = performance.now()
    yield* mesh.namespaces.remove(large)
    const during: Array<number> = []
    for (let round = 0; ; round++) {
      during.push(...(yield* publishTimes(other, 200, `during-${round}`)))
      const removal = yield* mesh.namespaces.removal(large)
      if (removal._tag === "None") break
    }
    const seconds = (performance.now() - start) / 1_000
    printTable(
      `Removing a namespace of ${figure(LARGE)} events while another publishes, Postgres journal`,
      ["what", "figure"],
      [
        ["removal, seconds", figure(seconds)],
        [
          "other's publish, quiet, p50 / p99 ms",
          `${figure(quantile(quiet, 0.5))} / ${figure(quantile(quiet, 0.99))}`,
        ],
        [
          "other's publish, during, p50 / p99 ms",
          `${figure(quantile(during, 0.5))} / ${figure(quantile(during, 0.99))}`,
        ],
        ["p99 during / quiet", figure(quantile(during, 0.99) / quantile(quiet, 0.99))],
      ],
    )
  })

const bench = Effect.gen(function* () {
  const server = yield* testServer
  const schema = yield* freshSchema(server)
  const deployment = SingleProcess.layer({
    store: PostgresStore.layer({ url: Redacted.make(server.url), schema }),
    vault: AesVault.layerTest,
    config: { idleAfter: Duration.hours(1) },
  })
  yield* program(server.url, schema).pipe(Effect.provide(deployment))
})

export const run = (): Promise<void> => Effect.runPromise(Effect.scoped(bench))

if (isMain(import.meta.url)) await run()
