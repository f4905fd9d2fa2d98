// The catalogues of event types over HTTP, and what they say to publishes in every mode.

import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { batch, event, putNamespace, send, structured, withServer } from "./support/Server.js"

const ns = "/v1/namespaces/acme.example"
const type = "shop.order.placed"

const order = {
  type: "object",
  required: ["total"],
  properties: { total: { type: "number", minimum: 0 }, "a/b": { type: "string" } },
}

const put = (path: string, body: unknown) => send({ method: "PUT", path, body })
const putType = (body: unknown, at = `${ns}/event-types/${type}`) => put(at, body)
const enforce = (settings: unknown) => put(ns, settings)
const read = Effect.map(send({ path: `${ns}/events` }), ({ json }) => json)
const metric = (name: string) =>
  Effect.map(send({ path: "/metrics" }), ({ text }) =>
    Number(new RegExp(`^eventloom_${name} (\\d+)$`, "m").exec(text)?.[1]),
  )

/** The ways to publish one event with data. */
const ways = {
  structured: (data: unknown, query = "") =>
    send({
      method: "POST",
      path: `${ns}/events${query}`,
      headers: structured,
      body: event(crypto.randomUUID(), { data }),
    }),
  binary: (data: unknown, query = "") =>
    send({
      method: "POST",
      path: `${ns}/events${query}`,
      headers: {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": crypto.randomUUID(),
        "ce-source": "/s",
        "ce-type": type,
      },
      body: JSON.stringify(data),
    }),
  batch: (data: unknown, query = "") =>
    send({
      method: "POST",
      path: `${ns}/events${query}`,
      headers: batch,
      body: [
        event(crypto.randomUUID(), { data: { total: 1 } }),
        event(crypto.randomUUID(), { data }),
      ],
    }),
}

describe("a catalogue", () => {
  it.live("has its types made, replaced, shown, listed and deleted", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const spec = { schema: order, description: "An order", example: { total: 1 } }
        expect(yield* putType(spec)).toMatchObject({ status: 201, json: { type, ...spec } })
        expect(yield* putType(spec)).toMatchObject({ status: 200 })
        yield* putType({}, `${ns}/event-types/a%2Fb`)
        expect(yield* send({ path: `${ns}/event-types/${type}` })).toMatchObject({
          status: 200,
          json: { type, ...spec },
        })
        expect(yield* send({ path: `${ns}/event-types?limit=1` })).toMatchObject({
          json: { eventTypes: [{ type: "a/b" }], next: "a/b" },
        })
        expect(yield* send({ path: `${ns}/event-types?after=a/b` })).toMatchObject({
          json: { eventTypes: [{ type }], next: null },
        })
        for (const status of [200, 404]) {
          const method = status === 200 ? "DELETE" : "GET"
          const answer = yield* send({ method, path: `${ns}/event-types/a%2Fb` })
          expect(answer.status).toBe(method === "DELETE" ? 204 : 404)
        }
      }),
    ),
  )

  it.live("takes no schema that is none, and no example that does not match", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        for (const [body, field] of [
          [{ schema: { type: "strnig" } }, "schema.type"],
          [{ schema: { $ref: "https://evil.example/" } }, "schema.$ref"],
          [{ schema: { properties: { a: { pattern: "(?=x)" } } } }, "schema.properties.a.pattern"],
          [{ schema: order, example: { total: -1 } }, "example.total"],
          [{ schema: order, sample: 1 }, "sample"],
          [{ description: "x".repeat(5000) }, "description"],
          [{ schema: { description: "x".repeat(70_000) } }, "schema.description"],
        ] as const) {
          expect(yield* putType(body)).toMatchObject({ status: 422, json: { field } })
        }
        expect(yield* putType({}, `${ns}/event-types/a%20b`)).toMatchObject({ status: 422 })
        expect(yield* send({ path: `${ns}/event-types` })).toMatchObject({
          json: { eventTypes: [] },
        })
        const missing = "/v1/namespaces/none.example/event-types/t"
        expect(yield* putType({}, missing)).toMatchObject({ status: 404 })
      }),
    ),
  )

  it.live("is as large as it may be", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const large = { description: "d", schema: { description: "x".repeat(60_000) } }
        for (let n = 0; n < 17; n++) {
          expect(yield* putType(large, `${ns}/event-types/t${n}`)).toMatchObject({ status: 201 })
        }
        expect(yield* putType(large, `${ns}/event-types/t17`)).toMatchObject({
          status: 409,
          json: { unit: "characters" },
        })
        expect(yield* putType(large, `${ns}/event-types/t1`)).toMatchObject({ status: 200 })
      }),
    ),
  )
})

describe("enforcement", () => {
  for (const fastPath of [true, false]) {
    it.live(`refuses what does not match, whatever the mode (fast path: ${fastPath})`, () =>
      withServer(
        Effect.gen(function* () {
          yield* enforce({ schemaEnforcement: "reject" })
          yield* putType({ schema: order })
          for (const [name, publish] of Object.entries(ways)) {
            for (const query of ["", "?durability=ephemeral"]) {
              for (const [data, pointer, field] of [
                [{ total: -1 }, "/data/total", "data.total"],
                [{ total: 1, "a/b": 2 }, "/data/a~1b", "data.a/b"],
                [[], "/data", "data"],
              ] as const) {
                expect(yield* publish(data, query)).toMatchObject({
                  status: 422,
                  headers: { "content-type": "application/problem+json" },
                  json: {
                    type: "urn:eventloom:problem:schema-mismatch",
                    field,
                    pointer,
                    index: name === "batch" ? 1 : 0,
                  },
                })
              }
              expect(yield* publish({ total: 1 }, query)).toMatchObject({ status: 202 })
            }
          }
          // Nothing of a refused publish is stored: only those that match, 1 + 1 + 2.
          const stored = yield* read
          expect(stored).toMatchObject({ events: { length: 4 } })
          expect(yield* metric("publishes_schema_rejected_total")).toBe(18)
        }),
        { fastPath },
      ),
    )
  }

  it.live("takes data that is not there for null, and holds only JSON against a schema", () =>
    withServer(
      Effect.gen(function* () {
        yield* enforce({ schemaEnforcement: "reject" })
        yield* putType({ schema: { type: ["object", "null"] } })
        const publish = (more: Readonly<Record<string, unknown>>) =>
          send({
            method: "POST",
            path: `${ns}/events`,
            headers: structured,
            body: event(crypto.randomUUID(), more),
          })
        expect(yield* publish({})).toMatchObject({ status: 202 })
        for (const more of [
          { data_base64: "AA==" },
          { datacontenttype: "text/plain", data: "{}" },
        ]) {
          expect(yield* publish(more)).toMatchObject({
            status: 422,
            json: { field: "datacontenttype" },
          })
        }
        yield* putType({ description: "anything" })
        expect(yield* publish({ data_base64: "AA==" })).toMatchObject({ status: 202 })
      }),
    ),
  )

  it.live(
    "only warns, or looks at nothing, as the namespace says, from one publish to the next",
    () =>
      withServer(
        Effect.gen(function* () {
          yield* putNamespace()
          yield* putType({ schema: order })
          const wrong = ways.structured({ total: "much" })
          expect(yield* wrong).toMatchObject({ status: 202 })
          yield* enforce({ schemaEnforcement: "warn" })
          expect(yield* wrong).toMatchObject({ status: 202 })
          expect(yield* metric("events_schema_warned_total")).toBe(1)
          yield* enforce({ schemaEnforcement: "reject" })
          expect(yield* wrong).toMatchObject({ status: 422 })
          yield* send({ method: "DELETE", path: `${ns}/event-types/${type}` })
          expect(yield* wrong).toMatchObject({ status: 202 })
          yield* enforce({ schemaEnforcement: "reject", unregisteredTypes: "refuse" })
          expect(yield* wrong).toMatchObject({
            status: 422,
            json: {
              type: "urn:eventloom:problem:unregistered-type",
              field: "type",
              eventType: type,
              index: 0,
            },
          })
          yield* putType({ schema: true })
          expect(yield* wrong).toMatchObject({ status: 202 })
        }),
      ),
  )

  it.live("inherits types from the host type, under those of the namespace", () =>
    withServer(
      Effect.gen(function* () {
        const gold = "/v1/host-types/gold"
        yield* put(gold, { schemaEnforcement: "reject" })
        yield* put(ns, { hostType: "gold" })
        const inherited = `${gold}/event-types/${type}`
        expect(yield* putType({ schema: order }, inherited)).toMatchObject({ status: 201 })
        const wrong = ways.structured({ total: "much" })
        expect(yield* wrong).toMatchObject({ status: 422 })
        expect(yield* send({ path: `${ns}/event-types` })).toMatchObject({
          json: { eventTypes: [{ type, inheritedFrom: "gold" }] },
        })
        yield* putType({ schema: true })
        expect(yield* wrong).toMatchObject({ status: 202 })
        const own = yield* send({ path: `${ns}/event-types/${type}` })
        expect(own.json).not.toHaveProperty("inheritedFrom")
        yield* send({ method: "DELETE", path: `${ns}/event-types/${type}` })
        expect(yield* wrong).toMatchObject({ status: 422 })
        expect(yield* send({ method: "DELETE", path: inherited })).toMatchObject({ status: 204 })
        expect(yield* wrong).toMatchObject({ status: 202 })
        expect(yield* send({ path: inherited })).toMatchObject({ status: 404 })
      }),
    ),
  )
})
