/**
 * Deliveries to one local webhook receiver in another process: Eventloom on a Postgres journal,
 * signed, against bare `undici` dispatch of the same bodies, with and without a signature (no sender over
 * `undici` in one process is faster than that), and against BullMQ, pg-boss and
 * graphile-worker doing "take job, POST it, mark done" with the same concurrency. One to one, one to
 * ten, and the latency from the call that publishes to the receipt at 200 events per second.
 *
 * Peers run in processes of their own, under the Node that they need. Everything was queued before a
 * clock starts, but for latency. Figures are medians of rounds in which the contenders take turns.
 */
import { fork } from "node:child_process"
import { createHmac, createSecretKey, randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { Duration, Effect, Either, Redacted } from "effect"
import { Pool } from "undici"
import { Mesh, type MeshService } from "../src/actors/index.js"
import { CloudEvent, NamespaceName, SinkName, SubscriptionName } from "../src/domain/index.js"
import * as SingleProcess from "../src/layers/SingleProcess.js"
import * as PostgresStore from "../src/layers/stores/sql/PostgresStore.js"
import * as AesVault from "../src/layers/vault/AesVault.js"
import { freshSchema, onServer, testServer } from "../test/support/Postgres.js"
import { figure, isMain, median, printTable, quantile } from "./measure.js"
import { answerOf, local, type Receiver, startReceiver } from "./receiver.js"

const CONCURRENCY = 64
const EVENTS = 30_000
const FANOUT_EVENTS = 3_000
const FANOUT = 10
const ROUNDS = 3
/** Of every contender; code that runs hot is compiled anew for tens of thousands of deliveries. */
const WARM_UP_ROUNDS = 4
const PER_SECOND = 200
const LATENCY_EVENTS = 1_000
/** The first second warms up and does not count. */
const WARM_UP_EVENTS = PER_SECOND

const peerNode = local("node_modules/node/bin/node")
const peers = ["bullmq", "pg-boss", "graphile-worker"].filter(() =>
  existsSync(local("node_modules/bullmq")),
)

const eventWith = (id: string, sentAt: string): CloudEvent =>
  Either.getOrThrow(
    CloudEvent.make({
      id,
      source: "/bench",
      type: "bench.order.paid",
      time: "2026-01-02T03:04:05Z",
      data: { sentAt, text: "x".repeat(300) },
    }),
  )

const bodyTemplate = JSON.stringify(eventWith("0b9f4a1e-7c1d-4e59-9a5e-000000000000", "SENT_AT"))
const body = bodyTemplate.replace("SENT_AT", "0")

// --- The processes around ------------------------------------------------------------------------

/** Runs a peer in its own process and lets `use` command it. */
const withPeer = async <A>(
  name: string,
  databaseUrl: string,
  port: number,
  use: (command: (message: Record<string, unknown>) => Promise<void>) => Promise<A>,
): Promise<A> => {
  const child = fork(local("peers/runner.mjs"), [name, databaseUrl, String(port)], {
    execPath: existsSync(peerNode) ? peerNode : process.execPath,
    execArgv: [],
  })
  await answerOf(child, "done")
  const command = async (message: Record<string, unknown>) => {
    const answer = answerOf(child, "done")
    child.send(message)
    await answer
  }
  try {
    return await use(command)
  } finally {
    await command({ command: "close" }).catch(() => child.kill())
  }
}

const secondsOf = async (run: () => Promise<void>): Promise<number> => {
  const start = performance.now()
  await run()
  return (performance.now() - start) / 1_000
}

// --- What is measured: deliveries per second ------------------------------------------------------

interface Surroundings {
  readonly mesh: MeshService
  readonly receiver: Receiver
  readonly databaseUrl: string
}

type RateOf = (round: number) => Promise<number>

type HeadersOf = () => Array<string>

const contentType = ["content-type", "application/cloudevents+json"]

/** What a signature takes at the least: three headers, one of them an HMAC. */
const signedHeaders = (): HeadersOf => {
  const key = createSecretKey(randomBytes(32))
  const bytes = Buffer.from(body)
  let sent = 0
  return () => {
    const id = `msg_${sent++}`
    const timestamp = String(Math.floor(Date.now() / 1_000))
    const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(bytes)
    const signature = `v1,${hmac.digest("base64")}`
    return [
      ...contentType,
      "webhook-id",
      id,
      "webhook-timestamp",
      timestamp,
      "webhook-signature",
      signature,
    ]
  }
}

const bare =
  ({ receiver }: Surroundings, headersOf: HeadersOf): RateOf =>
  async () => {
    const pool = new Pool(`http://127.0.0.1:${receiver.port}`, {
      connections: CONCURRENCY,
      pipelining: 1,
    })
    const { complete } = await receiver.expect(EVENTS)
    const seconds = await secondsOf(async () => {
      let started = 0
      const next = () => {
        if (started++ >= EVENTS) return
        pool.dispatch(
          { path: "/hook", method: "POST", headers: headersOf(), body },
          {
            onRequestStart: () => undefined,
            onResponseStart: () => undefined,
            onResponseData: () => undefined,
            onResponseEnd: next,
            onResponseError: (_controller, error) => {
              throw error
            },
          },
        )
      }
      for (let lane = 0; lane < CONCURRENCY; lane++) next()
      await complete
    })
    await pool.destroy()
    return EVENTS / seconds
  }

const eventloom =
  ({ mesh, receiver }: Surroundings, events: number, fanout: number): RateOf =>
  async (round) => {
    const namespace = NamespaceName.make(`delivery-${fanout}-${round + WARM_UP_ROUNDS}.bench`)
    const hook = SinkName.make("hook")
    const prepare = Effect.gen(function* () {
      yield* mesh.namespaces.put(namespace)
      const url = `http://127.0.0.1:${receiver.port}/hook`
      yield* mesh.sinks.put(namespace, hook, { kind: "webhook", url, concurrency: CONCURRENCY })
      for (let at = 0; at < events; at += 500) {
        const batch = Array.from({ length: Math.min(500, events - at) }, (_, index) =>
          eventWith(`0b9f4a1e-7c1d-4e59-9a5e-${String(at + index).padStart(12, "0")}`, "0"),
        )
        yield* mesh.publish(namespace, batch)
      }
    })
    await Effect.runPromise(prepare)
    const { complete } = await receiver.expect(events * fanout)
    const subscribe = Effect.forEach(
      Array.from({ length: fanout }, (_, index) => SubscriptionName.make(`sub-${index}`)),
      (name) =>
        mesh.subscriptions.put(namespace, name, {
          sink: hook,
          startAt: "earliest",
          concurrency: CONCURRENCY,
        }),
      { concurrency: "unbounded", discard: true },
    )
    const seconds = await secondsOf(async () => {
      await Effect.runPromise(subscribe)
      await complete
    })
    await Effect.runPromise(mesh.namespaces.remove(namespace, { wait: Duration.minutes(1) }))
    return (events * fanout) / seconds
  }

const peer =
  ({ receiver, databaseUrl }: Surroundings, name: string, deliveries: number): RateOf =>
  () =>
    withPeer(name, databaseUrl, receiver.port, async (command) => {
      await command({ command: "enqueue", body, count: deliveries })
      const { complete } = await receiver.expect(deliveries)
      const seconds = await secondsOf(async () => {
        await command({ command: "start", concurrency: CONCURRENCY, latency: false })
        await complete
      })
      return deliveries / seconds
    })

/**
 * Rates of each contender, taking turns; the medians, and the first one's ratio to each in its rounds.
 * The first rounds warm up and do not count.
 */
const takeTurns = async (
  contenders: ReadonlyArray<readonly [name: string, rateOf: RateOf]>,
): Promise<
  ReadonlyArray<{ readonly name: string; readonly perSecond: number; readonly ratio: number }>
> => {
  const rates = contenders.map((): Array<number> => [])
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [index, [, rateOf]] of contenders.entries()) {
      const rate = await rateOf(round)
      if (round >= 0) rates[index]?.push(rate)
    }
  }
  const ours = rates[0] ?? []
  return contenders.map(([name], index) => {
    const own = rates[index] ?? []
    return {
      name,
      perSecond: median(own),
      ratio: median(own.map((rate, round) => (ours[round] ?? Number.NaN) / rate)),
    }
  })
}

// --- What is measured: latency --------------------------------------------------------------------

const ourLatency = async (
  { mesh, receiver }: Surroundings,
  round: number,
): Promise<ReadonlyArray<number>> => {
  const namespace = NamespaceName.make(`latency-${round}.bench`)
  const hook = SinkName.make("hook")
  await Effect.runPromise(
    Effect.gen(function* () {
      yield* mesh.namespaces.put(namespace)
      const url = `http://127.0.0.1:${receiver.port}/hook`
      yield* mesh.sinks.put(namespace, hook, { kind: "webhook", url, concurrency: CONCURRENCY })
      yield* mesh.subscriptions.put(namespace, SubscriptionName.make("sub"), {
        sink: hook,
        concurrency: CONCURRENCY,
      })
    }),
  )
  const { complete } = await receiver.expect(WARM_UP_EVENTS + LATENCY_EVENTS, true)
  const start = performance.now()
  const calls: Array<Promise<unknown>> = []
  for (let n = 0; n < WARM_UP_EVENTS + LATENCY_EVENTS; n++) {
    const wait = start + (n * 1_000) / PER_SECOND - performance.now()
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
    const event = eventWith(`latency-${n}`, String(process.hrtime.bigint()))
    calls.push(Effect.runPromise(mesh.publish(namespace, [event])))
  }
  await Promise.all(calls)
  await complete
  await Effect.runPromise(mesh.namespaces.remove(namespace, { wait: Duration.minutes(1) }))
  return (await receiver.latencies()).slice(WARM_UP_EVENTS)
}

const peerLatency = (
  { receiver, databaseUrl }: Surroundings,
  name: string,
): Promise<ReadonlyArray<number>> =>
  withPeer(name, databaseUrl, receiver.port, async (command) => {
    await command({ command: "start", concurrency: CONCURRENCY, latency: true })
    const { complete } = await receiver.expect(WARM_UP_EVENTS + LATENCY_EVENTS, true)
    await command({
      command: "trickle",
      body: bodyTemplate,
      perSecond: PER_SECOND,
      count: WARM_UP_EVENTS + LATENCY_EVENTS,
    })
    await complete
    return (await receiver.latencies()).slice(WARM_UP_EVENTS)
  })

// --------------------------------------------------------------------------------------------------

const measure = async (surroundings: Surroundings): Promise<void> => {
  const rows = (results: Awaited<ReturnType<typeof takeTurns>>) =>
    results.map(({ name, perSecond, ratio }) => [name, figure(perSecond), figure(ratio)])
  const headings = ["contender", "deliveries/s", "ours / theirs"]
  printTable(
    `Signed deliveries 1:1, Postgres journal, ${CONCURRENCY} in flight, ${body.length} bytes`,
    headings,
    rows(
      await takeTurns([
        ["eventloom", eventloom(surroundings, EVENTS, 1)],
        ["bare undici dispatch", bare(surroundings, () => contentType)],
        ["the same, signed", bare(surroundings, signedHeaders())],
        ...peers.map((name) => [name, peer(surroundings, name, EVENTS)] as const),
      ]),
    ),
  )
  printTable(
    `Fan-out 1:${FANOUT}, Postgres journal, ${CONCURRENCY} in flight`,
    headings,
    rows(
      await takeTurns([
        ["eventloom", eventloom(surroundings, FANOUT_EVENTS, FANOUT)],
        ...peers.map((name) => [name, peer(surroundings, name, FANOUT_EVENTS * FANOUT)] as const),
      ]),
    ),
  )
  const latencyContenders = [
    (round: number) => ourLatency(surroundings, round),
    ...peers.map((name) => () => peerLatency(surroundings, name)),
  ]
  const rounds: Array<ReadonlyArray<ReadonlyArray<number>>> = []
  for (let round = 0; round < ROUNDS; round++) {
    const latencies: Array<ReadonlyArray<number>> = []
    for (const latency of latencyContenders) {
      // What the contender before has written is not for this one to flush.
      await Effect.runPromise(onServer(surroundings.databaseUrl, "checkpoint"))
      latencies.push(await latency(round))
    }
    rounds.push(latencies)
  }
  const at = (contender: number, q: number): ReadonlyArray<number> =>
    rounds.map((latencies) => quantile(latencies[contender] ?? [], q))
  const ratio = (contender: number, q: number): number =>
    median(at(0, q).map((ours, round) => ours / (at(contender, q)[round] ?? Number.NaN)))
  printTable(
    `Publish call to receipt at ${PER_SECOND} events/s, Postgres journal, milliseconds`,
    ["contender", "p50", "p99", "ours / theirs, p50", "p99"],
    ["eventloom", ...peers].map((name, contender) => [
      name,
      figure(median(at(contender, 0.5))),
      figure(median(at(contender, 0.99))),
      figure(ratio(contender, 0.5)),
      figure(ratio(contender, 0.99)),
    ]),
  )
  if (peers.length === 0) console.log("Peers are not installed: npm ci --prefix bench")
}

const program = Effect.gen(function* () {
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
    yield* Effect.promise(() => measure({ mesh, receiver, databaseUrl: server.url }))
  }).pipe(Effect.provide(deployment))
})

export const run = (): Promise<void> => Effect.runPromise(Effect.scoped(program))

if (isMain(import.meta.url)) await run()
