// The consent of an endpoint: asked for before anything is delivered, by the headers that CloudEvents
// names, and asked for again as long as it is not given.

import type { ServerResponse } from "node:http"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Fiber } from "effect"
import { Outcome } from "../../../src/domain/index.js"
import { consentOf } from "../../../src/layers/transports/webhook/Consent.js"
import { deliveries, delivery } from "./support/Deliveries.js"
import * as Receiver from "./support/Receiver.js"
import * as Webhooks from "./support/Webhooks.js"

/** An endpoint that answers OPTIONS with these headers, and takes whatever is posted. */
const endpoint = (answer: () => readonly [number, Readonly<Record<string, string>>]) =>
  Receiver.http(({ method }, response: ServerResponse) => {
    if (method !== "OPTIONS") return void response.writeHead(204).end()
    const [status, headers] = answer()
    response.writeHead(status, headers).end()
  })

const consent = { "webhook-allowed-origin": "eventloom", "webhook-allowed-rate": "120" }
const methods = ({ received }: Receiver.Receiver) => received.map(({ method }) => method)

describe("what an endpoint answers", () => {
  const request = { origin: "mesh.example", requestRate: 120 }
  const read = (status: number, headers: Readonly<Record<string, string>>, asked = request) =>
    consentOf({ status, headers }, asked, 0)
  const allowed = { "webhook-allowed-origin": "Mesh.Example" }

  it.each([
    [200, { ...allowed, "webhook-allowed-rate": "*" }, undefined],
    [405, { "webhook-allowed-origin": "*", "webhook-allowed-rate": "*" }, undefined],
    [200, { ...allowed, "webhook-allowed-rate": "100" }, [100, 1]],
    [200, { ...allowed, "webhook-allowed-rate": "120000" }, [120_000, 2]],
  ] as const)("consents with status %i and %j", (status, headers, rate) => {
    expect(read(status, headers)).toEqual(
      Either.right(
        rate === undefined ? undefined : { amount: rate[0], perMillis: 60_000, burst: rate[1] },
      ),
    )
  })

  it("consents without a rate where none was asked for", () => {
    const { requestRate: _, ...asked } = request
    expect(consentOf({ status: 200, headers: allowed }, asked, 0)).toEqual(Either.right(undefined))
  })

  it.each([
    [200, {}],
    [405, {}],
    [301, {}],
    [410, {}],
    [200, { "webhook-allowed-origin": "other.example", "webhook-allowed-rate": "*" }],
    [200, allowed],
    [200, { ...allowed, "webhook-allowed-rate": "0" }],
    [200, { ...allowed, "webhook-allowed-rate": "many" }],
    [200, { ...allowed, "webhook-allowed-rate": "1e3" }],
  ] as const)("refuses with status %i and %j", (status, headers) => {
    expect(read(status, headers).pipe(Either.flip, Either.getOrThrow)).toMatchObject({
      _tag: "Misconfigured",
      certain: true,
      reason: expect.stringContaining(`HTTP ${status}`),
    })
  })

  it("says nothing while it is in trouble", () => {
    const answer = read(503, { "retry-after": "7" })
    expect(answer.pipe(Either.flip, Either.getOrThrow)).toMatchObject(
      Outcome.retry("HTTP 503 Service Unavailable", 7_000),
    )
  })
})

describe("a webhook with a handshake", () => {
  it.scopedLive("asks first, once, and says on whose behalf it delivers", () =>
    Effect.gen(function* () {
      const receiver = yield* endpoint(() => [200, consent])
      const url = `${receiver.url}/hook?a=1`
      const headers = { authorization: "Bearer x" }
      const { deliver, start } = yield* Webhooks.connection({
        url,
        headers,
        handshake: true,
        requestRate: 240,
      })
      const all = yield* Effect.forEach(deliveries(3), deliver, { concurrency: "unbounded" })
      expect(all.map(({ _tag }) => _tag)).toEqual(["Delivered", "Delivered", "Delivered"])
      const outcome = yield* Effect.async<Outcome>((resume) => {
        start?.(delivery(4), (outcome) => resume(Effect.succeed(outcome)))
      })
      expect(outcome._tag).toBe("Delivered")
      expect(methods(receiver)).toEqual(["OPTIONS", "POST", "POST", "POST", "POST"])
      const [asked, ...posted] = receiver.received
      expect(asked).toMatchObject({ url: "/hook?a=1" })
      expect(asked?.headers).toMatchObject({
        ...headers,
        "webhook-request-origin": "eventloom",
        "webhook-request-rate": "240",
      })
      expect(asked?.headers).not.toHaveProperty("webhook-signature")
      for (const request of posted) {
        expect(request.headers["webhook-request-origin"]).toBe("eventloom")
      }
    }),
  )

  it.scopedLive("delivers nothing until it has consent, and asks again with each attempt", () =>
    Effect.gen(function* () {
      let answer: readonly [number, Readonly<Record<string, string>>] = [405, {}]
      const receiver = yield* endpoint(() => answer)
      const connection = yield* Webhooks.connection({ url: receiver.url, handshake: true })
      const { deliver, start } = connection
      expect(yield* deliver(delivery())).toMatchObject({ _tag: "Misconfigured", certain: true })
      answer = [503, {}]
      const started = yield* Effect.async<Outcome>((resume) => {
        start?.(delivery(), (outcome) => resume(Effect.succeed(outcome)))
      })
      expect(started).toMatchObject({ _tag: "Retry" })
      expect(connection.rate).toEqual({ amount: 1, perMillis: 1_000, burst: 1 })
      answer = [200, consent]
      let changes = 0
      connection.availability?.watch(() => changes++)
      expect(yield* deliver(delivery())).toMatchObject({ _tag: "Delivered" })
      expect([changes, connection.rate]).toEqual([1, { amount: 120, perMillis: 60_000, burst: 1 }])
      expect(methods(receiver)).toEqual(["OPTIONS", "OPTIONS", "OPTIONS", "POST"])
    }),
  )

  it.scopedLive("does not let who gives up take the answer from the others", () =>
    Effect.gen(function* () {
      let consentNow = () => {}
      const receiver = yield* Receiver.http(({ method }, response) => {
        if (method !== "OPTIONS") return void response.writeHead(204).end()
        consentNow = () => void response.writeHead(200, consent).end()
      })
      const { deliver } = yield* Webhooks.connection({ url: receiver.url, handshake: true })
      const first = yield* Effect.fork(deliver(delivery(1)))
      yield* receiver.until(({ received }) => received.length === 1)
      const second = yield* Effect.fork(deliver(delivery(2)))
      yield* Fiber.interrupt(first)
      consentNow()
      expect(yield* Fiber.join(second)).toMatchObject({ _tag: "Delivered" })
      expect(methods(receiver)).toEqual(["OPTIONS", "POST"])
    }),
  )

  it.scopedLive("asks for batches too, and only where the guard allows", () =>
    Effect.gen(function* () {
      const receiver = yield* endpoint(() => [200, consent])
      const options = { url: receiver.url, handshake: true, mode: "batch" } as const
      const { deliverBatch } = yield* Webhooks.connection(options)
      const outcomes = yield* deliverBatch?.(deliveries(2)) ?? Effect.succeed([])
      expect(outcomes.map(({ _tag }) => _tag)).toEqual(["Delivered", "Delivered"])
      expect(methods(receiver)).toEqual(["OPTIONS", "POST"])

      const guarded = yield* Webhooks.connection(
        { url: `http://rebound.example:${receiver.port}`, handshake: true },
        { allowPrivateTargets: false, names: () => Effect.succeed(["127.0.0.1"]) },
      )
      expect(yield* guarded.deliver(delivery())).toMatchObject({ _tag: "Misconfigured" })
      expect(receiver.received).toHaveLength(2)
    }),
  )
})
