// Replays over HTTP: asked for, watched, listed, cancelled and refused.

import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { Mesh } from "../../../src/actors/index.js"
import { NamespaceName, Outcome } from "../../../src/domain/index.js"
import { batch, event as eventOf, putNamespace, send, withServer } from "./support/Server.js"

const name = NamespaceName.make("acme.example")
const ns = "/v1/namespaces/acme.example"
const path = `${ns}/subscriptions/s`

/** A handler that notes what it is given, and five events that it has had. */
const setUp = Effect.gen(function* () {
  const seen: Array<string> = []
  const hadAll = yield* Deferred.make<void>()
  yield* putNamespace()
  const { handle } = yield* Mesh
  yield* Effect.orDie(
    handle(name, "s", {}, (event, { id }) => {
      const mark = event["replay"]
      seen.push(`${event.id} ${typeof mark === "string" ? mark : "live"} ${id}`)
      if (seen.length === 5) Deferred.unsafeDone(hadAll, Effect.void)
      return Outcome.delivered()
    }),
  )
  const body = ["1", "2", "3", "4", "5"].map((id) => eventOf(id))
  yield* send({ method: "POST", path: `${ns}/events`, headers: batch, body })
  yield* Deferred.await(hadAll)
  return seen
})

const start = (body: object) => send({ method: "POST", path: `${path}/replay`, body })
const idOf = ({ json }: { readonly json: unknown }) =>
  String((json as { readonly id?: unknown }).id)

describe("replays", () => {
  it.live("are accepted, delivered under their mark, and end by themselves", () =>
    withServer(
      Effect.gen(function* () {
        const seen = yield* setUp
        const started = yield* start({
          from: { sequence: "2" },
          to: { sequence: "4" },
          pace: { rate: "1000/s", concurrency: 1 },
        })
        expect(started).toMatchObject({
          status: 202,
          json: {
            namespace: "acme.example",
            subscription: "s",
            from: "2",
            to: "4",
            position: "1",
            pace: { rate: "1000/s", concurrency: 1 },
            delivered: 0,
            skipped: 0,
          },
        })
        const id = idOf(started)
        const ended = yield* Effect.repeat(send({ path: `${path}/replays/${id}` }), {
          until: ({ text }) => text.includes('"completed"'),
        })
        expect(ended).toMatchObject({
          status: 200,
          json: { id, state: "completed", position: "4", progress: 1, delivered: 3 },
        })
        const replayed = seen.slice(5)
        expect(replayed.map((one) => one.split(" ").slice(0, 2))).toEqual([
          ["2", id],
          ["3", id],
          ["4", id],
        ])
        expect(new Set(seen.map((one) => one.split(" ")[2])).size).toBe(8)
        expect(yield* send({ path: `${path}/replays` })).toMatchObject({
          status: 200,
          json: { replays: [{ id, state: "completed" }], next: null },
        })
      }),
    ),
  )

  it.live("are cancelled, and limited in number", () =>
    withServer(
      Effect.gen(function* () {
        yield* setUp
        const body = { from: "earliest", pace: { rate: "1/h" } }
        const started = yield* Effect.forEach([1, 2, 3, 4], () => start(body))
        expect(started.map(({ status }) => status)).toEqual([202, 202, 202, 202])
        expect(yield* start(body)).toMatchObject({
          status: 409,
          json: { type: "urn:eventloom:problem:too-many-replays", limit: 4 },
        })
        const [first] = started.map(idOf)
        const cancel = send({ method: "DELETE", path: `${path}/replays/${first}` })
        expect(yield* cancel).toMatchObject({ status: 200, json: { state: "cancelled" } })
        expect(yield* cancel).toMatchObject({ status: 200, json: { state: "cancelled" } })
        expect((yield* start(body)).status).toBe(202)
        const page = yield* send({ path: `${path}/replays?limit=2` })
        expect(page).toMatchObject({ json: { replays: [{ id: first }, {}] } })
      }),
    ),
  )

  it.live("are refused with what is wrong about them", () =>
    withServer(
      Effect.gen(function* () {
        yield* setUp
        const cases: ReadonlyArray<readonly [object, string]> = [
          [{}, "from"],
          [{ from: { sequence: "9" } }, "from.sequence"],
          [{ from: "earliest", to: { sequence: "9" } }, "to.sequence"],
          [{ from: { sequence: "4" }, to: { sequence: "2" } }, "to"],
          [{ from: "earliest", pace: { rate: "fast" } }, "pace.rate"],
          [{ from: "earliest", pace: { concurrency: 0 } }, "pace.concurrency"],
          [{ from: "earliest", until: "x" }, "until"],
        ]
        for (const [body, field] of cases) {
          expect(yield* start(body)).toMatchObject({ status: 422, json: { field } })
        }
        for (const method of ["GET", "DELETE"] as const) {
          for (const id of ["rp_1", "nothing"]) {
            const answer = yield* send({ method, path: `${path}/replays/${id}` })
            expect(answer.status).toBe(404)
          }
        }
        const other = `${ns}/subscriptions/other`
        expect((yield* send({ path: `${other}/replays` })).status).toBe(404)
        const body = { from: "earliest" }
        expect((yield* send({ method: "POST", path: `${other}/replay`, body })).status).toBe(404)
      }),
    ),
  )
})
