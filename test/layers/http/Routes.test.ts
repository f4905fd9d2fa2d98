// Each route's answers, happy and not.

import { describe, expect, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Either, Redacted } from "effect"
import { Mesh } from "../../../src/actors/index.js"
import { CloudEvent, NamespaceName, Outcome } from "../../../src/domain/index.js"
import { batch, event, putNamespace, send, structured, withServer } from "./support/Server.js"

const ns = "/v1/namespaces/acme.example"
const webhook = { kind: "webhook", url: "https://hooks.example.com/in" }
const name = NamespaceName.make("acme.example")

const problem = (status: number, more: Readonly<Record<string, unknown>> = {}) => ({
  status,
  headers: { "content-type": "application/problem+json" },
  json: { status, type: expect.stringMatching(/^urn:eventloom:problem:[a-z0-9-]+$/), ...more },
})

const publish = (...ids: ReadonlyArray<string>) =>
  send({ method: "POST", path: `${ns}/events`, headers: batch, body: ids.map((id) => event(id)) })

describe("health and operations", () => {
  it.live("says that it is up and ready", () =>
    withServer(
      Effect.gen(function* () {
        expect(yield* send({ path: "/health/live" })).toMatchObject({
          status: 200,
          json: { status: "live" },
        })
        expect(yield* send({ path: "/health/ready" })).toMatchObject({
          status: 200,
          json: { status: "ready", parkedSinks: 0, parked: [] },
        })
      }),
    ),
  )

  it.live("names the sinks that are parked to those who may know", () =>
    withServer(
      Effect.gen(function* () {
        const headers = { authorization: "Bearer t" }
        const { handle, namespaces, publish } = yield* Mesh
        yield* Effect.orDie(namespaces.put(name))
        yield* Effect.orDie(handle(name, "bad", {}, () => Outcome.misconfigured("no such user")))
        const make = (id: string) => CloudEvent.make({ id, source: "/s", type: "t" })
        yield* Effect.orDie(
          publish(
            name,
            ["1", "2", "3"].map((id) => Either.getOrThrow(make(id))),
          ),
        )
        const known = yield* Effect.repeat(send({ path: "/health/ready", headers }), {
          until: ({ text }) => text.includes('"parkedSinks":1'),
        })
        expect(known).toMatchObject({
          status: 200,
          json: { status: "ready", parked: [{ namespace: "acme.example", sink: "bad" }] },
        })
        const unknown = yield* send({ path: "/health/ready" })
        expect(unknown).toMatchObject({ status: 200, json: { parkedSinks: 1 } })
        expect(unknown.text).not.toContain("acme")
      }),
      { adminToken: Redacted.make("t"), config: { drainDeadline: Duration.zero } },
    ),
  )

  it.live("shows metrics that Prometheus can read", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* publish("1", "2", "2")
        const { headers, status, text } = yield* send({ path: "/metrics" })
        expect(status).toBe(200)
        expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8")
        expect(text).toContain("\neventloom_events_published_total 2\n")
        expect(text).toContain("\neventloom_events_duplicate_total 1\n")
        for (const line of text.trimEnd().split("\n")) {
          expect(line).toMatch(
            /^(?:# HELP eventloom_\w+ .+\.|# TYPE eventloom_\w+ (?:counter|gauge)|eventloom_\w+(?:\{(?:stat|quota)="\w+"\})? [0-9.e+-]+)$/,
          )
        }
        expect(
          text.match(/# TYPE eventloom_\w+_total gauge|# TYPE \w+(?<!_total) counter/),
        ).toBeNull()
      }),
    ),
  )

  it.live("shows the supervision tree", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* publish("1")
        const { json, status } = yield* send({ path: "/v1/actors" })
        expect(status).toBe(200)
        expect(json).toMatchObject({
          path: "mesh",
          kind: "mesh",
          restarts: 0,
          queueDepth: 0,
          since: expect.stringMatching(/^\d{4}-.*Z$/),
          children: [{ kind: "namespace", state: "enabled" }],
        })
      }),
    ),
  )
})

describe("host types", () => {
  const path = "/v1/host-types/shop"

  it.live("are made, replaced, shown, listed and deleted", () =>
    withServer(
      Effect.gen(function* () {
        const defaults = {
          retry: { attempts: 3 },
          webhookUrl: "https://x.example/",
          webhookSecret: "s",
        }
        const made = yield* send({ method: "PUT", path, body: defaults })
        expect(made).toMatchObject({
          status: 201,
          json: { name: "shop", retry: { attempts: 3, max: "30s" }, hasWebhookSecret: true },
        })
        expect(made.text).not.toContain('"webhookSecret"')
        expect(yield* send({ method: "PUT", path, body: {} })).toMatchObject({ status: 200 })
        expect(yield* send({ path })).toMatchObject({ status: 200, json: { name: "shop" } })
        expect(yield* send({ path: "/v1/host-types" })).toMatchObject({
          status: 200,
          json: { hostTypes: [{ name: "shop" }], next: null },
        })
        expect(yield* send({ method: "DELETE", path })).toMatchObject({ status: 204, text: "" })
        expect(yield* send({ path })).toMatchObject(problem(404, { hostType: "shop" }))
        expect(yield* send({ method: "DELETE", path })).toMatchObject(problem(404))
      }),
    ),
  )

  it.live("cannot be deleted while namespaces use them", () =>
    withServer(
      Effect.gen(function* () {
        yield* send({ method: "PUT", path, body: {} })
        yield* send({ method: "PUT", path: ns, body: { hostType: "shop" } })
        expect(yield* send({ method: "DELETE", path })).toMatchObject(
          problem(409, { hostType: "shop", namespaces: 1 }),
        )
      }),
    ),
  )
})

describe("namespaces", () => {
  it.live("are made, replaced, switched and shown", () =>
    withServer(
      Effect.gen(function* () {
        expect(
          yield* send({ method: "PUT", path: ns, body: { retentionAge: "3d" } }),
        ).toMatchObject({
          status: 201,
          json: { name: "acme.example", status: "enabled", retentionAge: "3d" },
        })
        expect(
          yield* send({ method: "PUT", path: ns, body: { retentionAge: null } }),
        ).toMatchObject({
          status: 200,
          json: { retentionAge: null },
        })
        const patch = (status: unknown) => send({ method: "PATCH", path: ns, body: { status } })
        expect(yield* patch("disabled")).toMatchObject({
          status: 200,
          json: { status: "disabled" },
        })
        expect(yield* publish("1")).toMatchObject(problem(409, { namespace: "acme.example" }))
        expect(yield* patch("enabled")).toMatchObject({ status: 200, json: { status: "enabled" } })
        expect(yield* publish("1")).toMatchObject({ status: 202 })
        expect(yield* patch("removing")).toMatchObject(problem(422, { field: "status" }))
        expect(yield* send({ path: ns })).toMatchObject({
          status: 200,
          json: { status: "enabled" },
        })
      }),
    ),
  )

  it.live("are listed in pages, all or those of a host type", () =>
    withServer(
      Effect.gen(function* () {
        yield* send({ method: "PUT", path: "/v1/host-types/shop", body: {} })
        for (const label of ["a", "b", "c"]) {
          const body = label === "b" ? {} : { hostType: "shop" }
          yield* send({ method: "PUT", path: `/v1/namespaces/${label}`, body })
        }
        const list = (query: string) => send({ path: `/v1/namespaces?${query}` })
        expect(yield* list("limit=2")).toMatchObject({
          json: { namespaces: [{ name: "a" }, { name: "b" }], next: "b" },
        })
        expect(yield* list("limit=2&after=b")).toMatchObject({
          json: { namespaces: [{ name: "c" }], next: null },
        })
        expect(yield* list("limit=3")).toMatchObject({ json: { next: null } })
        expect(yield* list("hostType=shop")).toMatchObject({
          json: { namespaces: [{ name: "a" }, { name: "c" }], next: null },
        })
        for (const [query, field] of [
          ["limit=0", "limit"],
          ["limit=1.5", "limit"],
          ["limit=x", "limit"],
          ["limit=1&limit=2", "limit"],
          ["after=A", "after"],
          ["hostType=%20", "hostType"],
        ] as const) {
          expect(yield* list(query)).toMatchObject(problem(400, { field }))
        }
      }),
    ),
  )

  it.live("are removed whole, with an account of it", () =>
    withServer(
      Effect.gen(function* () {
        expect(yield* send({ method: "DELETE", path: ns })).toMatchObject(problem(404))
        yield* putNamespace()
        yield* publish("1", "2")
        const removal = yield* send({ method: "DELETE", path: `${ns}?wait=10s` })
        expect(removal).toMatchObject({
          status: 200,
          json: {
            namespace: "acme.example",
            status: "removed",
            inFlight: { completed: 0, abandoned: 0 },
          },
        })
        expect(removal.json).toHaveProperty(
          "steps",
          expect.arrayContaining([
            {
              step: "purge-events",
              outcome: "done",
              rows: 2,
              durationMs: expect.any(Number),
              retried: 0,
            },
          ]),
        )
        expect(yield* send({ path: ns })).toMatchObject(problem(404))
        expect(yield* send({ path: `${ns}/removal` })).toMatchObject(problem(404))
        expect(yield* publish("3")).toMatchObject(problem(404))
        expect(yield* send({ method: "DELETE", path: `${ns}?wait=soon` })).toMatchObject(
          problem(400, { field: "wait" }),
        )
      }),
    ),
  )

  it.live("refuse everything while they are being removed", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const mesh = yield* Mesh
        const started = yield* Deferred.make<void>()
        const release = yield* Deferred.make<void>()
        yield* Effect.orDie(
          mesh.handle(name, "slow", {}, () =>
            Effect.zipRight(Deferred.succeed(started, undefined), Deferred.await(release)),
          ),
        )
        yield* publish("1")
        yield* Deferred.await(started)
        expect(yield* send({ method: "DELETE", path: ns })).toMatchObject({
          status: 202,
          json: { status: "removing" },
        })
        expect(yield* send({ method: "DELETE", path: `${ns}?wait=1ms` })).toMatchObject({
          status: 202,
          json: { status: "removing" },
        })
        expect(yield* send({ path: ns })).toMatchObject({ json: { status: "removing" } })
        expect(yield* send({ path: `${ns}/removal` })).toMatchObject({
          status: 200,
          json: { namespace: "acme.example", status: "removing" },
        })
        const refused = problem(409, { namespace: "acme.example" })
        expect(yield* publish("2")).toMatchObject(refused)
        expect(yield* putNamespace()).toMatchObject(refused)
        const body = { status: "enabled" }
        expect(yield* send({ method: "PATCH", path: ns, body })).toMatchObject(refused)
        expect(yield* send({ path: `${ns}/sinks` })).toMatchObject(refused)
        expect(yield* send({ path: `${ns}/subscriptions` })).toMatchObject(refused)
        yield* Deferred.succeed(release, undefined)
        expect(yield* send({ method: "DELETE", path: `${ns}?wait=10s` })).toMatchObject({
          status: 200,
          json: { status: "removed", inFlight: { completed: 1, abandoned: 0 } },
        })
      }),
    ),
  )
})

describe("sinks", () => {
  const path = `${ns}/sinks/hook`

  it.live("have their secret rotated: shown once, refused while one is under way", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* send({ method: "PUT", path, body: webhook })
        const rotate = (body: unknown) =>
          send({ method: "POST", path: `${path}/rotate-secret`, body })
        const first = yield* rotate({})
        expect(first).toMatchObject({
          status: 200,
          json: {
            secret: expect.stringMatching(/^whsec_/),
            previousSecretUntil: expect.stringMatching(/^20.*Z$/),
          },
        })
        expect(yield* rotate({ overlap: "1h" })).toMatchObject(
          problem(409, { type: "urn:eventloom:problem:rotation-under-way", sink: "hook" }),
        )
        const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        const given = yield* rotate({ secret, overlap: "0s" })
        expect(given).toMatchObject({ status: 200, json: { hasSecret: true } })
        expect(given.text).not.toContain("MfKQ9r8GKYqr")
        expect(given.json).not.toHaveProperty("previousSecretUntil")
        for (const [body, field] of [
          [{ secret: "hush" }, "secret"],
          [{ overlap: "1 day" }, "overlap"],
          [{ overlap: "31d" }, "overlap"],
          [{ secrets: [] }, "secrets"],
        ] as const) {
          expect(yield* rotate(body)).toMatchObject(problem(422, { field }))
        }
        const none = { method: "POST", path: `${ns}/sinks/none/rotate-secret`, body: {} } as const
        expect(yield* send(none)).toMatchObject(problem(404, { sink: "none" }))
        yield* send({ method: "PUT", path: `${ns}/sinks/a`, body: { kind: "stdout" } })
        const bare = { method: "POST", path: `${ns}/sinks/a/rotate-secret`, body: {} } as const
        expect(yield* send(bare)).toMatchObject(problem(422, { field: "secret" }))
      }),
    ),
  )

  it.live("are made with a secret shown once, replaced, shown, listed and deleted", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const made = yield* send({ method: "PUT", path, body: webhook })
        expect(made).toMatchObject({
          status: 201,
          json: {
            ...webhook,
            name: "hook",
            namespace: "acme.example",
            concurrency: 64,
            hasSecret: true,
            secret: expect.stringMatching(/^whsec_/),
          },
        })
        const again = yield* send({ method: "PUT", path, body: { ...webhook, concurrency: 2 } })
        expect(again).toMatchObject({ status: 200, json: { concurrency: 2, hasSecret: true } })
        expect(again.json).not.toHaveProperty("secret")
        const given = { ...webhook, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }
        const replaced = yield* send({ method: "PUT", path, body: given })
        expect(replaced).toMatchObject({ status: 200 })
        const shown = yield* send({ path })
        expect(shown).toMatchObject({ status: 200, json: { ...webhook, hasSecret: true } })
        for (const { text } of [replaced, shown]) expect(text).not.toContain("MfKQ9r8GKYqr")
        yield* send({ method: "PUT", path: `${ns}/sinks/a`, body: { kind: "stdout" } })
        expect(yield* send({ path: `${ns}/sinks?limit=1` })).toMatchObject({
          json: { sinks: [{ name: "a", kind: "stdout" }], next: "a" },
        })
        expect(yield* send({ path: `${ns}/sinks?after=a` })).toMatchObject({
          json: { sinks: [{ name: "hook" }], next: null },
        })
        expect(yield* send({ path: `${ns}/sinks?after=z` })).toMatchObject({
          json: { sinks: [], next: null },
        })
        expect(yield* send({ method: "DELETE", path })).toMatchObject({ status: 204 })
        expect(yield* send({ path })).toMatchObject(problem(404, { sink: "hook" }))
        expect(yield* send({ method: "DELETE", path })).toMatchObject(problem(404))
      }),
    ),
  )

  it.live("cannot be deleted while subscriptions use them", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* send({ method: "PUT", path, body: webhook })
        yield* send({ method: "PUT", path: `${ns}/subscriptions/s`, body: { sink: "hook" } })
        expect(yield* send({ method: "DELETE", path })).toMatchObject(
          problem(409, { sink: "hook", subscriptions: ["s"] }),
        )
      }),
    ),
  )

  it.live("are refused naming the field that is wrong", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        for (const [body, field] of [
          [{}, "kind"],
          [{ kind: "carrier-pigeon" }, "kind"],
          [{ kind: 5 }, "kind"],
          [{ ...webhook, concurrency: 0 }, "concurrency"],
          [{ ...webhook, tiemout: "5s" }, "tiemout"],
          [{ ...webhook, timeout: "5" }, "timeout"],
          [{ ...webhook, secret: 5 }, "secret"],
          [{ ...webhook, mode: "morse" }, "mode"],
          [{ ...webhook, headers: { host: "x" } }, "headers.host"],
          [{ ...webhook, headers: { "x-a": "a\r\nb: c" } }, "headers.x-a"],
          [{ kind: "webhook" }, "url"],
        ] as const) {
          expect(yield* send({ method: "PUT", path, body })).toMatchObject(problem(422, { field }))
        }
        expect(yield* send({ path: `${ns}/sinks` })).toMatchObject({ json: { sinks: [] } })
      }),
    ),
  )

  it.live("do not reach into the operator's network", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        for (const url of [
          "http://user:pass@hooks.example.com/",
          "http://127.0.0.1/",
          "http://127.1/",
          "http://2130706433/",
          "http://0x7f000001/",
          "http://0177.0.0.1/",
          "http://[::1]/",
          "http://[::ffff:127.0.0.1]/",
          "http://[::ffff:7f00:1]/",
          "http://[64:ff9b::7f00:1]/",
          "http://0.0.0.0/",
          "http://10.0.0.1/",
          "http://192.168.1.1/",
          "http://169.254.169.254/latest/meta-data/",
          "http://0xa9fea9fe/",
          "http://[fd00:ec2::254]/",
          "http://metadata.google.internal/",
          "http://localhost/",
          "http://LOCALHOST./",
          "http://①②⑦.0.0.1/",
          "ftp://hooks.example.com/",
          "file:///etc/passwd",
          "javascript:alert(1)",
          "hooks.example.com",
          "",
        ]) {
          const answer = yield* send({ method: "PUT", path, body: { kind: "webhook", url } })
          expect([url, answer]).toMatchObject([url, problem(422, { field: "url" })])
          expect(answer.text).not.toContain("user:pass")
        }
      }),
    ),
  )
})

describe("subscriptions", () => {
  const path = `${ns}/subscriptions/all`

  it.live("are made, replaced, paused, resumed, listed and deleted", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* send({ method: "PUT", path: `${ns}/sinks/hook`, body: webhook })
        yield* publish("1", "2")
        const body = { sink: "hook", types: ["shop.*"], ordering: "key", startAt: "now" }
        const made = yield* send({ method: "PUT", path, body })
        expect(made).toMatchObject({
          status: 201,
          json: { ...body, name: "all", position: "2", lag: 0, status: "active" },
        })
        expect(yield* send({ method: "PUT", path, body })).toMatchObject({ status: 200 })
        expect(yield* send({ method: "POST", path: `${path}/pause` })).toMatchObject({
          status: 200,
          json: { status: "paused", state: "paused" },
        })
        yield* publish("3")
        expect(yield* send({ path })).toMatchObject({
          status: 200,
          json: { state: "paused", position: "2", lag: 1 },
        })
        expect(yield* send({ method: "POST", path: `${path}/resume` })).toMatchObject({
          status: 200,
          json: { status: "active" },
        })
        expect(yield* send({ path: `${ns}/subscriptions` })).toMatchObject({
          status: 200,
          json: { subscriptions: [{ name: "all" }], next: null },
        })
        expect(yield* send({ method: "DELETE", path })).toMatchObject({ status: 204 })
        for (const [method, path_] of [
          ["GET", path],
          ["DELETE", path],
          ["POST", `${path}/pause`],
          ["POST", `${path}/resume`],
        ] as const) {
          expect(yield* send({ method, path: path_ })).toMatchObject(
            problem(404, { subscription: "all" }),
          )
        }
      }),
    ),
  )

  it.live("start where they are told to", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* send({ method: "PUT", path: `${ns}/sinks/waiting`, body: { kind: "handler" } })
        yield* publish("1", "2", "3")
        for (const [startAt, position] of [
          ["earliest", "0"],
          ["now", "3"],
          [{ sequence: "2" }, "1"],
          [{ time: "2020-01-01T00:00:00.000Z" }, "0"],
        ] as const) {
          const body = { sink: "waiting", startAt }
          const path = `${ns}/subscriptions/at-${position}`
          expect(yield* send({ method: "PUT", path, body })).toMatchObject({
            json: { position, startAt },
          })
        }
      }),
      // No function is attached to the sink, so its deliveries do not end by themselves.
      { config: { drainDeadline: Duration.zero } },
    ),
  )

  it.live("are refused naming the field that is wrong", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* send({ method: "PUT", path: `${ns}/sinks/hook`, body: webhook })
        for (const [more, field, pointer] of [
          [{ sink: undefined }, "sink", "/sink"],
          [{ sink: "other" }, "sink", undefined],
          [{ sink: "a/b" }, "sink", "/sink"],
          [{ types: [] }, "types", "/types"],
          [{ types: ["shop.*", "a*b"] }, "types.1", "/types/1"],
          [{ type: ["shop.*"] }, "type", "/type"],
          [{ ordering: "random" }, "ordering", "/ordering"],
          [{ concurrency: 0 }, "concurrency", "/concurrency"],
          [{ retry: { attempts: 0 } }, "retry.attempts", "/retry/attempts"],
          [{ retry: { initial: "1m", max: "1s" } }, "retry.initial", "/retry/initial"],
          [{ retry: { "a/b~": 1 } }, "retry.a/b~", "/retry/a~1b~0"],
        ] as const) {
          const body = { sink: "hook", ...more }
          expect([more, yield* send({ method: "PUT", path, body })]).toMatchObject([
            more,
            problem(422, { field, ...(pointer === undefined ? {} : { pointer }) }),
          ])
        }
        expect(yield* send({ path })).toMatchObject(problem(404))
      }),
    ),
  )
})

describe("events", () => {
  it.live("are published in each mode and read back", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const path = `${ns}/events`
        const one = event("1", { data: { n: 1 } })
        expect(yield* send({ method: "POST", path, headers: structured, body: one })).toMatchObject(
          {
            status: 202,
            json: { accepted: [{ source: "/orders", id: "1", sequence: "1", duplicate: false }] },
          },
        )
        const binary = {
          "content-type": "text/plain",
          "ce-specversion": "1.0",
          "ce-id": "2",
          "ce-source": "/orders",
          "ce-type": "shop.order.paid",
        }
        expect(yield* send({ method: "POST", path, headers: binary, body: "hello" })).toMatchObject(
          {
            status: 202,
            json: { accepted: [{ id: "2", sequence: "2" }] },
          },
        )
        expect(yield* publish("3", "1", "3")).toMatchObject({
          status: 202,
          json: {
            accepted: [
              { id: "3", sequence: "3", duplicate: false },
              { id: "1", sequence: "1", duplicate: true },
              { id: "3", sequence: "3", duplicate: true },
            ],
          },
        })
        expect(yield* send({ path: `${path}?limit=2` })).toMatchObject({
          status: 200,
          json: { events: [{ sequence: "1", event: one }, { sequence: "2" }], next: "2" },
        })
        expect(yield* send({ path: `${path}?after=2&limit=1` })).toMatchObject({
          json: { events: [{ sequence: "3" }], next: null },
        })
        expect(yield* send({ path: `${path}?type=shop.*.paid` })).toMatchObject({
          json: { events: [{ sequence: "2", event: { data: "hello" } }], next: null },
        })
        expect(yield* send({ path: `${path}?type=a&type=shop.order.placed` })).toMatchObject({
          json: { events: [{ sequence: "1" }, { sequence: "3" }] },
        })
        expect(yield* send({ path: `${path}/2` })).toMatchObject({
          status: 200,
          json: { sequence: "2", event: { id: "2", datacontenttype: "text/plain" } },
        })
        expect(yield* send({ path: `${path}/4` })).toMatchObject(problem(404, { sequence: "4" }))
        expect(yield* send({ path: `${path}/x` })).toMatchObject(
          problem(404, { field: "sequence" }),
        )
        for (const [query, field] of [
          ["after=-1", "after"],
          ["after=99999999999999999", "after"],
          ["type=a*", "type.0"],
          ["limit=", "limit"],
        ] as const) {
          expect(yield* send({ path: `${path}?${query}` })).toMatchObject(problem(400, { field }))
        }
        for (const path_ of ["/v1/namespaces/other/events", "/v1/namespaces/other/events/1"]) {
          expect(yield* send({ path: path_ })).toMatchObject(problem(404, { namespace: "other" }))
        }
      }),
    ),
  )
})
