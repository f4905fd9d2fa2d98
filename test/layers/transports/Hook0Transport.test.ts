import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import type { CloudEventInput } from "../../../src/domain/index.js"
import { Hook0Transport } from "../../../src/layers/transports/index.js"
import {
  Hook0Options,
  type Hook0OptionsEncoded,
} from "../../../src/layers/transports/hook0/Hook0Options.js"
import { delivery, namespace, sink } from "./support/Deliveries.js"
import * as Hook0Server from "./support/Hook0Server.js"
import * as Webhooks from "./support/Webhooks.js"

const configOf = (options: Hook0OptionsEncoded, token = Hook0Server.token) => ({
  namespace,
  sink,
  options: Schema.decodeSync(Hook0Options)(options),
  secrets: { apiToken: Redacted.make(token) },
})

const opened = (
  { apiUrl }: { readonly apiUrl: string },
  options: Partial<Hook0OptionsEncoded> = {},
  token?: string,
) =>
  Hook0Transport.make().pipe(
    Effect.flatMap(({ open }) =>
      open(configOf({ apiUrl, applicationId: Hook0Server.applicationId, ...options }, token)),
    ),
    Effect.provide(Webhooks.services),
  )

const uuid = "0193e7a0-0000-7000-8000-00000000000a"
const event = (input: Partial<CloudEventInput> = {}) =>
  delivery(1, { id: uuid, type: "shop.order.paid", time: "2026-01-02T03:04:05Z", ...input })

describe("a Hook0 sink", () => {
  it.scoped("sends what the API asks for", () =>
    Effect.gen(function* () {
      const server = yield* Hook0Server.start
      server.types.add("shop.order.paid")
      const { deliver } = yield* opened(server, {
        labels: { tenant: "{{tenant}}", kind: "orders", nothing: "{{data.none}}" },
        metadata: { number: "no. {{data.number}}" },
      })
      expect(yield* deliver(event({ tenant: "acme" }))).toMatchObject({
        _tag: "Delivered",
        status: 201,
      })
      expect([...server.events.values()].map((taken) => ({ ...taken, occurred_at: 0 }))).toEqual([
        {
          application_id: Hook0Server.applicationId,
          event_id: uuid,
          event_type: "shop.order.paid",
          payload: '{"number":1}',
          payload_content_type: "application/json",
          occurred_at: 0,
          labels: { tenant: "acme", kind: "orders" },
          metadata: { number: "no. 1" },
        },
      ])
    }),
  )

  it.scoped("has text and bytes arrive as what they are, and always a label", () =>
    Effect.gen(function* () {
      const server = yield* Hook0Server.start
      server.types.add("shop.order.paid")
      const { deliver } = yield* opened(server)
      yield* deliver(event({ id: "a", data: "hello", datacontenttype: "text/plain" }))
      yield* deliver(event({ id: "b", data: undefined, data_base64: "AAEC" }))
      const taken = [...server.events.values()]
      expect(
        taken.map(({ payload, payload_content_type }) => [payload_content_type, payload]),
      ).toEqual([
        ["text/plain", "hello"],
        ["application/octet-stream+base64", "AAEC"],
      ])
      expect(taken.map(({ labels }) => labels)).toEqual([{ namespace }, { namespace }])
    }),
  )

  it.scoped("is recognised when it repeats itself, also where ids are no UUIDs", () =>
    Effect.gen(function* () {
      const server = yield* Hook0Server.start
      server.types.add("shop.order.paid")
      const { deliver } = yield* opened(server)
      for (const id of [uuid, "order-1"]) {
        expect(yield* deliver(event({ id }))).toMatchObject({ _tag: "Delivered", status: 201 })
        expect(yield* deliver(event({ id }))).toMatchObject({ _tag: "Delivered", status: 409 })
      }
      yield* deliver(event({ id: "order-1", source: "/others" }))
      expect(server.events.size).toBe(3)
    }),
  )

  it.scoped("names types in three parts, and refuses what has fewer", () =>
    Effect.gen(function* () {
      const server = yield* Hook0Server.start
      server.types.add("postgres.public_orders.inserted").add("app.order_placed.v1")
      const plain = yield* opened(server)
      const sent = yield* plain.deliver(event({ type: "postgres.public.orders.inserted" }))
      expect(sent._tag).toBe("Delivered")
      expect(yield* plain.deliver(event({ type: "placed" }))).toMatchObject({ _tag: "Reject" })
      const named = yield* opened(server, { eventType: "app.{{kind}}.v1" })
      const outcome = yield* named.deliver(event({ id: "x", type: "placed", kind: "order_placed" }))
      expect(outcome._tag).toBe("Delivered")
      expect(yield* named.deliver(event({ id: "y" }))).toMatchObject({
        _tag: "Reject",
        reason: "it has no kind for its type",
      })
    }),
  )

  it.scoped("registers a type that Hook0 does not know, where it may", () =>
    Effect.gen(function* () {
      const server = yield* Hook0Server.start
      const may = yield* opened(server, { createEventTypes: true })
      const mayNot = yield* opened(server)
      expect(yield* mayNot.deliver(event())).toMatchObject({
        _tag: "Reject",
        reason: "Hook0 answered 400 EventTypeDoesNotExist",
      })
      expect((yield* may.deliver(event()))._tag).toBe("Delivered")
      expect([...server.types]).toEqual(["shop.order.paid"])
      expect(yield* may.deliver(event({ type: `shop.${"x".repeat(60)}.paid` }))).toMatchObject({
        _tag: "Reject",
      })
    }),
  )

  it.scoped("sends nothing that Hook0 would refuse", () =>
    Effect.gen(function* () {
      const server = yield* Hook0Server.start
      const { deliver } = yield* opened(server, { labels: { subject: "{{subject}}" } })
      const large = yield* deliver(event({ data: "x".repeat(700_000) }))
      const label = yield* deliver(event({ subject: "x".repeat(51) }))
      expect([large._tag, label._tag]).toEqual(["Reject", "Reject"])
      expect(server.receiver.received).toEqual([])
    }),
  )

  const answers: ReadonlyArray<readonly [status: number, id: string, outcome: string]> = [
    [401, "AuthNoAuthorizationHeader", "Misconfigured"],
    [403, "AuthInvalidBiscuit", "Misconfigured"],
    [404, "NotFound", "Misconfigured"],
    [400, "EventInvalidJsonPayload", "Reject"],
    [409, "LabelsAmbiguity", "Reject"],
    [422, "Validation", "Reject"],
    [429, "TooManyEventsToday", "Retry"],
    [500, "InternalServerError", "Retry"],
    [503, "ServiceUnavailable", "Retry"],
    [302, "", "Misconfigured"],
  ]
  it.scoped.each(answers)("takes %d %s for %s", ([status, id, tag]) =>
    Effect.gen(function* () {
      const server = yield* Hook0Server.start
      server.override = (response) => Hook0Server.answerProblem(response, status, id)
      const { deliver } = yield* opened(server)
      expect((yield* deliver(event()))._tag).toBe(tag)
    }),
  )

  it.scoped("waits as long as it is asked to", () =>
    Effect.gen(function* () {
      const server = yield* Hook0Server.start
      server.override = (response) =>
        Hook0Server.answerProblem(response, 429, "RateLimited", { "retry-after": "7" })
      const { deliver } = yield* opened(server)
      expect(yield* deliver(event())).toMatchObject({ _tag: "Retry", notBefore: 7_000 })
    }),
  )

  it.scoped("is refused without a token, with a private address, and with a bad template", () =>
    Effect.gen(function* () {
      const { prepare } = yield* Hook0Transport.make().pipe(Effect.provide(Webhooks.services))
      const options = { apiUrl: "http://127.0.0.1", applicationId: Hook0Server.applicationId }
      const config = configOf(options)
      const without = yield* Effect.flip(prepare?.({ ...config, secrets: {} }) ?? Effect.void)
      expect(without).toMatchObject({ field: "apiToken" })
      const bad = configOf(options, "two words")
      expect(yield* Effect.flip(prepare?.(bad) ?? Effect.void)).toMatchObject({ field: "apiToken" })
      const decode = Schema.decodeUnknownEither(Hook0Options)
      expect(decode({ ...options, labels: { a: "{{type" } })._tag).toBe("Left")
    }),
  )
})
