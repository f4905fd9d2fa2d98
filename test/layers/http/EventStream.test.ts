// The event stream over a real socket: what is in it, and what becomes of those who are slow, who
// leave, and who come back.

import { describe, expect, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { Journal, Mesh, type PublishError } from "../../../src/actors/index.js"
import { NamespaceName } from "../../../src/domain/index.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { MemoryState } from "../../../src/layers/stores/memory/MemoryState.js"
import { acceptsEventStream } from "../../../src/layers/http/ServerSentEvents.js"
import { cloudEvent } from "../../laws/LawEvents.js"
import { connect, type EventClient } from "./support/EventClient.js"
import {
  batch,
  event,
  putNamespace,
  send,
  serverLayer,
  structured,
  withServer,
} from "./support/Server.js"

const ns = "/v1/namespaces/acme.example"
const stream = `${ns}/events/stream`

const publish = (ids: ReadonlyArray<string>, more: Readonly<Record<string, unknown>> = {}) =>
  Effect.map(
    send({
      method: "POST",
      path: `${ns}/events`,
      headers: batch,
      body: ids.map((id) => event(id, more)),
    }),
    ({ status }) => expect(status).toBe(202),
  )

const open = Effect.flatMap(Mesh, ({ metrics }) =>
  Effect.map(metrics, ({ followers }) => followers),
)
const untilNoneIsOpen = Effect.repeat(Effect.delay(open, "5 millis"), {
  until: (count) => count === 0,
})
const quick = { limits: { streamHeartbeat: Duration.millis(20) } }

describe("an event stream", () => {
  it.live("has what comes, with the sequence as the id, and tells clients how to come back", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* publish(["a"])
        const client = yield* connect(stream)
        expect(client.status).toBe(200)
        expect(client.headers).toMatchObject({
          "content-type": "text/event-stream",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
          "x-content-type-options": "nosniff",
          "transfer-encoding": "chunked",
        })
        yield* client.until(({ lastEventId }) => lastEventId === "1")
        yield* publish(["b"], { data: "two\nlines" })
        yield* send({
          method: "POST",
          path: `${ns}/events?durability=ephemeral`,
          headers: structured,
          body: event("c"),
        })
        yield* client.until(({ events }) => events.length === 2)
        const [b, c] = client.events
        expect(b).toMatchObject({ name: "message", id: "2" })
        expect(JSON.parse(b?.data ?? "")).toEqual(event("b", { data: "two\nlines" }))
        expect(c).toMatchObject({ name: "message", id: undefined })
        expect(client.ids).toEqual(["b", "c"])
        expect(client.text).toMatch(/^retry: 2000\n\nid: 1\n\nid: 2\nevent: message\ndata: \{/)
      }),
    ),
  )

  it.live("begins after a sequence, and goes on after the last id rather", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* publish(["a", "b", "c"])
        for (const [path, headers, ids] of [
          [`${stream}?after=0`, {}, ["a", "b", "c"]],
          [`${stream}?after=1`, { "last-event-id": "" }, ["b", "c"]],
          [`${stream}?after=1`, { "last-event-id": "2" }, ["c"]],
          [`${stream}?after=now`, { "last-event-id": "1", accept: "text/*;q=0.1" }, ["b", "c"]],
        ] as const) {
          const client = yield* connect(path, headers)
          yield* client.until((one) => one.ids.length >= ids.length)
          expect(client.ids).toEqual(ids)
        }
      }),
    ),
  )

  it.live("has the types that are asked for, however they are given", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        for (const type of ["a.b", "c", "d.e"]) yield* publish([type], { type })
        for (const [query, ids] of [
          ["type=a.*,c", ["a.b", "c"]],
          ["type=c&type=d.*", ["c", "d.e"]],
          ["type=a.*,c&type=d.*", ["a.b", "c", "d.e"]],
          ["type=c", ["c"]],
          ["filter=id%20LIKE%20'%25.%25'", ["a.b", "d.e"]],
        ] as const) {
          const client = yield* connect(`${stream}?after=0&${query}`)
          yield* client.until((one) => one.ids.length >= ids.length)
          expect(client.ids).toEqual(ids)
        }
      }),
    ),
  )

  it.live("shows that it lives, and how far it is, while there is nothing to tell", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const client = yield* connect(`${stream}?type=rare`)
        yield* client.until(({ text }) => text.split("\n:\n\n").length > 2)
        yield* publish(["a", "b"])
        yield* client.until(({ lastEventId }) => lastEventId === "2")
        expect(client.events).toEqual([])
      }),
      quick,
    ),
  )

  it.live("is refused for what it cannot be", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        for (const [path, headers, answer] of [
          ["/v1/namespaces/none.example/events/stream", {}, { status: 404 }],
          [stream, { accept: "application/json" }, { status: 406, json: { field: "accept" } }],
          [stream, { "last-event-id": "x" }, { status: 400, json: { field: "last-event-id" } }],
          [`${stream}?after=-1`, {}, { status: 400, json: { field: "after" } }],
          [`${stream}?type=a,b*`, {}, { status: 400, json: { field: "type.1" } }],
          [`${stream}?filter=id%20=`, {}, { status: 400, json: { field: "filter", position: 4 } }],
          [`${stream}?filter=${"x".repeat(5000)}`, {}, { status: 400, json: { field: "filter" } }],
        ] as const) {
          expect(yield* send({ path, headers })).toMatchObject(answer)
        }
        expect(yield* send({ method: "HEAD", path: stream })).toMatchObject({
          status: 200,
          headers: { "content-type": "text/event-stream" },
          text: "",
        })
        expect(yield* send({ method: "POST", path: stream })).toMatchObject({ status: 405 })
        expect(yield* open).toBe(0)
      }),
    ),
  )

  it.live("is one of as many as there may be", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* putNamespace("b.example")
        yield* putNamespace("c.example")
        const first = yield* connect(stream)
        yield* connect(stream)
        expect(yield* send({ path: stream })).toMatchObject({
          status: 429,
          headers: { "retry-after": "5" },
          json: { type: "urn:eventloom:problem:too-many-streams", limit: 2 },
        })
        yield* connect("/v1/namespaces/b.example/events/stream")
        expect(yield* send({ path: "/v1/namespaces/c.example/events/stream" })).toMatchObject({
          status: 503,
          json: { limit: 3 },
        })
        first.leave()
        yield* Effect.repeat(Effect.delay(open, "5 millis"), { until: (count) => count === 2 })
        yield* connect(stream)
      }),
      { config: { maxFollowers: 3, maxFollowersPerNamespace: 2 } },
    ),
  )
})

describe("the end of an event stream", () => {
  it.live("frees all it had, when the client leaves", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        for (let n = 0; n < 20; n++) {
          const client = yield* connect(`${stream}?after=0`)
          client.leave()
        }
        yield* untilNoneIsOpen
        // Without routes but those of subscriptions the namespace sleeps.
        const { metrics } = yield* Mesh
        yield* Effect.repeat(Effect.delay(metrics, "20 millis"), {
          until: ({ awakeNamespaces }) => awakeNamespaces === 0,
        })
      }),
      { config: { idleAfter: Duration.millis(50) } },
    ),
  )

  it.live("is told when the namespace is removed", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        yield* publish(["a"])
        const client = yield* connect(`${stream}?after=0`)
        yield* client.until(({ ids }) => ids.length === 1)
        yield* send({ method: "DELETE", path: `${ns}?wait=30s` })
        yield* client.until(({ ended }) => ended)
        expect(client.events.at(-1)).toEqual({
          name: "removed",
          data: '{"namespace":"acme.example"}',
          id: undefined,
        })
        yield* untilNoneIsOpen
      }),
    ),
  )

  it.live("comes at once when the server closes, for one who does not read too", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        serverLayer({ limits: { closeDeadline: Duration.minutes(1) } }),
        scope,
      )
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* putNamespace()
          const reading = yield* connect(stream)
          const stuck = yield* connect(stream)
          stuck.pause()
          yield* reading.until(({ lastEventId }) => lastEventId === "0")
          yield* fill(24)
          yield* reading.until(({ ids }) => ids.length === 24)
          yield* Scope.close(scope, Exit.void)
          yield* reading.until(({ ended }) => ended)
          expect(reading.text).toMatch(/retry: 2000\n\n$/)
        }),
      ).pipe(Effect.provide(context))
    }),
  )
})

const chunk = "x".repeat(512 * 1024)

/** Publishes events of half a mebibyte. */
const fill = (count: number): Effect.Effect<void, PublishError, Mesh> =>
  Effect.flatMap(Mesh, (mesh) =>
    Effect.forEach(
      Array.from({ length: count }, (_, n) => cloudEvent(event(`${n}`, { data: chunk }))),
      (one) => mesh.publish(acme, [one]),
      { discard: true },
    ),
  )

const acme = NamespaceName.make("acme.example")

/** A store in memory that counts the characters of JSON read from the journal. */
const counting = () => {
  const counter = { read: 0 }
  const store = Layer.effectContext(
    Effect.map(Effect.context<Layer.Layer.Success<typeof MemoryStore.layer>>(), (stores) => {
      const journal = Context.get(stores, Journal)
      return Context.add(stores, Journal, {
        ...journal,
        read: (read) =>
          Effect.tap(journal.read(read), (page) =>
            Effect.sync(() => {
              for (const { json } of page) counter.read += json.length
            }),
          ),
      })
    }),
  ).pipe(Layer.provide(MemoryStore.layer))
  return { counter, store }
}

describe("a client that reads slowly", () => {
  const { counter, store } = counting()

  it.live("has the server read no more than it takes, and misses nothing", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const client = yield* connect(`${stream}?after=0`)
        client.pause()
        const count = 60
        yield* fill(count)
        // Until the socket is full; what its buffers hold is the system's to say.
        let before = -1
        while (before !== counter.read) {
          before = counter.read
          yield* Effect.sleep("50 millis")
        }
        expect(counter.read).toBeLessThan((count * chunk.length) / 2)
        client.resume()
        yield* client.until(({ ids }) => ids.length >= count)
        expect(client.ids).toEqual(Array.from({ length: count }, (_, n) => `${n}`))
      }),
      { store },
    ),
  )

  it.live("is told how many ephemeral events it lost", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const client = yield* connect(stream)
        yield* client.until(({ lastEventId }) => lastEventId !== undefined)
        client.pause()
        const count = 60
        for (let n = 0; n < count; n++) {
          yield* send({
            method: "POST",
            path: `${ns}/events?durability=ephemeral`,
            headers: structured,
            body: event(`${n}`, { data: chunk }),
          })
        }
        client.resume()
        const lost = () =>
          client.events
            .filter(({ name }) => name === "dropped")
            .reduce((sum, { data }) => sum + Number(JSON.parse(data).count), 0)
        yield* client.until(({ ids }) => ids.length + lost() === count)
        expect(lost()).toBeGreaterThan(0)
      }),
      { config: { streamBytes: 1024 } },
    ),
  )

  it.live("is cut off when it takes nothing at all, and can resume", () =>
    withServer(
      Effect.gen(function* () {
        yield* putNamespace()
        const client = yield* connect(stream)
        yield* client.until(({ lastEventId }) => lastEventId === "0")
        client.pause()
        yield* fill(24)
        yield* untilNoneIsOpen
        const again = yield* connect(stream, { "last-event-id": "0" })
        yield* again.until(({ ids }) => ids.length === 24)
      }),
      { limits: { streamStalled: Duration.seconds(1) } },
    ),
  )
})

describe("an event stream that a key was let in to", () => {
  const token = "correct-horse-battery-staple"
  const bearing = (key: string) => ({ authorization: `Bearer ${key}` })
  const makeKey = (more: Readonly<Record<string, unknown>> = {}) =>
    Effect.map(
      send({
        method: "POST",
        path: `${ns}/keys`,
        headers: bearing(token),
        body: { scopes: ["read"], ...more },
      }),
      ({ json }) => json as { readonly id: string; readonly key: string },
    )

  it.live("ends when the key is revoked or expires, and the others go on", () =>
    withServer(
      Effect.gen(function* () {
        yield* send({ method: "PUT", path: ns, headers: bearing(token), body: {} })
        const revoked = yield* makeKey()
        const expiring = yield* makeKey({ expiresAt: new Date(Date.now() + 1_500).toISOString() })
        const staying = yield* makeKey()
        const opened = (key: string) =>
          Effect.tap(connect(stream, bearing(key)), (client) => client.until(isOpen))
        const first = yield* opened(revoked.key)
        const second = yield* opened(expiring.key)
        const others = [yield* opened(staying.key), yield* opened(token)]
        const path = `${ns}/keys/${revoked.id}`
        yield* send({ method: "DELETE", path, headers: bearing(token) })
        yield* first.until(({ ended }) => ended)
        yield* second.until(({ ended }) => ended)
        const again = yield* connect(stream, bearing(revoked.key))
        expect(again.status).toBe(401)
        yield* send({
          method: "POST",
          path: `${ns}/events`,
          headers: { ...structured, ...bearing(token) },
          body: event("a"),
        })
        for (const client of others) yield* client.until(({ ids }) => ids.length === 1)
        expect(first.ids).toEqual([])
        expect(second.ids).toEqual([])
      }),
      { adminToken: Redacted.make(token) },
    ),
  )
})

const isOpen = ({ lastEventId, status }: EventClient) => status === 200 && lastEventId !== undefined

describe("a client that comes back", () => {
  it.live("after the server went away goes on where it was", () =>
    Effect.gen(function* () {
      const state = yield* MemoryState.make
      const store = MemoryStore.layerFrom(state)
      const seen: Array<string> = []
      let last = "0"
      const life = (first: number) =>
        withServer(
          Effect.gen(function* () {
            yield* putNamespace()
            yield* publish([`${first}`])
            const client = yield* connect(stream, { "last-event-id": last })
            yield* publish([`${first + 1}`, `${first + 2}`])
            yield* client.until(({ ids }) => ids.length > 0)
            // It goes in the middle, and more comes while it is away.
            yield* Effect.sync(() => client.leave())
            seen.push(...client.ids)
            last = client.lastEventId ?? last
            yield* publish([`${first + 3}`])
          }),
          { store },
        )
      for (const first of [0, 4, 8]) yield* life(first)
      yield* withServer(
        Effect.gen(function* () {
          const client = yield* connect(stream, { "last-event-id": last })
          yield* client.until(({ ids }) => seen.length + ids.length >= 12)
          seen.push(...client.ids)
        }),
        { store },
      )
      expect(seen).toEqual(Array.from({ length: 12 }, (_, n) => `${n}`))
    }),
  )
})

it("an Accept header takes an event stream or does not", () => {
  for (const [accept, accepted] of [
    [undefined, true],
    ["", true],
    ["text/event-stream", true],
    ["*/*", true],
    ["text/html, text/*;q=0.5", true],
    ["text/html", false],
    ["text/event-stream;q=0", false],
    ["*/*;q=1, text/event-stream;q=0", false],
    ["text/event-stream;q=0.2, */*;q=0", true],
  ] as const) {
    expect([accept, acceptsEventStream(accept)]).toEqual([accept, accepted])
  }
})
