// Filters and transforms of subscriptions, as they are put and refused over HTTP.

import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { putNamespace, send, withServer } from "./support/Server.js"

const ns = "/v1/namespaces/acme.example"
const path = `${ns}/subscriptions/orders`

const ready = Effect.zipRight(
  putNamespace(),
  send({
    method: "PUT",
    path: `${ns}/sinks/hook`,
    body: { kind: "webhook", url: "https://hooks.example.com/in" },
  }),
)
const put = (more: Readonly<Record<string, unknown>>) =>
  send({ method: "PUT", path, body: { sink: "hook", ...more } })

describe("filters of a subscription", () => {
  it.live("are kept as they were put", () =>
    withServer(
      Effect.gen(function* () {
        yield* ready
        const filters = [
          { exact: { type: "order.made" } },
          { any: [{ prefix: { subject: "a" } }, { not: { suffix: { source: "/test" } } }] },
        ]
        expect(yield* put({ filters })).toMatchObject({ status: 201, json: { filters } })
        expect(yield* send({ path })).toMatchObject({ status: 200, json: { filters } })
      }),
    ),
  )

  it.live("are refused with the field that has to change", () =>
    withServer(
      Effect.gen(function* () {
        yield* ready
        for (const [filters, field] of [
          ["exact", "filters"],
          [{ exact: { type: "t" } }, "filters"],
          [[{}], "filters.0"],
          [[{ exact: { type: "t" } }, { equals: {} }], "filters.1.equals"],
          [[{ all: [] }], "filters.0.all"],
          [[{ any: [{ exact: { type: 5 } }] }], "filters.0.any.0.exact.type"],
          [[{ not: { prefix: { Type: "t" } } }], "filters.0.not.prefix.Type"],
          [[{ exact: { a: "b" }, suffix: { a: "b" } }], "filters.0"],
        ] as const) {
          expect([filters, yield* put({ filters })]).toMatchObject([
            filters,
            { status: 422, json: { field, type: "urn:eventloom:problem:invalid-field" } },
          ])
        }
        for (const [filters, field, position] of [
          [[{ sql: "type = " }], "filters.0.sql", 7],
          [[{ all: [{ sql: "LENGHT(id) = 1" }] }], "filters.0.all.0.sql", 0],
          [[{ cel: "event.id == " }], "filters.0.cel", 12],
          [[{ not: { cel: "event.id.matches('(')" } }], "filters.0.not.cel", 17],
        ] as const) {
          expect(yield* put({ filters })).toMatchObject({
            status: 422,
            json: { field, position, type: "urn:eventloom:problem:invalid-field" },
          })
        }
        expect(yield* send({ path })).toMatchObject({ status: 404 })
      }),
    ),
  )
})

describe("the transform of a subscription", () => {
  it.live("is kept as it was put, or refused with the place where it goes wrong", () =>
    withServer(
      Effect.gen(function* () {
        yield* ready
        const transform = { data: "{'id': event.id}", type: "'made'" }
        expect(yield* put({ transform })).toMatchObject({ status: 201, json: { transform } })
        for (const [stated, more] of [
          [{}, { field: "transform" }],
          [{ id: "event.id" }, { field: "transform.id" }],
          [{ type: 1 }, { field: "transform.type" }],
          [{ type: "1 + 1" }, { field: "transform.type", position: 0 }],
          [{ data: "event.data." }, { field: "transform.data", position: 11 }],
        ] as const) {
          expect(yield* put({ transform: stated })).toMatchObject({ status: 422, json: more })
        }
        expect(yield* send({ path })).toMatchObject({ json: { transform } })
      }),
    ),
  )
})
