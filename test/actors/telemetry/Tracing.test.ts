import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Either, Layer, Tracer } from "effect"
import { Mesh, type Delivery } from "../../../src/actors/index.js"
import { CloudEvent, NamespaceName } from "../../../src/domain/index.js"
import * as SingleProcess from "../../../src/layers/SingleProcess.js"
import * as MemoryStore from "../../../src/layers/stores/memory/MemoryStore.js"
import * as AesVault from "../../../src/layers/vault/AesVault.js"

const namespace = NamespaceName.make("acme.example")

const meshLayer = SingleProcess.layer({ store: MemoryStore.layer, vault: AesVault.layerTest })

const eventNamed = (id: string, extensions: Record<string, string> = {}) =>
  Either.getOrThrow(CloudEvent.make({ id, source: "/orders", type: "order.paid", ...extensions }))

/** Attaches a handler, lets `publish` run, and answers what arrived at the handler. */
const delivered = (publish: (mesh: Mesh["Type"]) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const mesh = yield* Mesh
    yield* mesh.namespaces.put(namespace)
    const arrived = yield* Deferred.make<Delivery>()
    yield* mesh.handle(namespace, "watch", {}, (_, delivery) =>
      Effect.asVoid(Deferred.succeed(arrived, delivery)),
    )
    yield* publish(mesh)
    return yield* Deferred.await(arrived)
  })

describe("tracing", () => {
  const spans: Array<Tracer.Span> = []
  const recording = Layer.setTracer(
    Effect.runSync(
      Effect.map(Effect.tracer, (native) =>
        Tracer.make({
          span: (...args) => {
            const span = native.span(...args)
            spans.push(span)
            return span
          },
          context: (run, fiber) => native.context(run, fiber),
        }),
      ),
    ),
  )
  const layer = Layer.provideMerge(meshLayer, recording)

  it.scopedLive(
    "a publish inside a span gives the event its trace, and delivery continues it",
    () =>
      Effect.gen(function* () {
        spans.length = 0
        const delivery = yield* Effect.withSpan(
          delivered((mesh) => mesh.publish(namespace, [eventNamed("1")])),
          "request",
        )
        const request = spans.find(({ name }) => name === "request")
        const send = spans.find(({ name }) => name === `send ${namespace}`)
        const process = spans.find(({ name }) => name === `process ${namespace}`)
        expect(send?.kind).toBe("producer")
        expect(send?.traceId).toBe(request?.traceId)
        expect(delivery.event.traceparent).toBe(`00-${request?.traceId}-${send?.spanId}-01`)
        expect(process?.traceId).toBe(request?.traceId)
        expect(process?.attributes.get("messaging.message.id")).toBe(delivery.id)
      }).pipe(Effect.provide(layer)),
  )

  it.scopedLive("an event keeps the trace that it came with", () =>
    Effect.gen(function* () {
      const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`
      const delivery = yield* Effect.withSpan(
        delivered((mesh) => mesh.publish(namespace, [eventNamed("1", { traceparent })])),
        "request",
      )
      expect(delivery.event.traceparent).toBe(traceparent)
    }).pipe(Effect.provide(layer)),
  )

  it.scopedLive("outside a span nothing is traced and the event is left as it is", () =>
    Effect.gen(function* () {
      spans.length = 0
      const event = eventNamed("1")
      const delivery = yield* delivered((mesh) => mesh.publish(namespace, [event]))
      expect(delivery.event.event).toEqual(event)
      expect(spans).toEqual([])
    }).pipe(Effect.provide(layer)),
  )
})
