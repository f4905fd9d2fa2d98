// Sources over HTTP: put, shown, listed, told to read a table, removed; what is wrong is named, and the
// URL of the database is never shown.

import { expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { describe } from "vitest"
import { type Answer, send, type Sent, withServer } from "./support/Server.js"

/** Nobody listens there. */
const databaseUrl = "postgres://eventloom:hush-hush@127.0.0.1:1/shop"
const spec = {
  kind: "wal",
  databaseUrl,
  slot: "shop",
  publication: "shop",
  namespace: "acme.example",
  snapshot: ["public.orders"],
}
const at = (name: string, ...rest: ReadonlyArray<string>) =>
  ["/v1/sources", name, ...rest].join("/")
const put = (name: string, body: unknown = spec) => send({ method: "PUT", path: at(name), body })

const fieldOf = ({ json }: Answer): unknown => Object(json).field

describe("sources over HTTP", () => {
  it.live("are put, shown, changed, listed and removed", () =>
    withServer(
      Effect.gen(function* () {
        const created = yield* put("db")
        expect(created.status).toBe(201)
        expect(created.json).toMatchObject({
          name: "db",
          kind: "wal",
          server: "127.0.0.1:1/shop",
          slot: "shop",
          namespace: "acme.example",
          snapshot: ["public.orders"],
          snapshots: [],
          position: null,
          counts: { events: 0, snapshotRows: 0 },
        })
        expect(created.json).not.toHaveProperty("databaseUrl")
        const { databaseUrl: _, ...rest } = spec
        const again = yield* put("db", { ...rest, heartbeat: "10s" })
        expect(again).toMatchObject({ status: 200, json: { heartbeat: "10s" } })
        yield* put("other", { ...spec, slot: "other" })
        const shown = yield* send({ path: at("db") })
        expect(shown.json).toMatchObject({ name: "db", heartbeat: "10s" })
        const first = yield* send({ path: "/v1/sources?limit=1" })
        expect(first.json).toMatchObject({ sources: [{ name: "db" }], next: "db" })
        const second = yield* send({ path: "/v1/sources?limit=1&after=db" })
        expect(second.json).toMatchObject({ sources: [{ name: "other" }], next: null })
        // It never was connected, so there is no slot of its own.
        const removed = yield* send({ method: "DELETE", path: at("db") })
        expect(removed).toMatchObject({ status: 200, json: { slot: "kept" } })
        for (const method of ["GET", "DELETE"] as const) {
          const gone = yield* send({ method, path: at("db") })
          expect(gone).toMatchObject({ status: 404, json: { source: "db" } })
        }
      }),
      { sources: true },
    ),
  )

  it.live("have tables told whole; one that is under way is not begun twice", () =>
    withServer(
      Effect.gen(function* () {
        yield* put("db")
        const ask = (table: unknown, name = "db") =>
          send({ method: "POST", path: at(name, "snapshots"), body: { table } })
        const asked = yield* ask("public.orders")
        expect(asked.status).toBe(202)
        expect(asked.json).toEqual({
          table: "public.orders",
          state: "waiting",
          rows: 0,
          estimatedRows: null,
          problem: null,
          requestedAt: expect.any(String),
          endedAt: null,
        })
        expect((yield* ask("public.orders")).json).toEqual(asked.json)
        const shown = yield* send({ path: at("db") })
        expect(shown.json).toMatchObject({ snapshots: [asked.json] })
        const metrics = yield* send({ path: "/metrics" })
        expect(metrics.text).toContain(
          'eventloom_source_snapshots{source="db",state="waiting"} 1\n',
        )
        for (const table of ["orders", "public.", ".orders", "a.\u0000", 7]) {
          const wrong = yield* ask(table)
          expect([wrong.status, fieldOf(wrong)]).toEqual([422, "table"])
        }
        expect((yield* ask("public.orders", "nobody")).status).toBe(404)
        yield* send({ method: "DELETE", path: at("db") })
        expect((yield* put("db")).json).toMatchObject({ snapshots: [] })
      }),
      { sources: true },
    ),
  )

  it.live("are refused with the field that is wrong, and nothing of them is kept", () =>
    withServer(
      Effect.gen(function* () {
        const wrong: ReadonlyArray<readonly [string, Readonly<Record<string, unknown>>]> = [
          ["kind", { kind: "kafka" }],
          ["databaseUrl", { databaseUrl: undefined }],
          ["databaseUrl", { databaseUrl: "mysql://x:hush-hush@y/z" }],
          ["slot", { slot: "Not A Slot" }],
          ["publication", { publication: [] }],
          ["namespace", { namespace: undefined }],
          ["namespace", { namespace: "{{nope}}" }],
          ["snapshot", { snapshot: "some" }],
          ["snapshot", { snapshot: ["orders"] }],
          ["heartbeat", { heartbeat: "1ms" }],
          ["extra", { extra: 1 }],
        ]
        for (const [field, change] of wrong) {
          const answer = yield* put("db", { ...spec, ...change })
          expect([field, answer.status, fieldOf(answer)]).toEqual([field, 422, field])
          expect(answer.text).not.toContain("hush")
        }
        expect((yield* send({ path: at("db") })).status).toBe(404)
        yield* put("db")
        expect(fieldOf(yield* put("db", { ...spec, slot: "another" }))).toBe("slot")
        expect((yield* put("-bad-name")).status).toBe(422)
      }),
      { sources: true },
    ),
  )

  it.live("are the operator's alone, and say nothing of the credentials", () => {
    const token = "operator-token-of-this-test"
    const own = (request: Sent) =>
      send({ ...request, headers: { authorization: `Bearer ${token}`, ...request.headers } })
    return withServer(
      Effect.gen(function* () {
        const texts: Array<string> = []
        const ask = (request: Sent) =>
          Effect.tap(own(request), ({ text }) => Effect.sync(() => texts.push(text)))
        yield* ask({ method: "PUT", path: "/v1/namespaces/acme.example", body: {} })
        const key = yield* own({
          method: "POST",
          path: "/v1/namespaces/acme.example/keys",
          body: { scopes: ["manage", "publish", "read"] },
        })
        expect((yield* ask({ method: "PUT", path: at("db"), body: spec })).status).toBe(201)
        yield* ask({ method: "POST", path: at("db", "snapshots"), body: { table: "public.t" } })
        const authorization = `Bearer ${String(Object(key.json).key)}`
        for (const request of [
          { path: at("db") },
          { path: "/v1/sources" },
          { method: "PUT", path: at("db"), body: spec },
          { method: "POST", path: at("db", "snapshots"), body: { table: "public.t" } },
          { method: "DELETE", path: at("db") },
        ] satisfies ReadonlyArray<Sent>) {
          expect((yield* send({ ...request, headers: { authorization } })).status).toBe(403)
          expect((yield* send(request)).status).toBe(401)
        }
        for (const path of [at("db"), "/v1/sources", "/v1/audit", "/metrics", "/v1/actors"]) {
          expect((yield* ask({ path })).status).toBe(200)
        }
        yield* ask({ path: "/health/ready" })
        const audit = texts.join("\n")
        expect(audit).toContain("source.put")
        expect(audit).toContain("source.snapshot")
        expect(audit).not.toContain("hush")
        yield* ask({ method: "DELETE", path: at("db") })
      }),
      { sources: true, adminToken: Redacted.make(token) },
    )
  })
})
