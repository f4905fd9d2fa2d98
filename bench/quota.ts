/**
 * What a tenant at its limit costs another: over HTTP, against a server in a process of its own, one
 * namespace publishes ten times what its quota allows (from a third process) while another publishes
 * steadily and measures. Rounds of quiet and noise take turns; what counts is the median over the
 * rounds of the ratio of the p99s within a round. For comparison, the same noise without a quota; as much as
 * the quota allows and no more, which shows what of the cost is not of the excess; and the same noise at a
 * bare server beside, which shows what the machine's cores alone make of it. On a journal in memory and on
 * a Postgres server.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import { connect, type Socket } from "node:net"
import { fileURLToPath } from "node:url"
import { Context, Effect, Layer, Redacted, Schema, type Scope } from "effect"
import { Mesh } from "../src/actors/index.js"
import { NamespaceName, Settings } from "../src/domain/index.js"
import { HttpServer, layer as httpLayer } from "../src/layers/http/index.js"
import * as SingleProcess from "../src/layers/SingleProcess.js"
import * as MemoryStore from "../src/layers/stores/memory/MemoryStore.js"
import * as PostgresStore from "../src/layers/stores/sql/PostgresStore.js"
import { AesVault } from "../src/layers/vault/index.js"
import { freshSchema, testServer } from "../test/support/Postgres.js"
import { figure, isMain, median, printTable, quantile } from "./measure.js"

const SERVE = "serve"
const NOISE = "noise"
const BARE = "bare"
const QUOTA = 200
const NOISE_PER_SECOND = 10 * QUOTA
const STEADY_PER_SECOND = 200
const NOISE_CONNECTIONS = 64
const STEADY_CONNECTIONS = 8
const ROUND_MILLIS = 4_000
const ROUNDS = 9

const Noise = Schema.Struct({
  port: Schema.Number,
  namespace: Schema.String,
  perSecond: Schema.Number,
})
const Store = Schema.Struct({
  databaseUrl: Schema.optional(Schema.String),
  schema: Schema.optional(Schema.String),
})

// A client on raw sockets, so that it costs less than what it measures.

interface Exchange {
  readonly millis: number
  readonly status: string
}

/** One connection, one request at a time. */
class Line {
  isFree = false
  readonly #socket: Socket
  #sentAt = 0
  #missing = 0
  #status = ""
  readonly #done: (exchange: Exchange) => void

  constructor(port: number, done: (exchange: Exchange) => void) {
    this.#done = done
    this.#socket = connect(port, "127.0.0.1", () => (this.isFree = true))
    this.#socket.setNoDelay(true).on("data", (chunk: Buffer) => this.#read(chunk))
  }

  send(request: string): void {
    this.isFree = false
    this.#sentAt = performance.now()
    this.#socket.write(request)
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    if (this.#missing > 0) {
      this.#missing -= chunk.length
    } else {
      const head = chunk.indexOf("\r\n\r\n")
      const text = chunk.toString("latin1", 0, head).toLowerCase()
      this.#status = text.slice(9, 12)
      this.#missing = head + 4 + Number(/content-length: (\d+)/.exec(text)?.[1]) - chunk.length
    }
    if (this.#missing > 0) return
    this.isFree = true
    this.#done({ millis: performance.now() - this.#sentAt, status: this.#status })
  }
}

let lastId = 0

const requestTo = (namespace: string): string => {
  const body = JSON.stringify({
    specversion: "1.0",
    id: `${process.pid}-${lastId++}`,
    source: "/bench",
    type: "shop.order.placed",
    data: { note: "x".repeat(250) },
  })
  return `POST /v1/namespaces/${namespace}/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/cloudevents+json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/** Sends so many requests a second on free connections; those that find none are not sent. */
const sendSteadily = (
  port: number,
  namespace: string,
  perSecond: number,
  connections: number,
  done: (exchange: Exchange) => void,
): (() => void) => {
  const lines = Array.from({ length: connections }, () => new Line(port, done))
  const start = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - start) / 1_000) * perSecond
    for (const line of lines) {
      if (sent >= due) return
      if (!line.isFree) continue
      sent++
      line.send(requestTo(namespace))
    }
    sent = Math.max(sent, Math.floor(due))
  }, 1)
  return () => {
    clearInterval(timer)
    for (const line of lines) line.close()
  }
}

// The process that makes noise: begins when it is told where, and stops when it is told to.

const makeNoise = (): void => {
  let stop: (() => void) | undefined
  let statuses: Record<string, number> = {}
  process.on("message", (message) => {
    if (stop !== undefined) {
      stop()
      stop = undefined
      process.send?.(statuses)
      return
    }
    const { namespace, perSecond, port } = Schema.decodeUnknownSync(Noise)(message)
    statuses = {}
    stop = sendSteadily(port, namespace, perSecond, NOISE_CONNECTIONS, ({ status }) => {
      statuses[status] = (statuses[status] ?? 0) + 1
    })
  })
}

// The process of the server.

const tenants: Readonly<Record<string, typeof Settings.Encoded>> = {
  "quiet.example": {},
  "limited.example": { publishRate: `${QUOTA}/s` },
  "unlimited.example": {},
}

const serve = (): void => {
  process.once("message", (message) => {
    const { databaseUrl, schema } = Schema.decodeUnknownSync(Store)(message)
    const store: Layer.Layer<SingleProcess.Stores, unknown> =
      databaseUrl === undefined || schema === undefined
        ? MemoryStore.layer
        : PostgresStore.layer({ url: Redacted.make(databaseUrl), schema })
    const program = Effect.gen(function* () {
      const context = yield* Layer.build(
        httpLayer({ host: "127.0.0.1", port: 0 }).pipe(
          Layer.provideMerge(SingleProcess.layer({ store, vault: AesVault.layerTest })),
        ),
      )
      const { namespaces } = Context.get(context, Mesh)
      for (const [name, settings] of Object.entries(tenants)) {
        const overrides = Schema.decodeSync(Settings)(settings)
        yield* namespaces.put(NamespaceName.make(name), { overrides })
      }
      process.send?.(Context.get(context, HttpServer).port)
      return yield* Effect.never
    })
    void Effect.runPromise(Effect.scoped(program))
  })
}

/** Refuses everything, and does nothing else. */
const refuse = (): void => {
  const refusal = JSON.stringify({ title: "Too Many Requests", status: 429 })
  const server = createServer((_, response) => {
    response.writeHead(429, {
      "content-type": "application/problem+json",
      "content-length": refusal.length,
    })
    response.end(refusal)
  })
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    if (typeof address === "object") process.send?.(address?.port)
  })
}

const startChild = (role: string): Effect.Effect<ChildProcess, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => fork(fileURLToPath(import.meta.url), [role])),
    (child) => Effect.sync(() => child.kill()),
  )

const tell = async (child: ChildProcess, message: object): Promise<unknown> => {
  const answer = once(child, "message")
  child.send(message)
  return (await answer)[0]
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** The latencies of a round, in milliseconds. */
const listen = async (port: number): Promise<ReadonlyArray<number>> => {
  const latencies: Array<number> = []
  const stop = sendSteadily(
    port,
    "quiet.example",
    STEADY_PER_SECOND,
    STEADY_CONNECTIONS,
    ({ millis, status }) => {
      if (status !== "202") throw new Error(`The server answered ${status}`)
      latencies.push(millis)
    },
  )
  await pause(ROUND_MILLIS)
  stop()
  return latencies
}

interface Ports {
  readonly server: number
  readonly bare: number
}

interface Round {
  readonly quiet: ReadonlyArray<number>
  readonly beside: ReadonlyArray<number>
  readonly kept: ReadonlyArray<number>
  readonly limited: ReadonlyArray<number>
  readonly unlimited: ReadonlyArray<number>
  readonly statuses: string
}

const playRound = async ({ bare, server }: Ports, noise: ChildProcess): Promise<Round> => {
  const during = async (namespace: string, perSecond = NOISE_PER_SECOND, port = server) => {
    noise.send({ port, namespace, perSecond })
    await pause(500)
    const latencies = await listen(server)
    const statuses = await tell(noise, { stop: true })
    await pause(200)
    return { latencies, statuses }
  }
  const quiet = await listen(server)
  const beside = await during("limited.example", NOISE_PER_SECOND, bare)
  const kept = await during("limited.example", QUOTA)
  const limited = await during("limited.example")
  const unlimited = await during("unlimited.example")
  return {
    quiet,
    beside: beside.latencies,
    kept: kept.latencies,
    limited: limited.latencies,
    unlimited: unlimited.latencies,
    statuses: JSON.stringify(limited.statuses),
  }
}

const measure = (name: string, store: typeof Store.Type) =>
  Effect.gen(function* () {
    const server = yield* startChild(SERVE)
    const noise = yield* startChild(NOISE)
    const bare = yield* startChild(BARE)
    const rounds = yield* Effect.promise(async () => {
      const ports = {
        bare: Number((await once(bare, "message"))[0]),
        server: Number(await tell(server, store)),
      }
      const all: Array<Round> = []
      for (let round = 0; round <= ROUNDS; round++) {
        const played = await playRound(ports, noise)
        // The first warms up.
        if (round > 0) all.push(played)
      }
      return all
    })
    const row = (title: string, of: (round: Round) => ReadonlyArray<number>) => [
      title,
      figure(median(rounds.map((round) => quantile(of(round), 0.5)))),
      figure(median(rounds.map((round) => quantile(of(round), 0.99)))),
      figure(
        median(rounds.map((round) => quantile(of(round), 0.99) / quantile(round.quiet, 0.99))),
      ),
    ]
    printTable(
      `Publish of one tenant (${STEADY_PER_SECOND}/s) while another publishes ${NOISE_PER_SECOND}/s: ${name}`,
      ["", "p50 ms", "p99 ms", "p99 / quiet"],
      [
        row("quiet", ({ quiet }) => quiet),
        row("the same noise at a bare server beside", ({ beside }) => beside),
        row(`the other keeps to ${QUOTA}/s`, ({ kept }) => kept),
        row(`the other has a quota of ${QUOTA}/s`, ({ limited }) => limited),
        row("the other has none", ({ unlimited }) => unlimited),
      ],
    )
    console.log(`answers to the one with a quota, last round: ${rounds.at(-1)?.statuses}`)
  }).pipe(Effect.scoped)

const bench = Effect.gen(function* () {
  yield* measure("memory", {})
  const server = yield* testServer
  yield* measure("Postgres", { databaseUrl: server.url, schema: yield* freshSchema(server) })
})

export const run = (): Promise<void> => Effect.runPromise(Effect.scoped(bench))

if (isMain(import.meta.url)) {
  const [, , role] = process.argv
  if (role === SERVE) serve()
  else if (role === NOISE) makeNoise()
  else if (role === BARE) refuse()
  else await run()
}
