// Who is served: the bearer of the operator's token, or, without one, this machine and no web page.

import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import {
  type Answer,
  Api,
  event,
  putNamespace,
  send,
  structured,
  withServer,
} from "./support/Server.js"
import { layer, ListenFailed, TokenRequired } from "../../../src/layers/http/index.js"

const token = "correct-horse-battery-staple"
const adminToken = Redacted.make(token)
const protectedPaths = ["/v1/actors", "/v1/namespaces", "/v1/host-types", "/metrics"]

const expectProblem = (answer: Answer, status: number, field: string) =>
  expect(answer).toMatchObject({
    status,
    headers: { "content-type": "application/problem+json" },
    json: { status, field },
  })

describe("with an operator's token", () => {
  for (const fastPath of [true, false]) {
    it.live(`serves who bears it and nobody else (fast path: ${fastPath})`, () =>
      withServer(
        Effect.gen(function* () {
          const publish = {
            method: "POST",
            path: "/v1/namespaces/acme.example/events",
            body: event("1"),
          } as const
          for (const authorization of [
            undefined,
            "",
            "Bearer",
            "Bearer ",
            "Bearer wrong",
            `Bearer ${token}x`,
            `Bearer ${token} x`,
            `Basic ${token}`,
            token,
          ]) {
            const headers = authorization === undefined ? undefined : { authorization }
            for (const path of protectedPaths) {
              const answer = yield* send({ path, ...(headers === undefined ? {} : { headers }) })
              expectProblem(answer, 401, "authorization")
              expect(answer.headers["www-authenticate"]).toBe('Bearer realm="eventloom"')
              expect(answer.text).not.toContain(token)
            }
            const refused = yield* send({ ...publish, headers: { ...structured, ...headers } })
            expectProblem(refused, 401, "authorization")
          }
          for (const authorization of [`Bearer ${token}`, `bearer ${token}`]) {
            const headers = { authorization }
            for (const path of protectedPaths) {
              expect(yield* send({ path, headers })).toMatchObject({ status: 200 })
            }
          }
          const headers = { authorization: `Bearer ${token}` }
          yield* send({ method: "PUT", path: "/v1/namespaces/acme.example", body: {}, headers })
          expect(yield* send({ ...publish, headers: { ...structured, ...headers } })).toMatchObject(
            { status: 202 },
          )
        }),
        { adminToken, fastPath },
      ),
    )
  }

  it.live("leaves health and the description open", () =>
    withServer(
      Effect.gen(function* () {
        for (const path of ["/health/live", "/health/ready", "/openapi.json", "/docs"]) {
          expect(yield* send({ path })).toMatchObject({ status: 200 })
        }
      }),
      { adminToken },
    ),
  )

  it.live("does not mind by which name it is reached", () =>
    withServer(
      Effect.gen(function* () {
        const headers = { host: "mesh.example.com", authorization: `Bearer ${token}` }
        expect(yield* send({ path: "/v1/actors", headers })).toMatchObject({ status: 200 })
      }),
      { adminToken },
    ),
  )
})

describe("without a token", () => {
  it.live("refuses a foreign Host, on every path", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        for (const host of [
          "evil.example",
          "evil.example:8787",
          "127.0.0.1.evil.example",
          "localhost.evil.example",
          "10.0.0.1",
          "0.0.0.0",
          "[::2]",
          "127.0.0.1@evil.example",
          "",
        ]) {
          for (const path of ["/health/live", "/v1/actors", "/docs"]) {
            expectProblem(yield* send({ path, headers: { host } }), 403, "host")
          }
          const path = "/v1/namespaces/acme.example/events"
          const headers = { ...structured, host }
          expectProblem(
            yield* send({ method: "POST", path, headers, body: event("1") }),
            403,
            "host",
          )
        }
      }),
    ),
  )

  it.live("serves every name of this machine", () =>
    withServer(
      Effect.gen(function* () {
        for (const host of [
          "localhost",
          "LOCALHOST:1",
          "127.0.0.1",
          "127.8.9.1:80",
          "[::1]:8787",
        ]) {
          expect(yield* send({ path: "/v1/actors", headers: { host } })).toMatchObject({
            status: 200,
          })
        }
      }),
    ),
  )

  it.live("refuses what a web page has a browser send", () =>
    withServer(
      Effect.gen(function* () {
        const { url } = yield* Api
        for (const origin of [
          "https://evil.example",
          "http://localhost:1",
          "null",
          "",
          `${url}.evil.example`,
          url.replace(/\d$/, ""),
        ]) {
          const headers = { ...structured, origin }
          const path = "/v1/namespaces/acme.example/events"
          expectProblem(yield* send({ path: "/v1/actors", headers: { origin } }), 403, "origin")
          expectProblem(
            yield* send({ method: "POST", path, headers, body: event("1") }),
            403,
            "origin",
          )
        }
        const own = yield* send({ path: "/v1/actors", headers: { origin: url } })
        expect(own).toMatchObject({ status: 200 })
        expect(own.headers).not.toHaveProperty("access-control-allow-origin")
      }),
    ),
  )

  it.live("listens on this machine only", () =>
    withServer(
      Effect.gen(function* () {
        for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.com", ""]) {
          const error = yield* Effect.flip(Effect.scoped(Layer.build(layer({ host, port: 0 }))))
          expect(error).toEqual(new TokenRequired({ host }))
          expect(error.message).toContain("EVENTLOOM_ADMIN_TOKEN")
        }
      }),
    ),
  )
})

it.live("says so when the port is in use", () =>
  withServer(
    Effect.gen(function* () {
      const { port } = yield* Api
      const options = { host: "127.0.0.1", port }
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer(options))))
      expect(error).toEqual(new ListenFailed({ ...options, code: "EADDRINUSE" }))
      expect(error.message).toContain("in use")
    }),
  ),
)
