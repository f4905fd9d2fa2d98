// What a client cannot do to the server: fill its memory, hold its connections, make it fail.

import { once } from "node:events"
import { connect } from "node:net"
import { Readable } from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { request } from "undici"
import { type Mesh, Registry } from "../../../src/actors/index.js"
import { defaultEventLimits } from "../../../src/domain/index.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { faultyFrom } from "../../support/FaultyStore.js"
import { Fault, StoreFaults } from "../../support/StoreFaults.js"
import {
  type Answer,
  Api,
  batch,
  event,
  putNamespace,
  send,
  serverLayer,
  structured,
  withServer,
} from "./support/Server.js"

const ns = "/v1/namespaces/acme.example"
const mebibyte = 1024 * 1024

/** Sends bytes as they are; answers everything that comes until the server closes. */
const exchangeRaw = (text: string, halfClose = false) =>
  Effect.flatMap(Api, ({ port }) =>
    Effect.async<string>((resume) => {
      let answer = ""
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(text)
        if (halfClose) socket.end()
      })
      socket.setEncoding("latin1")
      socket.on("data", (chunk) => (answer += String(chunk)))
      socket.on("error", () => {})
      socket.on("close", () => resume(Effect.succeed(answer)))
    }),
  )

/** A gibibyte in chunks that are made as they are sent; counts those that were. */
const gibibyte = () => {
  const counter = { sent: 0 }
  const chunk = Buffer.alloc(64 * 1024, " ")
  const body = new Readable({
    read() {
      if (counter.sent >= 1024 * mebibyte) return void this.push(null)
      counter.sent += chunk.length
      this.push(chunk)
    },
  })
  return { body, counter }
}

const stream = (
  method: "POST" | "PUT" | "GET" | "DELETE",
  path: string,
  headers: Record<string, string>,
) =>
  Effect.gen(function* () {
    const { url } = yield* Api
    const { body, counter } = gibibyte()
    const answer = yield* Effect.promise(async () => {
      const {
        body: text,
        headers: given,
        statusCode,
      } = await request(`${url}${path}`, {
        method,
        headers,
        body,
      })
      return { status: statusCode, headers: given, json: await text.json() }
    })
    return { answer, sent: counter.sent }
  })

describe("a body without end", () => {
  for (const fastPath of [true, false]) {
    for (const [what, headers, limit] of [
      ["an event", structured, defaultEventLimits.maxEventBytes],
      ["a batch", batch, defaultEventLimits.maxBatchBytes],
      [
        "data",
        { "ce-id": "1", "ce-type": "t", "ce-source": "/s", "ce-specversion": "1.0" },
        mebibyte,
      ],
    ] as const) {
      it.live(`is refused before it is read, as ${what} (fast path: ${fastPath})`, () =>
        withServer(
          Effect.gen(function* () {
            yield* putNamespace()
            const { answer, sent } = yield* stream("POST", `${ns}/events`, headers)
            expect(answer).toMatchObject({
              status: 413,
              headers: { "content-type": "application/problem+json", connection: "close" },
              json: { status: 413, field: "body", limitBytes: limit },
            })
            // What lies in the buffers on the way was sent, but was not waited for.
            expect(sent).toBeLessThan(limit + 256 * mebibyte)
            expect(yield* send({ path: `${ns}/events` })).toMatchObject({ json: { events: [] } })
          }),
          { fastPath },
        ),
      )
    }
  }

  it.live("is refused where JSON is expected, and where nothing is", () =>
    withServer(
      Effect.gen(function* () {
        for (const [method, path, status] of [
          ["PUT", ns, 413],
          ["POST", "/nowhere", 404],
          ["PUT", "/v1/actors", 405],
          ["DELETE", ns, 413],
        ] as const) {
          const { answer, sent } = yield* stream(method, path, {
            "content-type": "application/json",
          })
          expect(answer).toMatchObject({ status, headers: { connection: "close" } })
          expect(sent).toBeLessThan(512 * mebibyte)
        }
      }),
    ),
  )

  it.live("is not read for who has no token", () =>
    withServer(
      Effect.gen(function* () {
        for (const path of [`${ns}/events`, "/v1/host-types/x"]) {
          const method = path.endsWith("x") ? "PUT" : "POST"
          const { answer, sent } = yield* stream(method, path, structured)
          expect(answer).toMatchObject({ status: 401, headers: { connection: "close" } })
          expect(sent).toBeLessThan(512 * mebibyte)
        }
      }),
      { adminToken: Redacted.make("t") },
    ),
  )

  it.live("is refused as soon as it is announced", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const head = `POST ${ns}/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\ncontent-length: 1073741824\r\n`
        for (const rest of ["\r\n", "expect: 100-continue\r\n\r\n"]) {
          const answer = yield* exchangeRaw(head + rest, true)
          expect(answer).toMatch(/^HTTP\/1\.1 413 /)
          expect(answer).toContain('"field":"body"')
        }
      }),
    ),
  )

  it.live("is asked for only when it will be read", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const body = JSON.stringify(event("1"))
        const answer = yield* exchangeRaw(
          `POST ${ns}/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-type: application/cloudevents+json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        )
        expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /)
      }),
    ),
  )
})

describe("what is hardly a request", () => {
  it.live("is answered with a problem, and the connection closed", () =>
    withServer(
      Effect.gen(function* () {
        for (const [text, status] of [
          ["nonsense\r\n\r\n", 400],
          ["GET / HTTP/1.1\r\n\r\n", 400],
          ["GET / HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n", 400],
          [`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"x".repeat(40_000)}\r\n\r\n`, 431],
          [
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            400,
          ],
          ["POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n", 400],
        ] as const) {
          const answer = yield* exchangeRaw(text, true)
          expect([text, answer]).toMatchObject([
            text,
            expect.stringMatching(`^HTTP/1.1 ${status} `),
          ])
          expect(answer).toContain("application/problem+json")
        }
        expect(yield* send({ path: "/health/live" })).toMatchObject({ status: 200 })
      }),
    ),
  )

  it.live("is given up on when it takes too long", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const head = `POST ${ns}/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\n`
        for (const text of [head, `${head}content-length: 10\r\n\r\n{`]) {
          const answer = yield* exchangeRaw(text)
          expect(answer).toMatch(/^HTTP\/1\.1 408 /)
          expect(answer).toContain("urn:eventloom:problem:timeout")
        }
      }),
      {
        limits: {
          headersTimeout: Duration.millis(50),
          requestTimeout: Duration.millis(100),
          checkInterval: Duration.millis(20),
        },
      },
    ),
  )

  it.live("does not stop the server when its sender goes away", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const { port } = yield* Api
        const head = `POST ${ns}/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\ncontent-length: 10\r\n\r\n{`
        yield* Effect.async<void>((resume) => {
          const socket = connect(port, "127.0.0.1", () =>
            socket.write(head, () => socket.resetAndDestroy()),
          ).on("close", () => resume(Effect.void))
        })
        expect(yield* send({ path: "/health/live" })).toMatchObject({ status: 200 })
        expect(yield* send({ path: `${ns}/events` })).toMatchObject({ json: { events: [] } })
      }),
    ),
  )
})

describe("methods and paths", () => {
  it.live("unknown paths are 404, known ones with another method 405", () =>
    withServer(
      Effect.gen(function* () {
        for (const path of [
          "/",
          "/v1",
          "/v1/",
          "/v2/namespaces",
          "/v1/namespaces/",
          `${ns}/`,
          `${ns}/nothing`,
          "/v1/namespaces/../../etc/passwd",
          "/health/live/../../metrics/x",
          "//v1/namespaces",
          "/v1//namespaces",
          "/V1/namespaces",
          "/v1/Namespaces",
          "http://evil.example/x",
        ]) {
          expect([path, yield* send({ path })]).toMatchObject([
            path,
            { status: 404, headers: { "content-type": "application/problem+json" } },
          ])
        }
        const asterisk = "GET * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        expect(yield* exchangeRaw(asterisk)).toMatch(/^HTTP\/1\.1 404 /)
        for (const [method, path, allow] of [
          ["POST", ns, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"],
          ["PATCH", "/v1/namespaces", "GET, HEAD, OPTIONS"],
          ["DELETE", `${ns}/events`, "GET, HEAD, OPTIONS, POST"],
          ["GET", `${ns}/subscriptions/s/pause`, "OPTIONS, POST"],
          ["POST", "/docs", "GET, HEAD, OPTIONS"],
        ] as const) {
          expect(yield* send({ method, path })).toMatchObject({
            status: 405,
            headers: { allow, "content-type": "application/problem+json" },
            json: { status: 405 },
          })
          expect(yield* send({ method: "OPTIONS", path })).toMatchObject({
            status: 204,
            headers: { allow },
            text: "",
          })
        }
      }),
    ),
  )

  it.live("HEAD is GET without the body", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        for (const path of [ns, "/health/live", "/nowhere", "/v1/namespaces/%zz"]) {
          const got = yield* send({ path })
          const head = yield* send({ method: "HEAD", path })
          expect(head).toMatchObject({ status: got.status, text: "" })
          expect(head.headers["content-length"]).toBe(got.headers["content-length"])
          expect(head.headers["content-type"]).toBe(got.headers["content-type"])
        }
      }),
    ),
  )

  it.live("names that are none are 404 to look for and 422 to make", () =>
    withServer(
      Effect.gen(function* () {
        for (const name of [
          "Acme",
          "a_b",
          "a%2Fb",
          "..",
          "%2e%2e",
          "a..b",
          "%d0%b0cme",
          "%00",
          "a%20",
          "x".repeat(254),
        ]) {
          const path = `/v1/namespaces/${name}`
          expect([name, yield* send({ path })]).toMatchObject([
            name,
            { status: 404, json: { field: "namespace" } },
          ])
          expect(yield* send({ method: "PUT", path, body: {} })).toMatchObject({
            status: 422,
            json: { field: "namespace" },
          })
        }
        const longest = `${"x".repeat(63)}.${"x".repeat(63)}.${"x".repeat(63)}.${"x".repeat(61)}`
        const path = `/v1/namespaces/${longest}`
        expect(yield* send({ method: "PUT", path, body: {} })).toMatchObject({ status: 201 })
        expect(yield* send({ path })).toMatchObject({ status: 200 })
      }),
    ),
  )

  it.live("a body that is not what was asked for is refused", () =>
    withServer(
      Effect.gen(function* () {
        const put = (body: string | Uint8Array, contentType = "application/json") =>
          send({ method: "PUT", path: ns, headers: { "content-type": contentType }, body })
        for (const [body, contentType, status, field] of [
          ["{}", "text/plain", 415, "content-type"],
          ["{}", "application/x-www-form-urlencoded", 415, "content-type"],
          ["a=b", "multipart/form-data; boundary=x", 415, "content-type"],
          ["", undefined, 400, "body"],
          ["{", undefined, 400, "body"],
          [Buffer.from([0x7b, 0xff, 0x7d]), undefined, 400, "body"],
          ["[".repeat(100_000), undefined, 400, "body"],
          ["null", undefined, 422, "body"],
          ["[]", undefined, 422, "body"],
          ['"x"', undefined, 422, "body"],
          ['{"hostTpye":"x"}', undefined, 422, "hostTpye"],
          ['{"__proto__":{}}', undefined, 422, "__proto__"],
          ['{"hostType":5}', undefined, 422, "hostType"],
          ['{"hostType":"nobody"}', undefined, 422, "hostType"],
          ['{"retentionAge":"soon"}', undefined, 422, "retentionAge"],
          ['{"sinkKinds":["a",""]}', undefined, 422, "sinkKinds.1"],
          [`{"webhookUrl":"${"x".repeat(300_000)}"}`, undefined, 413, "body"],
        ] as const) {
          expect([body, yield* put(body, contentType)]).toMatchObject([
            body,
            { status, headers: { "content-type": "application/problem+json" }, json: { field } },
          ])
        }
        expect(yield* send({ path: ns })).toMatchObject({ status: 404 })
        expect(yield* put("{}", "application/json; charset=utf-8")).toMatchObject({ status: 201 })
      }),
    ),
  )
})

describe("when the store does not answer", () => {
  for (const fastPath of [true, false]) {
    it.live(`says when to try again, and nothing of the store (fast path: ${fastPath})`, () =>
      Effect.gen(function* () {
        const faults = yield* StoreFaults.make
        yield* withServer(
          Effect.gen(function* () {
            yield* putNamespace()
            const publish = send({
              method: "POST",
              path: `${ns}/events`,
              headers: structured,
              body: event("1"),
            })
            yield* publish
            yield* faults.always("everything", Fault.FailBefore())
            const expected = {
              status: 503,
              headers: { "retry-after": "1", "content-type": "application/problem+json" },
              json: { type: "urn:eventloom:problem:store-unavailable" },
            }
            for (const answer of [
              yield* publish,
              yield* send({ path: ns }),
              yield* send({ path: "/v1/namespaces" }),
              yield* send({ path: "/v1/host-types" }),
              yield* send({ path: `${ns}/sinks` }),
              yield* send({ path: `${ns}/subscriptions` }),
              yield* send({ path: `${ns}/events` }),
              yield* send({ method: "PUT", path: ns, body: {} }),
            ]) {
              expect(answer).toMatchObject(expected)
              expect(answer.text).not.toContain("nothing was done")
            }
            const ready = yield* send({ path: "/health/ready" })
            expect(ready).toMatchObject({
              status: 503,
              headers: { "content-type": "application/problem+json" },
              json: { problems: [{ what: "store", where: "store" }] },
            })
            expect(yield* send({ path: "/health/live" })).toMatchObject({ status: 200 })
            yield* faults.heal
            expect(yield* send({ path: "/health/ready" })).toMatchObject({ status: 200 })
          }),
          { fastPath, store: faultyFrom(faults, MemoryStore.layer) },
        )
      }),
    )
  }
})

/** A store with a bug. */
const defective = Layer.map(MemoryStore.layer, (stores) =>
  Context.add(stores, Registry, {
    ...Context.get(stores, Registry),
    getHostType: () => Effect.die(new Error("secret detail")),
  }),
)

describe("a fault of the server", () => {
  it.live("is answered with an id, and says nothing of itself", () =>
    withServer(
      Effect.gen(function* () {
        const answer = yield* send({ path: "/v1/host-types/x" })
        expect(answer).toMatchObject({
          status: 500,
          headers: { "content-type": "application/problem+json" },
          json: { status: 500, id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        })
        expect(answer.text).not.toContain("secret detail")
      }),
      { store: defective },
    ),
  )
})

/** Waits until no connection is taken any more. */
const refused = (port: number): Effect.Effect<void> =>
  Effect.async<boolean>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => socket.destroy())
    socket.on("error", () => resume(Effect.succeed(true)))
    socket.on("close", () => resume(Effect.succeed(false)))
  }).pipe(Effect.repeat({ until: (isRefused) => isRefused }), Effect.asVoid)

describe("closing", () => {
  it.live("lets requests under way end, and takes no more", () =>
    Effect.gen(function* () {
      const faults = yield* StoreFaults.make
      const scope = yield* Scope.make()
      const context = yield* Scope.extend(
        Layer.build(serverLayer({ store: faultyFrom(faults, MemoryStore.layer) })),
        scope,
      )
      const run = <A>(effect: Effect.Effect<A, never, Api | Mesh>) =>
        Effect.provide(effect, context)
      yield* run(putNamespace())
      const held = yield* faults.hold("Journal.append", "before")
      const publish = send({
        method: "POST",
        path: `${ns}/events`,
        headers: structured,
        body: event("1"),
      })
      const answer = yield* Effect.fork(run(publish))
      yield* held.reached
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* refused(Context.get(context, Api).port)
      yield* held.release
      const { headers, status }: Answer = yield* answer
      expect(status).toBe(202)
      expect(headers).toBeDefined()
      yield* closing
    }),
  )

  it.live("does not wait for a connection on which nobody has asked anything", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const limits = { closeDeadline: Duration.minutes(1) }
      const context = yield* Scope.extend(Layer.build(serverLayer({ limits })), scope)
      const socket = connect(Context.get(context, Api).port, "127.0.0.1")
      const closed = Effect.promise(() => once(socket, "close"))
      yield* Effect.promise(() => once(socket, "connect"))
      // An answer on another connection: the server has taken this one by then.
      yield* Effect.provide(send({ path: "/health/live" }), context)
      yield* Effect.all([closed, Scope.close(scope, Exit.void)], { concurrency: 2 })
    }),
  )

  it.live("waits no longer than its deadline", () =>
    Effect.gen(function* () {
      const faults = yield* StoreFaults.make
      const scope = yield* Scope.make()
      const context = yield* Scope.extend(
        Layer.build(
          serverLayer({
            store: faultyFrom(faults, MemoryStore.layer),
            limits: { closeDeadline: Duration.millis(50) },
          }),
        ),
        scope,
      )
      yield* Effect.provide(putNamespace(), context)
      const held = yield* faults.hold("Registry.getNamespace", "before")
      const answer = yield* Effect.fork(Effect.exit(Effect.provide(send({ path: ns }), context)))
      yield* held.reached
      yield* Scope.close(scope, Exit.void)
      expect(Exit.isFailure(yield* answer)).toBe(true)
      yield* held.release
    }),
  )
})
