// Quotas over HTTP: what is refused says which quota and until when, on both ways of publishing.

import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { batch, event, send, structured, withServer } from "./support/Server.js"

const ns = "/v1/namespaces/acme.example"

const putNamespace = (body: Readonly<Record<string, unknown>>) =>
  send({ method: "PUT", path: ns, body })

const publish = (id: string, more: Readonly<Record<string, string>> = {}) =>
  send({
    method: "POST",
    path: `${ns}/events`,
    headers: { ...structured, ...more },
    body: event(id, { data: "x".repeat(290) }),
  })

for (const fastPath of [true, false]) {
  describe(`a quota (fast path: ${fastPath})`, () => {
    it.live("of rate answers 429 and when to come back, before it reads the event", () =>
      withServer(
        Effect.gen(function* () {
          yield* putNamespace({ publishRate: "2/m" })
          for (const id of ["a", "b"]) expect(yield* publish(id)).toMatchObject({ status: 202 })
          const refused = yield* publish("c")
          expect(refused).toMatchObject({
            status: 429,
            headers: { "content-type": "application/problem+json" },
            json: {
              type: "urn:eventloom:problem:publish-rate-exceeded",
              status: 429,
              namespace: "acme.example",
              quota: "publishRate",
              limit: "2/m",
            },
          })
          const after = Number(refused.headers["retry-after"])
          expect(after).toBeGreaterThanOrEqual(29)
          expect(after).toBeLessThanOrEqual(30)
          const ephemeral = yield* publish("d", { "eventloom-durability": "ephemeral" })
          expect(ephemeral.status).toBe(429)
          const unread = { method: "POST", path: `${ns}/events`, body: "{" } as const
          expect(yield* send({ ...unread, headers: structured })).toMatchObject({ status: 429 })
          const { text } = yield* send({ path: "/metrics" })
          expect(text).toContain('eventloom_publish_refused_total{quota="publishRate"} 3')
          yield* send({ method: "PUT", path: "/v1/namespaces/b.example", body: {} })
          const other = { method: "POST", path: "/v1/namespaces/b.example/events" } as const
          expect(yield* send({ ...other, headers: structured, body: event("a") })).toMatchObject({
            status: 202,
          })
        }),
        { fastPath },
      ),
    )

    it.live("answers 413 to a batch that can never pass, and takes none of it", () =>
      withServer(
        Effect.gen(function* () {
          yield* putNamespace({ publishRate: "10/s burst 2" })
          const send3 = send({
            method: "POST",
            path: `${ns}/events`,
            headers: batch,
            body: JSON.stringify([event("a"), event("b"), event("c")]),
          })
          expect(yield* send3).toMatchObject({
            status: 413,
            json: { type: "urn:eventloom:problem:publish-exceeds-burst", burst: 2, actual: 3 },
          })
          expect(yield* send({ path: `${ns}/events` })).toMatchObject({ json: { events: [] } })
          expect(yield* publish("a")).toMatchObject({ status: 202 })
        }),
        { fastPath },
      ),
    )

    it.live("of journal bytes answers 429 too", () =>
      withServer(
        Effect.gen(function* () {
          // The routed way adds the trace it stands in.
          yield* putNamespace({ maxJournalBytes: "600B" })
          expect(yield* publish("a")).toMatchObject({ status: 202 })
          expect(yield* publish("b")).toMatchObject({
            status: 429,
            headers: { "retry-after": "1" },
            json: { type: "urn:eventloom:problem:journal-full", limitBytes: 600 },
          })
        }),
        { fastPath },
      ),
    )
  })
}

it.live("a namespace shows what it may use and what it uses", () =>
  withServer(
    Effect.gen(function* () {
      yield* send({
        method: "PUT",
        path: "/v1/host-types/small",
        body: { publishRate: "600/m burst 50", maxSinks: 1, maxConcurrentDeliveries: 4 },
      })
      yield* putNamespace({ hostType: "small", publishByteRate: "1MiB/s" })
      yield* publish("a")
      const sink = { method: "PUT", body: { kind: "stdout" } } as const
      expect((yield* send({ ...sink, path: `${ns}/sinks/one` })).status).toBe(201)
      expect(yield* send({ ...sink, path: `${ns}/sinks/two` })).toMatchObject({
        status: 409,
        json: { type: "urn:eventloom:problem:quota-reached", quota: "maxSinks", limit: 1 },
      })
      expect(yield* send({ path: ns })).toMatchObject({
        status: 200,
        json: {
          publishByteRate: "1MiB/s",
          limits: {
            publishRate: "600/m burst 50",
            publishByteRate: "1MiB/s",
            maxEventBytes: "1MiB",
            maxSinks: 1,
            maxSubscriptions: 10_000,
            maxConcurrentDeliveries: 4,
          },
          usage: { journalEvents: 1, journalBytes: 376, sinks: 1, subscriptions: 0 },
        },
      })
    }),
  ),
)

it.live("a limit that is none is refused by its name", () =>
  withServer(
    Effect.gen(function* () {
      for (const [field, value] of [
        ["publishRate", "10"],
        ["publishRate", { perSecond: 10 }],
        ["publishByteRate", "10/s"],
        ["maxSinks", -1],
        ["maxConcurrentDeliveries", 0],
      ] as const) {
        expect(yield* putNamespace({ [field]: value })).toMatchObject({
          status: 422,
          json: { field },
        })
      }
    }),
  ),
)
