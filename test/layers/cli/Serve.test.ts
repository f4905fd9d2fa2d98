import { existsSync } from "node:fs"
import { createServer } from "node:http"
import * as net from "node:net"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Schema } from "effect"
import * as Deployment from "../../../src/layers/Deployment.js"
import { HttpServer } from "../../../src/layers/http/index.js"
import { temporaryDirectory } from "../../support/TemporaryDirectory.js"
import { withSharedLayer } from "../../support/SharedLayer.js"
import * as Receiver from "../transports/support/Receiver.js"
import { startCli } from "./support/Process.js"
import { jsonOf, runCli } from "./support/Run.js"

const Ready = Schema.parseJson(Schema.Struct({ url: Schema.String, pid: Schema.Number }))

const serveIn = (dataDir: string, env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const child = yield* startCli(["serve", "--data", dataDir, "--port", "0", "--json"], {
      EVENTLOOM_ALLOW_PRIVATE_TARGETS: "true",
      ...env,
    })
    const { url } = yield* Effect.flatMap(child.firstLine, Schema.decode(Ready))
    return { child, url }
  })

/** One store, for all tests of a server: making one takes seconds. */
class DataDir extends Context.Tag("test/DataDir")<DataDir, string>() {
  static readonly layer = Layer.scoped(DataDir, temporaryDirectory)
}

/** The same deployment in this process, which starts faster. */
const deployedIn = (dataDir: string) =>
  Deployment.layer({ host: "127.0.0.1", port: 0, dataDir, allowPrivateTargets: true })

const client = (url: string, args: string) =>
  runCli(args.split(" "), { env: { EVENTLOOM_URL: url } })

/** A receiver whose first answer waits until it is let go. */
const slowReceiver = Effect.gen(function* () {
  const arrived = yield* Deferred.make<void>()
  const letGo = yield* Deferred.make<void>()
  const ids: Array<string> = []
  const server = yield* Effect.acquireRelease(
    Effect.sync(() =>
      createServer((request, response) => {
        ids.push(String(request.headers["webhook-id"]))
        Deferred.unsafeDone(arrived, Effect.void)
        void Effect.runPromise(Deferred.await(letGo)).then(() => response.writeHead(204).end())
        request.resume()
      }),
    ),
    (server) =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      }),
  )
  const url = yield* Effect.async<string>((resume) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" ? address?.port : 0
      resume(Effect.succeed(`http://127.0.0.1:${port}/`))
    })
  })
  return { url, ids, arrived: Deferred.await(arrived), letGo: Deferred.succeed(letGo, undefined) }
})

withSharedLayer("eventloom serve", DataDir.layer, (it) => {
  it.scoped(
    "asks endpoints for their consent in the name of EVENTLOOM_WEBHOOK_ORIGIN",
    () =>
      Effect.gen(function* () {
        const endpoint = yield* Receiver.http(({ method }, response) => {
          const consent = { "webhook-allowed-origin": "mesh.shop.example" }
          response.writeHead(204, method === "OPTIONS" ? consent : {}).end()
        })
        const env = { EVENTLOOM_WEBHOOK_ORIGIN: "mesh.shop.example" }
        const { child, url } = yield* serveIn(yield* DataDir, env)
        yield* client(url, "namespaces add consent.example")
        yield* client(url, `sinks put consent.example hook --to ${endpoint.url} --handshake`)
        yield* client(url, "subscriptions put consent.example s --sink hook")
        yield* client(url, "publish consent.example --type asked --id c1")
        yield* endpoint.until(({ received }) => received.length >= 2)
        const [asked, delivered] = endpoint.received
        expect(asked?.method).toBe("OPTIONS")
        expect(asked?.headers["webhook-request-origin"]).toBe("mesh.shop.example")
        expect(delivered?.method).toBe("POST")
        yield* client(url, "namespaces remove consent.example --wait 20s")
        yield* child.signal("SIGTERM")
        expect(yield* child.ended).toEqual({ code: 0, signal: null })

        const refused = yield* runCli(["serve", "--port", "0"], {
          env: { EVENTLOOM_WEBHOOK_ORIGIN: "not a name" },
        })
        expect(refused).toMatchObject({ code: 2, out: "" })
        expect(refused.err).toContain("EVENTLOOM_WEBHOOK_ORIGIN")
      }),
    60_000,
  )

  it.scoped(
    "keeps everything through kill -9, and ends in good order on SIGTERM",
    () =>
      Effect.gen(function* () {
        const dataDir = yield* DataDir
        const receiver = yield* slowReceiver
        const first = yield* serveIn(dataDir)
        expect(first.child.err()).toContain("message=Listening url=http://127.0.0.1:")
        yield* client(first.url, `sinks put default hook --to ${receiver.url}`)
        yield* client(first.url, "publish default --type kept --id k1")

        const second = yield* runCli(["serve", "--data", dataDir, "--port", "0"])
        expect(second).toMatchObject({ code: 1, out: "" })
        expect(second.err).toBe(
          `error: The store ${dataDir} is in use by another process (process ${first.child.pid}). Stop it first, or choose another store.\n`,
        )

        yield* first.child.signal("SIGKILL")
        expect(yield* first.child.ended).toMatchObject({ signal: "SIGKILL" })

        const third = yield* serveIn(dataDir)
        const kept = jsonOf(yield* client(third.url, "tail default --from 1 --limit 1 --json"))
        expect(kept).toMatchObject({ sequence: "1", event: { id: "k1", type: "kept" } })

        yield* client(third.url, "subscriptions put default s --sink hook --start-at earliest")
        yield* receiver.arrived
        yield* third.child.signal("SIGTERM")
        // It takes no more requests, while the delivery in flight may end.
        const refused = client(third.url, "namespaces list")
        yield* Effect.repeat(refused, { until: ({ code }) => code === 1 })
        yield* receiver.letGo
        expect(yield* third.child.ended).toEqual({ code: 0, signal: null })
        expect(third.child.err()).not.toMatch(/level=(WARN|ERROR)/)
        expect(third.child.err()).toMatch(/Stopping.*\n.*Stopped/)

        // With another master key the secret of the sink could not be opened.
        const wrong = yield* runCli(["serve", "--data", dataDir, "--port", "0"], {
          env: { EVENTLOOM_MASTER_KEY: "ab".repeat(32) },
        })
        expect(wrong).toMatchObject({ code: 1, out: "" })
        expect(wrong.err).toMatch(/^error: The master key is not the one of this store\..*\n$/)
        expect(wrong.err).not.toContain("abab")

        const settled = yield* Effect.flatMap(HttpServer, ({ url }) =>
          client(url, "subscriptions get default s --json"),
        ).pipe(Effect.provide(deployedIn(dataDir)))
        expect(jsonOf(settled)).toMatchObject({ position: "1", lag: 0 })
        expect(receiver.ids).toHaveLength(1)
      }),
    60_000,
  )

  it.scoped(
    "a second signal ends it at once",
    () =>
      Effect.gen(function* () {
        const receiver = yield* slowReceiver
        const { child, url } = yield* serveIn(yield* DataDir)
        yield* client(url, `sinks put default hook --to ${receiver.url}`)
        yield* client(url, "subscriptions put default s --sink hook")
        yield* client(url, "publish default --type t")
        yield* receiver.arrived
        yield* child.signal("SIGTERM")
        const refused = client(url, "namespaces list")
        yield* Effect.repeat(refused, { until: ({ code }) => code === 1 })
        // One that comes right after the first is taken for the same, so it is repeated.
        const insisting = Effect.forever(
          Effect.zipRight(Effect.sleep("100 millis"), child.signal("SIGTERM")),
        )
        const ended = yield* Effect.raceFirst(child.ended, insisting)
        expect(ended).toEqual({ code: 143, signal: null })
        expect(child.err()).not.toContain("Stopped")
      }),
    60_000,
  )

  it.scoped("a port in use is one clear line, and no store is opened for it", () =>
    Effect.gen(function* () {
      const dataDir = path.join(yield* temporaryDirectory, "data")
      const port = yield* Effect.acquireRelease(
        Effect.async<net.Server>((resume) => {
          const server = net.createServer()
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close()),
      ).pipe(Effect.map((server) => server.address()))
      const taken = typeof port === "object" ? port?.port : 0
      const ran = yield* runCli(["serve", "--data", dataDir, "--port", String(taken)])
      expect(ran).toEqual({
        code: 1,
        out: "",
        err: `error: The server cannot listen on 127.0.0.1, port ${taken}: it is in use. Choose another with --port or EVENTLOOM_PORT.\n`,
      })
      expect(existsSync(dataDir)).toBe(false)
    }),
  )
})

describe("eventloom serve, told wrongly", () => {
  it.scopedLive("an unreachable database is one clear line, without its password", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryDirectory
      const ran = yield* runCli(["serve", "--port", "0"], {
        env: {
          EVENTLOOM_DATABASE_URL: "postgres://me:pa55@127.0.0.1:9/db",
          EVENTLOOM_DATA: dataDir,
        },
      })
      expect(ran).toMatchObject({ code: 1, out: "" })
      expect(ran.err).toMatch(/^error: The store is not available .*ECONNREFUSED.*\n$/)
      expect(ran.err).not.toContain("pa55")
    }),
  )

  it.effect("what is wrong with the environment is named, with exit code 2", () =>
    Effect.gen(function* () {
      const wrong = {
        EVENTLOOM_PORT: "many",
        EVENTLOOM_ALLOW_PRIVATE_TARGETS: "perhaps",
        EVENTLOOM_LOG_LEVEL: "loud",
        EVENTLOOM_LOG_FORMAT: "xml",
      }
      for (const [name, value] of Object.entries(wrong)) {
        const ran = yield* runCli(["serve"], { env: { [name]: value } })
        expect(ran).toMatchObject({ code: 2, out: "" })
        expect(ran.err).toMatch(new RegExp(`^error: ${name}: must be .*\n$`))
      }
      const both = yield* runCli(["serve", "--data", "x", "--database-url", "postgres://x"])
      expect(both.code).toBe(2)
      expect((yield* runCli(["serve", "--port", "70000"])).code).toBe(2)
    }),
  )
})

describe("eventloom demo", () => {
  it.scopedLive(
    "adds up",
    () =>
      Effect.gen(function* () {
        const child = yield* startCli(["demo", "--events", "2000", "--json"], {
          TMPDIR: yield* temporaryDirectory,
        })
        expect(yield* child.ended).toEqual({ code: 0, signal: null })
        const report = JSON.parse(child.out())
        expect(report).toMatchObject({ ok: true, events: 2000 })
        const lost = report.destinations.map((one: { readonly lost: number }) => one.lost)
        expect(lost).toEqual([0, 0, 0, 0])
        expect(report.removal.steps.at(-1)).toMatchObject({ step: "release-name", outcome: "done" })
        expect(child.err()).toContain("recovered")
      }),
    60_000,
  )
})
