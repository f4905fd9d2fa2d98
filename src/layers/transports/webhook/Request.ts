// Deliveries as HTTP requests: a mode, fixed headers and a signature around events.

import { createHash } from "node:crypto"
import type { Delivery } from "../../../actors/index.js"
import { batchContentType, encodeBinary, structuredContentType } from "../../../domain/index.js"
import type { Signer } from "./Signer.js"
import type { WebhookMode } from "./WebhookOptions.js"

/** What goes into one request, besides its target. */
export interface WebhookRequest {
  /** Names and values in turn. */
  readonly headers: Array<string>
  readonly body: Buffer
}

export interface RequestFormat {
  readonly mode: WebhookMode
  readonly headers: Readonly<Record<string, string>>
  /** Signs the requests; those without a signature are sent unsigned. */
  readonly signer: Signer
}

const USER_AGENT = "Eventloom"

const SAFE_ID = /^[A-Za-z0-9_-]{1,128}$/

/**
 * The id as `webhook-id`. A full stop would make the signed text ambiguous, as the specification warns,
 * and other characters can be unfit for a header: such an id is sent as its hash.
 */
const webhookId = (id: string): string =>
  SAFE_ID.test(id) ? id : `msg_${createHash("sha256").update(id).digest("base64url")}`

/** One id for a batch: the same for the same deliveries, so that receivers can tell a repetition. */
const batchId = (deliveries: ReadonlyArray<Delivery>): string => {
  const [first] = deliveries
  if (deliveries.length === 1 && first !== undefined) return webhookId(first.id)
  const hash = createHash("sha256")
  for (const { id } of deliveries) hash.update(id).update("\n")
  return `batch_${hash.digest("base64url")}`
}

/** The headers of every request to an endpoint, names and values in turn. */
export const fixedHeaders = (headers: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const own = Object.entries(headers).flat()
  const hasAgent = Object.keys(headers).some((name) => name.toLowerCase() === "user-agent")
  return hasAgent ? own : ["user-agent", USER_AGENT, ...own]
}

/** Makes requests of one format. `now` is in milliseconds since the epoch. */
export const requestMaker = ({ mode, headers, signer }: RequestFormat) => {
  const fixed = fixedHeaders(headers)
  const structuredHeaders = ["content-type", structuredContentType, ...fixed]
  const batchHeaders = ["content-type", batchContentType, ...fixed]

  const complete = (
    modeHeaders: ReadonlyArray<string>,
    id: string,
    body: Buffer,
    now: number,
  ): WebhookRequest => {
    const timestamp = String(Math.floor(now / 1_000))
    const all = modeHeaders.concat("webhook-id", id, "webhook-timestamp", timestamp)
    const signature = signer.sign(id, timestamp, body, now)
    if (signature !== "") all.push("webhook-signature", signature)
    return { headers: all, body }
  }

  const batch = (deliveries: ReadonlyArray<Delivery>, now: number): WebhookRequest => {
    const body = Buffer.from(`[${deliveries.map(({ event }) => event.json).join(",")}]`)
    return complete(batchHeaders, batchId(deliveries), body, now)
  }

  const binary = ({ event, id }: Delivery, now: number): WebhookRequest => {
    const encoded = encodeBinary(event.event)
    const { body } = encoded
    const bytes =
      typeof body === "string"
        ? Buffer.from(body)
        : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    return complete(
      [...Object.entries(encoded.headers).flat(), ...fixed],
      webhookId(id),
      bytes,
      now,
    )
  }

  const structured = ({ event, id }: Delivery, now: number): WebhookRequest =>
    complete(structuredHeaders, webhookId(id), Buffer.from(event.json), now)

  const single = {
    structured,
    binary,
    batch: (delivery: Delivery, now: number) => batch([delivery], now),
  }[mode]
  return { single, batch }
}
