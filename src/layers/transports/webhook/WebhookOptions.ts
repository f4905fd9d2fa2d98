// What a webhook sink can be told. Headers come from tenants: their names must be free to choose and
// their values printable, so that none can add a header, a request or a false signature.

import { Duration, Schema } from "effect"
import { durationBetween } from "../../../domain/index.js"

const MAX_HEADERS = 32
const MAX_HEADERS_LENGTH = 8_192
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/
const VALUE = /^[\x21-\x7e](?:[\x20\x21-\x7e\t]*[\x21-\x7e])?$/

/** Set by the transport, by the connection, or only between neighbours (RFC 9110, section 7.6.1). */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])
const RESERVED_PREFIX = /^(?:ce-|webhook-|proxy-)/

/** Why the headers cannot be sent as they are, and which; undefined when they can. */
const headersFault = (headers: Readonly<Record<string, string>>) => {
  const names = Object.keys(headers)
  const fault = (name: string, message: string) => ({ path: [name], message })
  if (names.length > MAX_HEADERS) return `must not be more than ${MAX_HEADERS}`
  const seen = new Set<string>()
  let length = 0
  for (const name of names) {
    const lower = name.toLowerCase()
    const value = headers[name] ?? ""
    if (!TOKEN.test(name)) return fault(name, "is not a header name")
    if (RESERVED.has(lower) || RESERVED_PREFIX.test(lower)) {
      return fault(name, "is a header that cannot be set")
    }
    if (seen.has(lower)) return fault(name, "is given twice")
    if (value !== "" && !VALUE.test(value)) {
      return fault(name, "must be printable ASCII without space at either end")
    }
    seen.add(lower)
    length += name.length + value.length
  }
  return length > MAX_HEADERS_LENGTH
    ? `must not be longer than ${MAX_HEADERS_LENGTH} characters in all`
    : undefined
}

export const WebhookHeaders = Schema.Record({ key: Schema.String, value: Schema.String }).pipe(
  Schema.filter(headersFault),
)

export const WebhookMode = Schema.Literal("structured", "binary", "batch")
export type WebhookMode = typeof WebhookMode.Type

export const WebhookSignature = Schema.Literal("v1", "v1a", "both")
export type WebhookSignature = typeof WebhookSignature.Type

const DEFAULT_TIMEOUT = Duration.seconds(15)
const DEFAULT_CONNECT_TIMEOUT = Duration.seconds(10)
/** The longest that any sink may wait for a connection. */
export const MAX_CONNECT_TIMEOUT = Duration.seconds(30)

export const WebhookOptions = Schema.Struct({
  /** http or https. Absent only where a default of the namespace fills it in before it is used. */
  url: Schema.optional(Schema.String),
  headers: Schema.optional(WebhookHeaders),
  /** How events stand in requests: the HTTP binding of CloudEvents, section 1.3. */
  mode: Schema.optionalWith(WebhookMode, { default: () => "structured" }),
  /**
   * What requests are signed with: "v1", the sink's own secret (HMAC-SHA256); "v1a", the signing key of
   * the namespace (Ed25519), whose public half is published; or both.
   */
  signature: Schema.optionalWith(WebhookSignature, { default: () => "v1" }),
  /**
   * Whether the endpoint is asked for its consent before anything is delivered (CloudEvents, "HTTP 1.1
   * Web Hooks for Event Delivery"), and the rate that it allows is kept to.
   */
  handshake: Schema.optional(Schema.Boolean),
  /** The requests per minute that the handshake asks for; without it, none are named. */
  requestRate: Schema.optional(Schema.Int.pipe(Schema.between(1, 1_000_000))),
  /** How long an attempt may take in all: 100 ms to 5 min, 15 s by default. */
  timeout: Schema.optionalWith(durationBetween(Duration.millis(100), Duration.minutes(5)), {
    default: () => DEFAULT_TIMEOUT,
  }),
  /** How long it may take to get a connection: 100 ms to 30 s, 10 s by default. */
  connectTimeout: Schema.optionalWith(durationBetween(Duration.millis(100), MAX_CONNECT_TIMEOUT), {
    default: () => DEFAULT_CONNECT_TIMEOUT,
  }),
})
export type WebhookOptions = typeof WebhookOptions.Type
export type WebhookOptionsEncoded = typeof WebhookOptions.Encoded
