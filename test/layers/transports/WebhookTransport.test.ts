import { createHmac } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import type { Outcome } from "../../../src/domain/index.js"
import { deliveries, delivery } from "./support/Deliveries.js"
import * as Receiver from "./support/Receiver.js"
import * as Webhooks from "./support/Webhooks.js"

const tag = (outcome: Outcome) => outcome._tag

describe("a webhook delivery", () => {
  it.scopedLive("posts the structured event, signed", () =>
    Effect.gen(function* () {
      const receiver = yield* Receiver.http()
      const { deliver } = yield* Webhooks.connection({ url: `${receiver.url}/hook?a=1` })
      const sent = delivery(7, { data: { text: "üñí ✓" } })
      const outcome = yield* deliver(sent)
      expect(outcome).toMatchObject({ _tag: "Delivered", status: 204 })
      const [request] = receiver.received
      expect(request).toMatchObject({ method: "POST", url: "/hook?a=1" })
      expect(request?.headers["content-type"]).toBe("application/cloudevents+json")
      expect(request?.headers["content-length"]).toBe(String(Buffer.byteLength(sent.event.json)))
      expect(request?.body.toString()).toBe(sent.event.json)
      const timestamp = request?.headers["webhook-timestamp"]
      const signed = createHmac("sha256", Webhooks.secretBytes)
        .update(`dlv_7.${String(timestamp)}.`)
        .update(request?.body ?? "")
        .digest("base64")
      expect(request?.headers["webhook-id"]).toBe("dlv_7")
      expect(request?.headers["webhook-signature"]).toBe(`v1,${signed}`)
    }),
  )
})
void Exit
void Redacted
void Scope
void deliveries
void tag
