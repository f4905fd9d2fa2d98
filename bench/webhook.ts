/**
 * Webhook deliveries: a signed delivery through the transport against bare `undici` dispatching the
 * same bodies to the same receiver, which is another process.
 */
import { fork } from "node:child_process"
import { createServer } from "node:http"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Effect, Either, Layer, Redacted, Schema } from "effect"
import { Pool } from "undici"
import type { Connection, Delivery } from "../src/actors/index.js"
import {
  CloudEvent,
  JournaledEvent,
  NamespaceName,
  Sequence,
  SinkName,
  SubscriptionName,
} from "../src/domain/index.js"
import { TargetGuards, WebhookTransport } from "../src/layers/transports/index.js"
import {
  type WebhookMode,
  WebhookOptions,
} from "../src/layers/transports/webhook/WebhookOptions.js"
import { AesVault } from "../src/layers/vault/index.js"
import { compare, type Contender, figure, isMain, printTable } from "./measure.js"

const IN_FLIGHT = 64
const BODY_BYTES = 500
const RECEIVER = "receive"

/** The receiver's process: answers everything with 204 and says on which port. */
const receive = (): void => {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(204).end())
  })
  server.listen(0, "127.0.0.1", () => process.send?.(server.address()))
}

const PortMessage = Schema.Struct({ port: Schema.Number })

const startReceiver = Effect.acquireRelease(
  Effect.promise(async () => {
    const child = fork(fileURLToPath(import.meta.url), [RECEIVER])
    const [message] = await once(child, "message")
    return { child, port: Schema.decodeUnknownSync(PortMessage)(message).port }
  }),
  ({ child }) => Effect.sync(() => child.kill()),
)

const event = Either.getOrThrow(
  CloudEvent.make({
    id: "018f3c1e-0000-7000-8000-000000000001",
    source: "/bench",
    type: "bench.webhook.sent",
    time: "2026-01-02T03:04:05Z",
    data: { text: "x".repeat(BODY_BYTES - 180) },
  }),
)

const deliveryOf = (n: number): Delivery => ({
  namespace: NamespaceName.make("bench.example"),
  subscription: SubscriptionName.make("all"),
  id: `dlv_${n}`,
  attempt: 1,
  event: JournaledEvent.of(Sequence.make(n), event, 0),
})

/** What was read from the journal: the text of an event is at hand, never made for a delivery. */
const journaled = Array.from({ length: 1_024 }, (_, index) => deliveryOf(index + 1))
const deliveryAt = (n: number): Delivery => journaled[n % journaled.length] ?? deliveryOf(n)

/** Keeps `IN_FLIGHT` of `count` operations under way, each started by the end of another. */
const saturate = (count: number, start: (n: number, done: () => void) => void): Promise<void> =>
  new Promise((resolve) => {
    let started = 0
    let ended = 0
    const next = () => {
      if (started < count) start(++started, done)
    }
    const done = () => {
      if (++ended === count) resolve()
      else next()
    }
    for (let lane = 0; lane < Math.min(IN_FLIGHT, count); lane++) next()
  })

const bare = (pool: Pool): Contender => {
  const body = deliveryOf(1).event.json
  const headers = ["content-type", "application/cloudevents+json", "user-agent", "bench"]
  return {
    name: "bare undici dispatch",
    run: (count) =>
      saturate(count, (_, done) => {
        pool.dispatch(
          { path: "/hook", method: "POST", headers, body },
          {
            onRequestStart: () => undefined,
            onResponseStart: () => undefined,
            onResponseData: () => undefined,
            onResponseEnd: done,
            onResponseError: (_controller, error) => {
              throw error
            },
          },
        )
      }),
  }
}

/** As the subscriptions' loop drives it: each outcome starts the next delivery, without a fiber. */
const started = (name: string, { start }: Connection): Contender => ({
  name,
  run: (count) =>
    saturate(count, (n, done) => {
      start?.(deliveryAt(n), (outcome) => {
        if (outcome._tag !== "Delivered") throw new Error(`not delivered: ${outcome._tag}`)
        done()
      })
    }),
})

/** As an embedder may drive it: one fiber per lane, which delivers one event after the other. */
const delivered = (name: string, { deliver }: Connection): Contender => ({
  name,
  run: (count) => {
    let started = 0
    const lane: Effect.Effect<void> = Effect.whileLoop({
      while: () => started < count,
      body: () => deliver(deliveryAt(++started)),
      step: (outcome) => {
        if (outcome._tag !== "Delivered") throw new Error(`not delivered: ${outcome._tag}`)
      },
    })
    return Effect.runPromise(
      Effect.all(
        Array.from({ length: IN_FLIGHT }, () => lane),
        { concurrency: "unbounded", discard: true },
      ),
    )
  },
})

const program = Effect.gen(function* () {
  const { port } = yield* startReceiver
  const origin = `http://127.0.0.1:${port}`
  const { open } = yield* WebhookTransport.make()
  const pool = yield* Effect.acquireRelease(
    Effect.sync(() => new Pool(origin, { connections: IN_FLIGHT, pipelining: 1 })),
    (pool) => Effect.promise(() => pool.destroy()),
  )
  const secret = Redacted.make(`whsec_${Buffer.alloc(32, 7).toString("base64")}`)
  const connection = (mode: WebhookMode, secrets: Readonly<Record<string, Redacted.Redacted>>) =>
    open({
      namespace: NamespaceName.make("bench.example"),
      sink: SinkName.make("hook"),
      options: Schema.decodeSync(WebhookOptions)({ url: `${origin}/hook`, mode }),
      secrets,
    })
  const signed = yield* connection("structured", { secret })
  const contenders = [
    started("structured, signed", signed),
    delivered("structured, signed, a fiber per lane", signed),
    started("binary, signed", yield* connection("binary", { secret })),
    started("structured, unsigned", yield* connection("structured", {})),
    bare(pool),
  ]
  const measured = yield* Effect.promise(() => compare(contenders, { rounds: 5, minMillis: 800 }))
  printTable(
    `Webhook deliveries, ${IN_FLIGHT} in flight, ${Buffer.byteLength(deliveryOf(1).event.json)} bytes`,
    ["contender", "per second", "ratio"],
    measured.map(({ name, perSecond, ratio }) => [name, figure(perSecond), figure(ratio)]),
  )
})

const context = Layer.merge(
  TargetGuards.layerDefault({ allowPrivateTargets: true }),
  AesVault.layerTest,
)

export const run = (): Promise<void> =>
  Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(context)))

if (process.argv[2] === RECEIVER) receive()
else if (isMain(import.meta.url)) await run()
