// The description of the API, and the page that shows it without help from elsewhere.

import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { send, withServer } from "./support/Server.js"

const Answers = Schema.Record({
  key: Schema.String,
  value: Schema.Struct({
    content: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  }),
})

const Spec = Schema.Struct({
  openapi: Schema.String,
  paths: Schema.Record({
    key: Schema.String,
    value: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({
        operationId: Schema.String,
        security: Schema.Array(Schema.Unknown),
        responses: Answers,
      }),
    }),
  }),
  components: Schema.Struct({
    schemas: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  }),
})

const read = Effect.flatMap(send({ path: "/openapi.json" }), ({ json }) =>
  Effect.orDie(Schema.decodeUnknown(Spec)(json)),
)

const routes: Readonly<Record<string, ReadonlyArray<string>>> = {
  "/health/live": ["get"],
  "/health/ready": ["get"],
  "/metrics": ["get"],
  "/v1/actors": ["get"],
  "/v1/audit": ["get"],
  "/v1/whoami": ["get"],
  "/v1/host-types": ["get"],
  "/v1/host-types/{hostType}": ["delete", "get", "put"],
  "/v1/sources": ["get"],
  "/v1/sources/{source}": ["delete", "get", "put"],
  "/v1/host-types/{hostType}/event-types": ["get"],
  "/v1/host-types/{hostType}/event-types/{type}": ["delete", "get", "put"],
  "/v1/namespaces": ["get"],
  "/v1/namespaces/{namespace}": ["delete", "get", "patch", "put"],
  "/v1/namespaces/{namespace}/removal": ["get"],
  "/v1/namespaces/{namespace}/audit": ["get"],
  "/v1/namespaces/{namespace}/event-types": ["get"],
  "/v1/namespaces/{namespace}/event-types/{type}": ["delete", "get", "put"],
  "/v1/namespaces/{namespace}/keys": ["get", "post"],
  "/v1/namespaces/{namespace}/keys/{key}": ["delete", "get"],
  "/v1/namespaces/{namespace}/sinks": ["get"],
  "/v1/namespaces/{namespace}/sinks/{sink}": ["delete", "get", "put"],
  "/v1/namespaces/{namespace}/sinks/{sink}/rotate-secret": ["post"],
  "/v1/namespaces/{namespace}/signing-keys": ["get"],
  "/v1/namespaces/{namespace}/signing-keys/rotate": ["post"],
  "/.well-known/jwks.json": ["get"],
  "/v1/namespaces/{namespace}/subscriptions": ["get"],
  "/v1/namespaces/{namespace}/subscriptions/{subscription}": ["delete", "get", "put"],
  "/v1/namespaces/{namespace}/subscriptions/{subscription}/pause": ["post"],
  "/v1/namespaces/{namespace}/subscriptions/{subscription}/resume": ["post"],
  "/v1/namespaces/{namespace}/dead-letters": ["get"],
  "/v1/namespaces/{namespace}/dead-letters/redeliver": ["post"],
  "/v1/namespaces/{namespace}/dead-letters/{deadLetter}": ["delete", "get"],
  "/v1/namespaces/{namespace}/dead-letters/{deadLetter}/redeliver": ["post"],
  "/v1/namespaces/{namespace}/events": ["get", "post"],
  "/v1/namespaces/{namespace}/events/stream": ["get"],
  "/v1/namespaces/{namespace}/events/{sequence}": ["get"],
  "/v1/namespaces/{namespace}/events/{sequence}/deliveries": ["get"],
}

describe("/openapi.json", () => {
  it.live("describes every route", () =>
    withServer(
      Effect.gen(function* () {
        const { openapi, paths } = yield* read
        expect(openapi).toBe("3.1.0")
        const described = Object.entries(paths).map(([path, operations]) => [
          path,
          Object.keys(operations).sort(),
        ])
        expect(Object.fromEntries(described)).toMatchObject(routes)
      }),
    ),
  )

  it.live("has problem documents for all that goes wrong, and the token for all under /v1", () =>
    withServer(
      Effect.gen(function* () {
        const { components, paths } = yield* read
        for (const [path, operations] of Object.entries(paths)) {
          for (const { operationId, responses, security } of Object.values(operations)) {
            const isOpen = !path.startsWith("/v1/") && path !== "/metrics"
            expect([operationId, security.length]).toEqual([operationId, isOpen ? 0 : 1])
            expect(Object.keys(responses)).toEqual(
              expect.arrayContaining(isOpen ? ["400", "403"] : ["400", "401", "403", "500"]),
            )
            for (const [status, { content }] of Object.entries(responses)) {
              if (Number(status) < 400) continue
              expect([operationId, status, content]).toMatchObject([
                operationId,
                status,
                {
                  "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
                },
              ])
            }
          }
        }
        expect(components.schemas).toHaveProperty("Problem")
        expect(components.schemas).not.toHaveProperty("HttpApiDecodeError")
      }),
    ),
  )

  it.live("refers to nothing that is not in it", () =>
    withServer(
      Effect.gen(function* () {
        const { text } = yield* send({ path: "/openapi.json" })
        const { components } = yield* read
        const names = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
          ([, name]) => name,
        )
        expect(names.length).toBeGreaterThan(0)
        for (const name of names) expect(Object.keys(components.schemas)).toContain(name)
      }),
    ),
  )
})

describe("/docs", () => {
  it.live("shows the description, with nothing from another host", () =>
    withServer(
      Effect.gen(function* () {
        const { headers, status, text } = yield* send({ path: "/docs" })
        expect(status).toBe(200)
        expect(headers["content-type"]).toMatch(/^text\/html/)
        expect(text).toContain("/v1/namespaces/{namespace}/events")
        // Whatever its scripts may try, the browser loads and asks nothing but this server.
        expect(headers["content-security-policy"]).toBe(
          "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'none'; form-action 'none'",
        )
        const withoutScripts = text.replaceAll(/<script[^>]*>[\s\S]*?<\/script>/g, "<script/>")
        expect(withoutScripts).not.toMatch(/(?:src|href)=/)
        expect(text).not.toMatch(/<script[^>]+src=/)
      }),
    ),
  )
})
