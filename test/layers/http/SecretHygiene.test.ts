// No secret is in any answer but the one that shows it, in a log line, an error, a span or what
// inspecting the mesh's own objects prints; and none stands open in the store.

import { inspect } from "node:util"
import { expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Layer, Logger, LogLevel, Redacted, Tracer } from "effect"
import { Mesh } from "../../../src/actors/index.js"
import { NamespaceName, SinkName } from "../../../src/domain/index.js"
import { layer } from "../../../src/layers/http/index.js"
import { SingleProcess } from "../../../src/layers/index.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import { MemoryState } from "../../../src/layers/stores/memory/MemoryState.js"
import { AesVault } from "../../../src/layers/vault/index.js"
import * as Receiver from "../transports/support/Receiver.js"
import { Api, type Answer, apiOf, event, type Sent } from "./support/Server.js"

const adminToken = "operator-token-that-is-hush"
const given = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString("base64")}`
const headerSecret = "Bearer hush-hush-header"
const settingSecret = given(5)

/** Every text that must not be seen: as it is, and the bytes in it in the usual forms. */
const needles = (secret: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(secret.replace(/^wh[a-z]+_/, ""), "base64")
  const isKey = secret.startsWith("wh")
  return [
    secret,
    ...(isKey
      ? [bytes.toString("base64"), bytes.toString("base64url"), bytes.toString("hex")]
      : []),
  ]
}

/** Collects what is logged and traced, as deep as it can be printed. */
const makeCapture = () => {
  const seen: Array<string> = []
  const note = (what: unknown) => void seen.push(inspect(what, { depth: 12, showHidden: true }))
  const logger = Logger.make(({ annotations, cause, message, spans }) => {
    note([message, [...annotations], cause, spans])
  })
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      return {
        _tag: "Span",
        name,
        parent,
        context,
        links,
        kind,
        attributes,
        status: { _tag: "Started", startTime },
        spanId: "1".repeat(16),
        traceId: "2".repeat(32),
        sampled: true,
        attribute: (key, value) => void attributes.set(key, value),
        event: (name, _, more) => note([name, more]),
        addLinks: () => undefined,
        end: (_, exit) => note([name, [...attributes], Exit.isFailure(exit) ? exit.cause : ""]),
      }
    },
    context: (execution) => execution(),
  })
  return { seen, note, logger, tracer }
}

it.live(
  "secrets are seen once at most, by who asked for them",
  () =>
    Effect.gen(function* () {
      const capture = makeCapture()
      const state = yield* MemoryState.make
      const shown = new Set<string>()
      yield* Effect.gen(function* () {
        const api = yield* Api
        const mesh = yield* Mesh
        const headers = { authorization: `Bearer ${adminToken}` }
        const ask = (request: Sent) =>
          Effect.map(
            api.send({ ...request, headers: { ...headers, ...request.headers } }),
            (answer) => {
              capture.note(answer.text)
              capture.note(answer.headers)
              return answer
            },
          )
        /** Its secret is shown to the caller: taken out of the answer before that is searched. */
        const askOnce = (request: Sent) =>
          Effect.map(api.send({ ...request, headers }), (answer: Answer) => {
            const [secret] = /whsec_[A-Za-z0-9+/=]+/.exec(answer.text) ?? []
            if (secret === undefined) throw new Error(`no secret is shown: ${answer.text}`)
            shown.add(secret)
            capture.note(answer.text.replace(secret, ""))
          })

        const ns = "/v1/namespaces/acme.example"
        const put = { method: "PUT" } as const
        const post = { method: "POST" } as const
        const receiver = yield* Receiver.http(({ body }, response) => {
          response.writeHead(body.includes("bad") ? 401 : body.includes("odd") ? 422 : 204).end()
        })
        const webhookSecret = settingSecret
        yield* ask({ ...put, path: "/v1/host-types/gold", body: { webhookSecret } })
        yield* ask({
          ...put,
          path: ns,
          body: { hostType: "gold", webhookUrl: receiver.url, webhookSecret },
        })
        const sink = {
          kind: "webhook",
          url: receiver.url,
          headers: { authorization: headerSecret },
        }
        const hook = `${ns}/sinks/hook`
        yield* askOnce({ ...put, path: hook, body: { ...sink, signature: "both" } })
        yield* ask({
          ...put,
          path: `${ns}/sinks/down`,
          body: { ...sink, url: "http://127.0.0.1:1/", secret: given(2) },
        })
        yield* ask({ ...put, path: `${ns}/sinks/inherits`, body: { kind: "webhook" } })
        for (const name of ["hook", "down", "inherits"]) {
          yield* ask({ ...put, path: `${ns}/subscriptions/${name}`, body: { sink: name } })
        }
        const publish = (id: string) =>
          ask({
            ...post,
            path: `${ns}/events`,
            headers: { "content-type": "application/cloudevents+json" },
            body: JSON.stringify(
              event(id, { traceparent: `00-${"2".repeat(32)}-${"1".repeat(16)}-01` }),
            ),
          })
        for (const id of ["good-1", "bad-1", "odd-1", "good-2"]) yield* publish(id)
        yield* receiver.until(({ received }) => received.length >= 6)

        yield* askOnce({ ...post, path: `${hook}/rotate-secret`, body: { overlap: "1h" } })
        yield* ask({ ...post, path: `${hook}/rotate-secret`, body: { secret: given(3) } })
        yield* ask({
          ...post,
          path: `${hook}/rotate-secret`,
          body: { secret: given(4), overlap: "0s" },
        })
        yield* ask({ ...post, path: `${hook}/rotate-secret`, body: { secret: `${given(6)}!` } })
        yield* ask({
          ...put,
          path: hook,
          body: { ...sink, secret: given(7), headers: { "bad header": headerSecret } },
        })
        yield* ask({ ...put, path: hook, body: { ...sink, secret: given(8), timeout: "never" } })
        yield* ask({ ...post, path: `${ns}/signing-keys/rotate`, body: { overlap: "1h" } })
        yield* ask({ ...post, path: `${ns}/signing-keys/rotate`, body: {} })
        yield* publish("good-3")
        const before = receiver.received.length
        yield* receiver.until(({ received }) => received.length > before || received.length >= 8)

        for (const path of [
          ns,
          `${ns}/sinks`,
          hook,
          `${ns}/signing-keys`,
          `${ns}/subscriptions`,
          `${ns}/dead-letters`,
          `${ns}/audit`,
          "/v1/audit",
          "/v1/host-types",
          "/v1/actors",
          "/metrics",
          "/health/ready",
          "/openapi.json",
        ]) {
          yield* ask({ path })
        }
        yield* ask({ path: ns, headers: { authorization: `Bearer ${adminToken}x` } })
        const name = NamespaceName.make("acme.example")
        capture.note(yield* mesh.sinks.list(name))
        capture.note(yield* mesh.signingKeys.get(name))
        capture.note(yield* Effect.flip(mesh.sinks.rotateSecret(name, SinkName.make("none"))))
        const odd = { kind: "webhook", url: receiver.url, secret: given(9).slice(0, 20) }
        capture.note(yield* Effect.flip(mesh.sinks.put(name, SinkName.make("odd"), odd)))
        capture.note(mesh)
        // At rest: everything the store holds.
        capture.note(
          [...state.holdings].map(([, { signingKeys, sinks }]) => [sinks.all(), signingKeys.all()]),
        )
        capture.note([state.hostTypes.all(), state.namespaces.all()])
      }).pipe(
        Effect.provide(
          Layer.effect(Api, apiOf).pipe(
            Layer.provideMerge(
              Layer.orDie(
                layer({ host: "127.0.0.1", port: 0, adminToken: Redacted.make(adminToken) }),
              ),
            ),
            Layer.provideMerge(
              Layer.orDie(
                SingleProcess.layer({
                  store: MemoryStore.layerFrom(state),
                  vault: AesVault.layerTest,
                  allowPrivateTargets: true,
                  config: { drainDeadline: Duration.zero },
                }),
              ),
            ),
            Layer.provide(Logger.replace(Logger.defaultLogger, capture.logger)),
            Layer.provide(Logger.minimumLogLevel(LogLevel.Trace)),
            Layer.provide(Layer.setTracer(capture.tracer)),
          ),
        ),
        Effect.scoped,
      )

      const all = capture.seen.join("\n")
      // It has looked: what may be seen is there.
      for (const present of [
        "An attempt at a delivery failed",
        "[sealed]",
        "whpk_",
        "good-1",
        "v1.",
      ]) {
        expect(all, present).toContain(present)
      }
      expect(shown.size).toBe(2)
      const secrets = [
        ...shown,
        ...[2, 3, 4, 6, 7, 8].map(given),
        given(9).slice(0, 20),
        settingSecret,
        headerSecret,
        "hush-hush-header",
        adminToken,
        "whsk_",
      ]
      for (const secret of secrets) {
        for (const needle of needles(secret)) {
          if (needle !== "") expect(all.includes(needle), `${secret} as ${needle}`).toBe(false)
        }
      }
    }).pipe(Effect.scoped),
  60_000,
)
