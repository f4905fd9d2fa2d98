// Dead letters over HTTP.

import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Mesh } from "../../../src/actors/index.js"
import { NamespaceName, Outcome } from "../../../src/domain/index.js"
import { batch, event, putNamespace, send, withServer } from "./support/Server.js"

const ns = "/v1/namespaces/acme.example"
const path = `${ns}/dead-letters`

const problem = (status: number, more: Readonly<Record<string, unknown>> = {}) => ({
  status,
  headers: { "content-type": "application/problem+json" },
  json: { status, ...more },
})

const Page = Schema.Struct({
  deadLetters: Schema.Array(Schema.Struct({ id: Schema.String, sequence: Schema.String })),
  next: Schema.NullOr(Schema.String),
})

const list = (query = "") =>
  Effect.flatMap(send({ path: `${path}${query}` }), ({ json }) =>
    Effect.orDie(Schema.decodeUnknown(Page)(json)),
  )

/** A namespace in which a handler has rejected these events, and how it is to answer from now on. */
const rejected = (...ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const mesh = yield* Mesh
    yield* putNamespace()
    const handler = { answer: Outcome.reject("no such room"), seen: new Array<string>() }
    yield* Effect.orDie(
      mesh.handle(NamespaceName.make("acme.example"), "h", { ordering: "strict" }, ({ id }) => {
        handler.seen.push(id)
        return handler.answer
      }),
    )
    const body = ids.map((id) => event(id, { data: { text: `\u0000 ${id}` } }))
    yield* send({ method: "POST", path: `${ns}/events`, headers: batch, body })
    yield* Effect.repeat(list(), { until: ({ deadLetters }) => deadLetters.length === ids.length })
    handler.seen.length = 0
    return handler
  })

describe("dead letters", () => {
  it.live("are listed by page, subscription, reason and time, and shown whole", () =>
    withServer(
      Effect.gen(function* () {
        const start = new Date(Date.now() - 1_000).toISOString()
        yield* rejected("1", "2", "3")
        const { deadLetters, next } = yield* list("?limit=2")
        expect(deadLetters.map(({ sequence }) => sequence)).toEqual(["1", "2"])
        expect(next).toBe(deadLetters[1]?.id)
        expect(yield* list(`?limit=2&after=${next}`)).toMatchObject({
          deadLetters: [{ sequence: "3" }],
          next: null,
        })
        const shown = yield* send({ path: `${path}/${deadLetters[0]?.id}` })
        expect(shown).toMatchObject({
          status: 200,
          json: {
            id: deadLetters[0]?.id,
            subscription: "h",
            sequence: "1",
            reason: "rejected",
            detail: "the sink rejected the event: no such room",
            attempts: 1,
            event: event("1", { data: { text: "\u0000 1" } }),
          },
        })
        const queries = {
          "?subscription=h&reason=rejected": 3,
          "?subscription=other": 0,
          "?reason=attempts-exhausted": 0,
          [`?since=${start}`]: 3,
          [`?before=${start}`]: 0,
        }
        for (const [query, count] of Object.entries(queries)) {
          expect([query, (yield* list(query)).deadLetters.length]).toEqual([query, count])
        }
        expect(yield* send({ path: `${path}?since=soon` })).toMatchObject(
          problem(400, { field: "since" }),
        )
        expect(yield* send({ path: `${path}?reason=bored` })).toMatchObject(
          problem(400, { field: "reason" }),
        )
        expect(yield* send({ path: `${path}/dl_0` })).toMatchObject(problem(404))
        expect(yield* send({ path: "/v1/namespaces/none/dead-letters" })).toMatchObject(
          problem(404),
        )
      }),
    ),
  )

  it.live("are tried again one by one or all at once, and discarded", () =>
    withServer(
      Effect.gen(function* () {
        const handler = yield* rejected("1", "2", "3", "4")
        const [first, second] = (yield* list()).deadLetters
        handler.answer = Outcome.delivered()
        const one = yield* send({ method: "POST", path: `${path}/${first?.id}/redeliver` })
        expect(one).toMatchObject({
          status: 202,
          json: { deadLetter: first?.id, subscription: "h", sequence: "1" },
        })
        expect(yield* send({ method: "DELETE", path: `${path}/${second?.id}` })).toMatchObject({
          status: 204,
          text: "",
        })
        for (const gone of [first, second]) {
          const again = { method: "POST" as const, path: `${path}/${gone?.id}/redeliver` }
          expect(yield* send(again)).toMatchObject(problem(404))
          const discard = { method: "DELETE" as const, path: `${path}/${gone?.id}` }
          expect(yield* send(discard)).toMatchObject(problem(404))
        }
        const body = { subscription: "h", limit: 1 }
        const some = yield* send({ method: "POST", path: `${path}/redeliver`, body })
        expect(some).toMatchObject({
          status: 202,
          json: { redelivered: 1, skipped: 0, next: expect.any(String) },
        })
        const rest = yield* send({ method: "POST", path: `${path}/redeliver` })
        expect(rest).toMatchObject({
          status: 202,
          json: { redelivered: 1, skipped: 0, next: null },
        })
        yield* Effect.repeat(
          Effect.sync(() => handler.seen.length),
          { until: (seen) => seen === 3 },
        )
        expect(handler.seen).toEqual(["1", "3", "4"])
        expect((yield* list()).deadLetters).toEqual([])
      }),
    ),
  )

  it.live("are not tried again where nothing is delivered, and the answer says why", () =>
    withServer(
      Effect.gen(function* () {
        yield* rejected("1")
        const [letter] = (yield* list()).deadLetters
        const redeliver = send({ method: "POST", path: `${path}/${letter?.id}/redeliver` })
        const all = (body: unknown) => send({ method: "POST", path: `${path}/redeliver`, body })
        yield* send({ method: "POST", path: `${ns}/subscriptions/h/pause` })
        const paused = problem(409, { type: "urn:eventloom:problem:subscription-paused" })
        expect(yield* redeliver).toMatchObject(paused)
        expect(yield* all({ subscription: "h" })).toMatchObject(paused)
        expect(yield* all({})).toMatchObject({ status: 202, json: { redelivered: 0, skipped: 1 } })
        yield* send({ method: "PATCH", path: ns, body: { status: "disabled" } })
        expect(yield* redeliver).toMatchObject(problem(409, { namespace: "acme.example" }))
        yield* send({ method: "PATCH", path: ns, body: { status: "enabled" } })
        yield* send({ method: "DELETE", path: `${ns}/subscriptions/h` })
        expect(yield* redeliver).toMatchObject(problem(404, { subscription: "h" }))
        expect(yield* all({ subscription: "h" })).toMatchObject(problem(404, { subscription: "h" }))
        expect(yield* all({ colour: "red" })).toMatchObject(problem(422, { field: "colour" }))
        expect((yield* list()).deadLetters.length).toBe(1)
      }),
    ),
  )
})
