/**
 * Publishing over HTTP, from another process: one event a request on 64 connections against a bare
 * `node:http` server that parses the JSON and answers 202, and batches of 500 events against the same
 * batches published in the process. On a journal in memory and on a Postgres server
 * (EVENTLOOM_TEST_DATABASE_URL, or one started for the purpose).
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { connect } from "node:net"
import { fileURLToPath } from "node:url"
import { Context, Effect, Either, Layer, Redacted, Runtime, Schema, type Scope } from "effect"
import { Mesh } from "../src/actors/index.js"
import { CloudEvent, NamespaceName } from "../src/domain/index.js"
import { HttpServer, layer as httpLayer } from "../src/layers/http/index.js"
import * as SingleProcess from "../src/layers/SingleProcess.js"
import * as MemoryStore from "../src/layers/stores/memory/MemoryStore.js"
import * as PostgresStore from "../src/layers/stores/sql/PostgresStore.js"
import { AesVault } from "../src/layers/vault/index.js"
import { freshSchema, testServer } from "../test/support/Postgres.js"
import { compare, type Contender, figure, isMain, printTable } from "./measure.js"

const CONNECTIONS = 64
const BATCH_CONNECTIONS = 8
const BATCH_EVENTS = 500
const GENERATOR = "generate"
const namespace = NamespaceName.make("bench.example")
const path = `/v1/namespaces/${namespace}/events`

const eventOf = (id: string) => ({
  specversion: "1.0",
  id,
  source: "/orders/service",
  type: "shop.v1.order.placed",
  time: "2026-01-01T00:00:00.000Z",
  datacontenttype: "application/json",
  data: { order: 12345, amount: 1234.5, customer: "acme 12345", note: "x".repeat(250) },
})

/** As wide as every id, so that requests differ in nothing else. */
const idWidth = 16
const marker = "#".repeat(idWidth)

// The generator's process: raw sockets, so that it costs less than what it measures.

const Load = Schema.Struct({
  port: Schema.Number,
  requests: Schema.Number,
  connections: Schema.Number,
  events: Schema.Number,
})
type Load = typeof Load.Type

let lastId = 0

const requestOf = (events: number): { bytes: Buffer; ids: ReadonlyArray<number> } => {
  const event = JSON.stringify(eventOf(marker))
  const body = events === 1 ? event : `[${Array.from({ length: events }, () => event).join(",")}]`
  const media = events === 1 ? "cloudevents" : "cloudevents-batch"
  const bytes = Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/${media}+json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  const ids: Array<number> = []
  for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) ids.push(at)
  return { bytes, ids }
}

/** Sends requests on one connection, each after the answer to the one before, while `take` allows. */
const sendOn = (port: number, events: number, take: () => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const { bytes, ids } = requestOf(events)
    const socket = connect(port, "127.0.0.1")
    let missing = 0
    const next = (): void => {
      if (!take()) return void socket.end()
      for (const at of ids) {
        lastId++
        bytes.write(`${process.pid}-${lastId}`.padEnd(idWidth, "."), at, "latin1")
      }
      socket.write(bytes)
    }
    socket.on("data", (chunk: Buffer) => {
      if (missing > 0) {
        missing -= chunk.length
      } else {
        const head = chunk.indexOf("\r\n\r\n")
        const text = chunk.toString("latin1", 0, head).toLowerCase()
        const [, length] = /content-length: (\d+)/.exec(text) ?? []
        if (!text.startsWith("http/1.1 202") || length === undefined) {
          socket.destroy(new Error(`The server answered ${chunk.toString("latin1")}`))
          return
        }
        missing = head + 4 + Number(length) - chunk.length
      }
      if (missing === 0) next()
    })
    socket
      .on("connect", next)
      .on("error", reject)
      .on("close", () => resolve())
  })

const generate = (): void => {
  process.on("message", (message) => {
    const { connections, events, port, requests } = Schema.decodeUnknownSync(Load)(message)
    let left = requests
    const take = () => left-- > 0
    const all = Array.from({ length: Math.min(connections, requests) }, () =>
      sendOn(port, events, take),
    )
    void Promise.all(all).then(() => process.send?.("done"))
  })
}

const startGenerator: Effect.Effect<(load: Load) => Promise<unknown>, never, Scope.Scope> =
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => fork(fileURLToPath(import.meta.url), [GENERATOR])),
      (child) => Effect.sync(() => child.kill()),
    ),
    (child) => (load) => {
      const done = once(child, "message")
      child.send(load)
      return done
    },
  )

/** What anybody would write first: parse, and answer. */
const startBare: Effect.Effect<number, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          const { id, source } = JSON.parse(Buffer.concat(chunks).toString())
          const answer = JSON.stringify({ accepted: [{ source, id, sequence: "1" }] })
          response.writeHead(202, {
            "content-type": "application/json",
            "content-length": Buffer.byteLength(answer),
          })
          response.end(answer)
        })
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) => Effect.sync(() => server.close()),
  ),
  (server) => (server.address() as AddressInfo).port,
)

interface Served {
  readonly port: number
  /** Publishes this many batches in the process, as many at once as over HTTP. */
  readonly publish: (batches: number) => Promise<unknown>
}

const serve = (
  store: Layer.Layer<SingleProcess.Stores, unknown>,
): Effect.Effect<Served, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const mesh = SingleProcess.layer({ store, vault: AesVault.layerTest })
    const context = yield* Layer.build(
      httpLayer({ host: "127.0.0.1", port: 0 }).pipe(Layer.provideMerge(mesh)),
    )
    const { namespaces, publish } = Context.get(context, Mesh)
    yield* namespaces.put(namespace)
    const runPromise = Runtime.runPromise(yield* Effect.runtime())
    const batch = Effect.suspend(() =>
      publish(
        namespace,
        Array.from({ length: BATCH_EVENTS }, () =>
          Either.getOrThrow(CloudEvent.make(eventOf(`in-${lastId++}`.padEnd(idWidth, ".")))),
        ),
      ),
    )
    return {
      port: Context.get(context, HttpServer).port,
      publish: (batches) =>
        runPromise(
          Effect.forEach(Array.from({ length: batches }), () => batch, {
            concurrency: BATCH_CONNECTIONS,
            discard: true,
          }),
        ),
    }
  })

const rounds = { rounds: 5, minMillis: 2_000 }

const measure = (
  name: string,
  store: Layer.Layer<SingleProcess.Stores, unknown>,
  bare: number,
  send: (load: Load) => Promise<unknown>,
) =>
  Effect.gen(function* () {
    const { port, publish } = yield* serve(store)
    const singles = (name: string, port: number): Contender => ({
      name,
      run: (count) =>
        send({ port, requests: count * CONNECTIONS, connections: CONNECTIONS, events: 1 }),
    })
    const single = yield* Effect.promise(() =>
      compare([singles("one event a request", port), singles("bare node:http", bare)], rounds),
    )
    printTable(
      `HTTP publish: one event a request, ${CONNECTIONS} connections: ${name}`,
      ["", "requests/s", "against the last"],
      single.map(({ name, perSecond, ratio }) => [
        name,
        figure(perSecond * CONNECTIONS),
        figure(ratio),
      ]),
    )

    const load = { port, connections: BATCH_CONNECTIONS, events: BATCH_EVENTS }
    const batches = yield* Effect.promise(() =>
      compare(
        [
          {
            name: "over HTTP",
            run: (count) => send({ ...load, requests: count * BATCH_CONNECTIONS }),
          },
          { name: "in the process", run: (count) => publish(count * BATCH_CONNECTIONS) },
        ],
        rounds,
      ),
    )
    printTable(
      `Publish in batches of ${BATCH_EVENTS}, ${BATCH_CONNECTIONS} at once: ${name}`,
      ["", "events/s", "against the last"],
      batches.map(({ name, perSecond, ratio }) => [
        name,
        figure(perSecond * BATCH_CONNECTIONS * BATCH_EVENTS),
        figure(ratio),
      ]),
    )
  }).pipe(Effect.scoped)

const bench = Effect.gen(function* () {
  const server = yield* testServer
  const schema = yield* freshSchema(server)
  const send = yield* startGenerator
  const bare = yield* startBare
  // One after the other: what a journal in memory holds would be collected at the other's expense.
  const postgres = PostgresStore.layer({ url: Redacted.make(server.url), schema })
  yield* measure("Postgres", postgres, bare, send)
  yield* measure("memory", MemoryStore.layer, bare, send)
})

export const run = (): Promise<void> => Effect.runPromise(Effect.scoped(bench))

if (isMain(import.meta.url)) {
  if (process.argv[2] === GENERATOR) generate()
  else await run()
}
