// What the transport makes of endpoints that answer oddly, late, endlessly or not at all.

import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { delivery } from "./support/Deliveries.js"
import * as Receiver from "./support/Receiver.js"
import * as Webhooks from "./support/Webhooks.js"

const outcomeFrom = (receiver: Receiver.Receiver) =>
  Effect.flatMap(Webhooks.connection({ url: receiver.url }), ({ deliver }) => deliver(delivery()))

describe("an endpoint that is slow", () => {
  it.scoped("and never answers is given up on at the deadline", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http(() => undefined)
      const { deliver } = yield* Webhooks.connection({ url: receiver.url, timeout: "3s" })
      const fiber = yield* Effect.fork(deliver(delivery()))
      yield* receiver.until(({ received }) => received.length === 1)
      yield* TestClock.adjust("2900 millis")
      expect(yield* Fiber.poll(fiber)).toMatchObject({ _tag: "None" })
      yield* TestClock.adjust("200 millis")
      expect(yield* Fiber.join(fiber)).toMatchObject({
        _tag: "Retry",
        reason: "no answer within 3000 ms",
      })
      yield* receiver.until(({ openSockets }) => openSockets === 0)
    }),
  )

  it.scoped("and sends a byte a second is given up on at the deadline", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http((_, response) => {
        response.writeHead(200)
        response.write("x")
      })
      const { deliver } = yield* Webhooks.connection({ url: receiver.url, timeout: "10s" })
      const fiber = yield* Effect.fork(deliver(delivery()))
      yield* receiver.until(({ received }) => received.length === 1)
      for (let second = 1; second <= 9; second++) {
        yield* TestClock.adjust("1 second")
        receiver.sockets[0]?.write("1\r\nx\r\n")
      }
      expect(yield* Fiber.poll(fiber)).toMatchObject({ _tag: "None" })
      yield* TestClock.adjust("1100 millis")
      const outcome = yield* Fiber.join(fiber)
      expect(outcome).toMatchObject({ _tag: "Retry" })
      yield* receiver.until(({ openSockets }) => openSockets === 0)
    }),
  )

  it.scoped("to be connected to is given up on sooner", () =>
    Effect.gen(function* () {
      const { deliver } = yield* Webhooks.connection(
        { url: "http://hook.test/", timeout: "5m", connectTimeout: "2s" },
        { names: () => Effect.never },
      )
      const fiber = yield* Effect.fork(deliver(delivery()))
      yield* TestClock.adjust("2100 millis")
      expect(yield* Fiber.join(fiber)).toMatchObject({
        _tag: "Retry",
        reason: "no connection within 2000 ms",
      })
    }),
  )
})

describe("an endpoint that sends without end", () => {
  it.scopedLive("has delivered once the status and enough of the body are there", () =>
    Effect.gen(function* () {
      let written = 0
      const chunk = Buffer.alloc(16_384, "x")
      const receiver = yield* Receiver.http((_, response) => {
        response.writeHead(200, { "content-length": String(2 ** 30) })
        const pour = () => {
          while (!response.destroyed) {
            written += chunk.length
            if (!response.write(chunk)) {
              response.once("drain", pour)
              return
            }
          }
        }
        pour()
      })
      expect(yield* outcomeFrom(receiver)).toMatchObject({ _tag: "Delivered", status: 200 })
      yield* receiver.until(({ openSockets }) => openSockets === 0)
      // What the sockets' buffers took, of the gigabyte.
      expect(written).toBeLessThan(2 ** 25)
    }),
  )

  it.scopedLive("or of headers without end is tried again", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.tcp((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nx-long: ${"x".repeat(40_000)}`)
      })
      expect(yield* outcomeFrom(receiver)).toMatchObject({
        _tag: "Retry",
        reason: "the headers of the answer are too large",
      })
    }),
  )
})

describe("an endpoint that breaks the protocol", () => {
  it.scopedLive.each([
    ["resets the connection", (socket) => socket.resetAndDestroy(), /^the connection was reset$/],
    [
      "closes the connection without an answer",
      (socket) => socket.end(),
      /^the connection was closed before/,
    ],
    [
      "resets the connection within the body",
      (socket) =>
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", () =>
          socket.resetAndDestroy(),
        ),
      /^the connection was (reset|closed)/,
    ],
    [
      "sends less than it states",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"),
      /^the (connection was closed|answer is not of the length)/,
    ],
    [
      "speaks no HTTP",
      (socket) => socket.end("220 mail ready\r\n"),
      /^the answer is not valid HTTP$/,
    ],
    [
      "sends a half of a chunk",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"),
      /^the connection was closed/,
    ],
    [
      "switches protocols",
      (socket) =>
        socket.end("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
      /^the connection was closed/,
    ],
  ] as const satisfies ReadonlyArray<
    readonly [string, Parameters<typeof Receiver.tcp>[0], RegExp]
  >)(
    "and %s is tried again",
    ([, answer, reason]: readonly [string, Parameters<typeof Receiver.tcp>[0], RegExp]) =>
      Effect.gen(function* () {
        const outcome = yield* outcomeFrom(yield* Receiver.tcp(answer))
        expect(outcome).toMatchObject({ _tag: "Retry", reason: expect.stringMatching(reason) })
      }),
  )

  it.scopedLive("and sends more than it states has answered, and the next attempt is its own", () =>
    Effect.gen(function* () {
      let answers = 0
      const receiver = yield* Receiver.tcp((socket) => {
        const status = ++answers === 1 ? "200 OK" : "503 Busy"
        socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n`)
      })
      const { deliver } = yield* Webhooks.connection({ url: receiver.url })
      expect(yield* deliver(delivery(1))).toMatchObject({ _tag: "Delivered" })
      expect(yield* deliver(delivery(2))).toMatchObject({ _tag: "Retry" })
    }),
  )

  it.scopedLive("with interim answers counts by the last one", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.tcp((socket) => {
        socket.write("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
        socket.write("HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n")
      })
      expect(yield* outcomeFrom(receiver)).toMatchObject({ _tag: "Reject" })
    }),
  )
})

describe("an endpoint that is not there", () => {
  it.scopedLive("is tried again", () =>
    Effect.gen(function* () {
      const { port } = yield* Effect.scoped(Receiver.http())
      const { deliver } = yield* Webhooks.connection({ url: `http://127.0.0.1:${port}/` })
      expect(yield* deliver(delivery())).toMatchObject({
        _tag: "Retry",
        reason: "the connection was refused",
      })
    }),
  )
})

describe("an endpoint that redirects", () => {
  it.scopedLive("is not followed", () =>
    Effect.gen(function* () {
      const target = yield* Receiver.http()
      const receiver = yield* Receiver.status(307, { location: `${target.url}/there` })
      expect(yield* outcomeFrom(receiver)).toMatchObject({
        _tag: "Misconfigured",
        reason: `HTTP 307 Temporary Redirect to ${target.url}/there: redirects are not followed`,
      })
      expect(target.sockets).toHaveLength(0)
    }),
  )
})

describe("an endpoint that asks for patience", () => {
  it.scoped("is given it, in seconds or until a date", () =>
    Effect.gen(function* () {
      const now = Date.UTC(2026, 0, 1)
      yield* TestClock.setTime(now)
      const busy = yield* Receiver.status(429, { "retry-after": "120" })
      expect(yield* outcomeFrom(busy)).toEqual({
        _tag: "Retry",
        reason: "HTTP 429 Too Many Requests",
        status: 429,
        notBefore: now + 120_000,
      })
      const date = new Date(now + 300_000).toUTCString()
      const down = yield* Receiver.status(503, { "retry-after": date })
      expect(yield* outcomeFrom(down)).toMatchObject({ _tag: "Retry", notBefore: now + 300_000 })
      const vague = yield* Receiver.status(503, { "retry-after": "soon" })
      expect(yield* outcomeFrom(vague)).not.toHaveProperty("notBefore")
    }),
  )
})
