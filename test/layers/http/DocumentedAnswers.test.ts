// The description of the API is true and whole: every answer that is documented is given, and none
// that is not; bodies are as their schemas say, and so are the examples; requests that are examples
// are taken.

import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Logger, Redacted } from "effect"
import { Mesh } from "../../../src/actors/index.js"
import { NamespaceName, Outcome } from "../../../src/domain/index.js"
import * as PostgresChanges from "../../../src/layers/sources/wal/PostgresChanges.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { faultyFrom } from "../../support/FaultyStore.js"
import { Fault, StoreFaults, type StoreFaultsService } from "../../support/StoreFaults.js"
import { readOperations } from "./support/ApiDocument.js"
import { DocumentedScenes, type Names, sendWithoutHost } from "./support/DocumentedScenes.js"
import { connect } from "./support/EventClient.js"
import { type ServerOptions, withServer } from "./support/Server.js"

const token = "correct-horse-battery-staple"
const bearing = (key: string) => ({ authorization: `Bearer ${key}` })

/** What all scenes together have met. */
const met = new Set<string>()

const inServer = (
  use: (
    scenes: DocumentedScenes,
    faults: StoreFaultsService,
  ) => Effect.Effect<void, never, Effect.Effect.Context<ReturnType<typeof connect>> | Mesh>,
  options: ServerOptions = {},
) =>
  Effect.flatMap(StoreFaults.make, (faults) =>
    withServer(
      Effect.flatMap(readOperations, (operations) =>
        use(new DocumentedScenes(operations, bearing(token), met), faults),
      ),
      {
        adminToken: Redacted.make(token),
        store: faultyFrom(faults, MemoryStore.layer),
        ...options,
      },
    ),
  ).pipe(Effect.provide(Layer.merge(PostgresChanges.layer, Logger.remove(Logger.defaultLogger))))

interface Keyed {
  readonly id: string
  readonly key: string
}

const makeKey = (scenes: DocumentedScenes, ...scopes: ReadonlyArray<string>) =>
  Effect.map(scenes.play("keys.createKey", 201, { body: { scopes } }), ({ json }) => json as Keyed)

/** What most scenes act on. */
const prepare = (scenes: DocumentedScenes) =>
  Effect.gen(function* () {
    for (const id of [
      "hostTypes.putHostType",
      "namespaces.putNamespace",
      "sinks.putSink",
      "subscriptions.putSubscription",
    ]) {
      yield* scenes.play(id, 201)
    }
    yield* scenes.play("subscriptions.pauseSubscription", 200)
  })

describe("the description of the API", () => {
  it.live("has an example of every body, and they are as the schemas say", () =>
    inServer(({ operations }) =>
      Effect.sync(() => {
        for (const { answers, id, requests } of operations) {
          for (const body of [...requests, ...answers.values()]) {
            if (body === undefined) continue
            const examples = Object.entries(body.examples)
            expect([id, body.contentType, examples.length > 0]).toEqual([
              id,
              body.contentType,
              true,
            ])
            for (const [name, example] of examples) {
              expect([id, name, body.faultOf(example)]).toEqual([id, name, undefined])
            }
          }
        }
      }),
    ),
  )

  it.live("holds of what goes well", () =>
    inServer(
      (scenes) =>
        Effect.gen(function* () {
          const play = scenes.play.bind(scenes)
          for (const id of ["health.live", "health.ready", "operations.metrics", "keys.whoAmI"]) {
            yield* play(id, 200)
          }
          const kept = [
            ["hostTypes.putHostType", "hostTypes.getHostType", "hostTypes.listHostTypes"],
            ["sources.putSource", "sources.getSource", "sources.listSources"],
            [
              "eventTypes.putHostTypeEventType",
              "eventTypes.getHostTypeEventType",
              "eventTypes.listHostTypeEventTypes",
            ],
            ["namespaces.putNamespace", "namespaces.getNamespace", "namespaces.listNamespaces"],
            ["sinks.putSink", "sinks.getSink", "sinks.listSinks"],
            [
              "subscriptions.putSubscription",
              "subscriptions.getSubscription",
              "subscriptions.listSubscriptions",
            ],
            ["eventTypes.putEventType", "eventTypes.getEventType", "eventTypes.listEventTypes"],
          ] as const
          for (const [put, get, list] of kept) {
            yield* play(put, 201)
            yield* play(put, 200)
            yield* play(get, 200)
            yield* play(list, 200)
          }
          yield* play("sources.snapshotTable", 202)
          yield* play("operations.actors", 200)
          yield* play("subscriptions.pauseSubscription", 200)

          yield* play("keys.createKey", 201)
          const key = yield* makeKey(scenes, "publish")
          yield* play("keys.whoAmI", 200, { headers: bearing(key.key) })
          yield* play("keys.listKeys", 200)
          yield* play("keys.getKey", 200, { names: { key: key.id } })
          yield* play("keys.revokeKey", 204, { names: { key: key.id } })

          yield* play("sinks.rotateSecret", 200)
          yield* play("sinks.getSink", 200)
          yield* play("signingKeys.rotateSigningKey", 200)
          const keys = yield* play("signingKeys.getSigningKeys", 200)
          const { jwks } = keys.json as { readonly jwks: string }
          yield* play("keySets.getKeySet", 200, { query: jwks.slice(jwks.indexOf("?")) })

          const mesh = yield* Mesh
          const handler = { answer: Outcome.reject("no such room") }
          yield* Effect.orDie(
            mesh.handle(NamespaceName.make("acme.example"), "books", {}, () => handler.answer),
          )
          const { requests } = scenes.of("events.publishEvents")
          for (const { contentType } of requests) {
            yield* play("events.publishEvents", 202, { contentType })
          }
          yield* play("events.readEvents", 200)
          yield* play("events.getEvent", 200)
          const stream = scenes.requestOf("events.streamEvents", { query: "?after=0" })
          const client = yield* connect(stream.path, stream.headers)
          yield* client.until(({ ids }) => ids.length > 0)
          scenes.judge("events.streamEvents", {
            status: client.status ?? 0,
            headers: client.headers,
            text: client.text,
            json: undefined,
          })
          yield* play("events.streamEvents", 429)
          client.leave()

          const found = yield* Effect.repeat(play("deadLetters.listDeadLetters", 200), {
            until: ({ json }) => (json as { deadLetters: Array<unknown> }).deadLetters.length === 2,
          })
          yield* play("deliveries.explainDeliveries", 200)
          const letters = (found.json as { deadLetters: ReadonlyArray<{ readonly id: string }> })
            .deadLetters
          const [first, second] = letters.map(({ id: deadLetter }) => ({ names: { deadLetter } }))
          yield* play("deadLetters.getDeadLetter", 200, first)
          const books = { names: { subscription: "books" } }
          yield* play("subscriptions.pauseSubscription", 200, books)
          yield* play("deadLetters.redeliverDeadLetter", 409, first)
          yield* play("subscriptions.resumeSubscription", 200, books)
          handler.answer = Outcome.delivered()
          yield* play("deadLetters.redeliverDeadLetter", 202, first)
          yield* play("deadLetters.discardDeadLetter", 204, second)

          const replay = yield* play("replays.startReplay", 202)
          const { id } = replay.json as { readonly id: string }
          yield* play("replays.listReplays", 200)
          yield* play("replays.getReplay", 200, { names: { replay: id } })
          yield* play("replays.cancelReplay", 200, { names: { replay: id } })

          yield* play("namespaces.setNamespaceStatus", 200)
          yield* play("audit.listNamespaceAudit", 200)
          yield* play("audit.listOperatorAudit", 200)
          // The namespace is disabled now: nothing is delivered to the endpoint of the example.
          yield* play("subscriptions.resumeSubscription", 200)
          yield* play("namespaces.setNamespaceStatus", 200, { body: { status: "enabled" } })
          yield* play("deadLetters.redeliverDeadLetters", 202)
          for (const forget of [
            "subscriptions.deleteSubscription",
            "sinks.deleteSink",
            "eventTypes.deleteEventType",
            "eventTypes.deleteHostTypeEventType",
          ]) {
            yield* play(forget, 204)
          }
          yield* play("sources.deleteSource", 200)
        }),
      { config: { maxFollowersPerNamespace: 1, drainDeadline: Duration.millis(50) } },
    ),
  )

  it.live("holds of what is refused", () =>
    inServer((scenes) =>
      Effect.gen(function* () {
        const play = scenes.play.bind(scenes)
        yield* prepare(scenes)

        for (const [{ id, method, parameters }, [kind]] of scenes.answering(400)) {
          if (kind === "malformed-json") yield* play(id, 400, { body: "{" })
          else if (kind === "no-host") {
            const answer = yield* sendWithoutHost({ method, path: scenes.requestOf(id).path })
            scenes.judge(id, answer)
          } else {
            const name = parameters.includes("limit") ? "limit" : parameters[0]
            yield* play(id, 400, { query: `?${name}=%20` })
          }
        }

        for (const [{ id }] of scenes.answering(401)) {
          yield* play(id, 401, { headers: bearing("wrong") })
        }

        const keys = {
          publish: bearing((yield* makeKey(scenes, "publish")).key),
          read: bearing((yield* makeKey(scenes, "read")).key),
        }
        for (const [{ id }, [kind]] of scenes.answering(403)) {
          if (kind === "foreign-host") continue
          const headers = id === "events.publishEvents" ? keys.read : keys.publish
          yield* play(id, 403, { headers })
        }

        const elsewhere: Readonly<Record<string, Names>> = {
          "namespace-not-found": { namespace: "never.example" },
          "host-type-not-found": { hostType: "never" },
          "source-not-found": { source: "never" },
          "sink-not-found": { sink: "never" },
          "subscription-not-found": { subscription: "never" },
          "event-not-found": { sequence: "999999" },
        }
        for (const [{ id }, kinds] of scenes.answering(404)) {
          for (const kind of kinds) yield* play(id, 404, { names: elsewhere[kind] ?? {} })
        }
        yield* play("events.streamEvents", 406, { headers: { accept: "text/html" } })

        for (const [{ id }] of scenes.answering(413)) {
          yield* play(id, 413, { body: JSON.stringify("x".repeat(1_100_000)) })
        }
        for (const [{ id }] of scenes.answering(415)) {
          yield* play(id, 415, { contentType: "application/cloudevents+xml" })
        }
        for (const [{ id }] of scenes.answering(422)) {
          if (id !== "events.publishEvents") yield* play(id, 422, { body: { nonsense: true } })
        }

        yield* play("eventTypes.putEventType", 201)
        yield* play("namespaces.putNamespace", 200, { body: { schemaEnforcement: "reject" } })
        const [example] = Object.values(
          scenes.of("events.publishEvents").requests[0]?.examples ?? {},
        )
        yield* play("events.publishEvents", 422, { body: { ...(example as object), data: {} } })
        yield* play("namespaces.putNamespace", 200, { body: { publishRate: "1/h" } })
        yield* play("events.publishEvents", 202)
        yield* play("events.publishEvents", 429)
      }),
    ),
  )

  it.live("holds of what is in conflict with something", () =>
    inServer(
      (scenes, faults) =>
        Effect.gen(function* () {
          const play = scenes.play.bind(scenes)
          yield* prepare(scenes)
          yield* play("hostTypes.deleteHostType", 409)
          yield* play("sinks.deleteSink", 409)
          for (const id of ["sinks.rotateSecret", "signingKeys.rotateSigningKey"]) {
            yield* play(id, 200)
          }
          // The first signing key has none before it, so nothing overlaps yet.
          yield* play("signingKeys.rotateSigningKey", 200)
          for (const id of ["sinks.rotateSecret", "signingKeys.rotateSigningKey"]) {
            yield* play(id, 409)
          }
          yield* play("keys.createKey", 201)
          yield* play("keys.createKey", 409)
          yield* play("namespaces.putNamespace", 200, {
            body: { hostType: "shop", maxSinks: 1, maxSubscriptions: 1 },
          })
          yield* play("sinks.putSink", 409, { names: { sink: "other" } })
          yield* play("subscriptions.putSubscription", 409, { names: { subscription: "other" } })
          yield* play("events.publishEvents", 202)
          for (let replays = 0; replays < 4; replays++) yield* play("replays.startReplay", 202)
          yield* play("replays.startReplay", 409)

          const large = { schema: { const: "x".repeat(64_000) } }
          for (const put of ["eventTypes.putEventType", "eventTypes.putHostTypeEventType"]) {
            for (let types = 0; types < 16; types++) {
              yield* play(put, 201, { names: { type: `t${types}` }, body: large })
            }
            yield* play(put, 409, { names: { type: "t16" }, body: large })
          }

          yield* play("namespaces.setNamespaceStatus", 200, { body: { status: "disabled" } })
          yield* play("events.publishEvents", 409)

          const purge = yield* faults.hold("Removals.purge", "before")
          yield* play("namespaces.removeNamespace", 202)
          yield* purge.reached
          yield* play("namespaces.getRemoval", 200)
          for (const { id, path } of scenes.operations) {
            if (!path.startsWith("/v1/namespaces/{namespace}")) continue
            const { json, status } = yield* scenes.playAny(id)
            const removing = (json as { readonly type?: string } | undefined)?.type
            const documented = scenes.of(id).answers.has(409)
            expect([id, status === 409]).toEqual([id, documented])
            if (documented)
              expect([id, removing]).toEqual([id, "urn:eventloom:problem:namespace-removing"])
          }
          yield* purge.release
          yield* play("namespaces.removeNamespace", 200, { query: "?wait=10s" })
          yield* play("hostTypes.deleteHostType", 204)
        }),
      { config: { maxKeysPerNamespace: 1, drainDeadline: Duration.millis(50) } },
    ),
  )

  it.live("holds while the store does not answer, and where the server is at fault", () =>
    inServer((scenes, faults) =>
      Effect.gen(function* () {
        yield* prepare(scenes)
        const set = "?set=Hxowx7xXz0LbnhfSz0Q4Jn"
        const key = yield* makeKey(scenes, "read")
        // These need the store only to find out whose key it is; a stream that it fails tries again.
        const byKey = [
          "operations.metrics",
          "operations.actors",
          "keys.whoAmI",
          "events.streamEvents",
        ]
        for (const [status, fault] of [
          [503, Fault.FailBefore()],
          [500, Fault.Die()],
        ] as const) {
          yield* faults.always("everything", fault)
          for (const [{ id }] of scenes.answering(status)) {
            yield* scenes.play(id, status, {
              ...(byKey.includes(id) ? { headers: bearing(key.key) } : {}),
              ...(id === "keySets.getKeySet" ? { query: set } : {}),
            })
          }
          yield* faults.heal
        }
      }),
    ),
  )

  it.live("holds where a host is foreign", () =>
    inServer(
      (scenes) =>
        Effect.gen(function* () {
          for (const [{ id }, [kind]] of scenes.answering(403)) {
            if (kind !== "foreign-host") continue
            yield* scenes.play(id, 403, { headers: { host: "evil.example" } })
          }
        }),
      { adminToken: undefined as never },
    ),
  )

  it.live("has no answer and no kind of problem that was not met above", () =>
    inServer((scenes) => Effect.sync(() => expect(scenes.missing).toEqual([]))),
  )
})
