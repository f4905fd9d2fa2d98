// Explanations over HTTP.

import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Mesh } from "../../../src/actors/index.js"
import { NamespaceName, Outcome } from "../../../src/domain/index.js"
import { batch, event, putNamespace, send, withServer } from "./support/Server.js"

const ns = "/v1/namespaces/acme.example"

describe("deliveries of an event", () => {
  it.live("are told of each subscription, with a sentence for a person", () =>
    withServer(
      Effect.gen(function* () {
        const mesh = yield* Mesh
        const name = NamespaceName.make("acme.example")
        yield* putNamespace()
        const handle = (subscription: string, answer: Outcome) =>
          Effect.orDie(mesh.handle(name, subscription, { audit: "all" }, () => answer))
        yield* handle("bad", Outcome.withStatus(Outcome.reject("no such room"), 404))
        yield* handle("good", Outcome.delivered({ status: 200 }))
        yield* send({ method: "PUT", path: `${ns}/sinks/nobody`, body: { kind: "handler" } })
        const spec = (more: unknown) => ({ sink: "nobody", ...Object(more) })
        const put = (subscription: string, more: unknown) =>
          send({ method: "PUT", path: `${ns}/subscriptions/${subscription}`, body: spec(more) })
        yield* put("nobody", { types: ["invoice.*"] })
        yield* put("picky", { filters: [{ exact: { subject: "x" } }] })
        yield* put("waiting", {})
        yield* send({ method: "POST", path: `${ns}/events`, headers: batch, body: [event("1")] })
        const path = `${ns}/events/1/deliveries`
        const told = yield* Effect.repeat(send({ path }), {
          until: ({ text }) => text.includes("dead-lettered") && text.includes('"deliveredAt"'),
        })
        expect(told).toMatchObject({
          status: 200,
          json: {
            sequence: "1",
            event: { source: "/orders", id: "1", type: "shop.order.placed" },
            deliveries: [
              {
                subscription: "bad",
                sink: "bad",
                status: "dead-lettered",
                deadLetter: expect.stringMatching(/^dl_/),
                reason: "the sink rejected the event: no such room",
                text: expect.stringMatching(/^Given up on at .*: the sink rejected/),
                attempts: [{ attempt: 1, outcome: "reject", status: 404, reason: "no such room" }],
              },
              {
                subscription: "good",
                status: "delivered",
                attempt: 1,
                attempts: [{ attempt: 1, outcome: "delivered", status: 200 }],
              },
              { subscription: "nobody", status: "not-interested", attempts: [] },
              {
                subscription: "picky",
                status: "filtered",
                clauses: [{ clause: "filters[0].exact", reason: expect.any(String) }],
              },
              { subscription: "waiting", status: "waiting", because: "sink-not-ready" },
            ],
            next: null,
          },
        })
        expect(yield* send({ path: `${path}?subscription=good` })).toMatchObject({
          json: { deliveries: [{ subscription: "good" }] },
        })
        expect(yield* send({ path: `${path}?limit=1` })).toMatchObject({
          json: { deliveries: [{ subscription: "bad" }], next: "bad" },
        })
        for (const none of ["2", "0", "x"]) {
          const answer = yield* send({ path: `${ns}/events/${none}/deliveries` })
          expect([none, answer.status]).toEqual([none, 404])
        }
        const elsewhere = yield* send({ path: "/v1/namespaces/none/events/1/deliveries" })
        expect(elsewhere.status).toBe(404)
      }),
    ),
  )
})
