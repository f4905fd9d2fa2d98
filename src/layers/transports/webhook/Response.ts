// What the answer to a webhook, or the lack of one, says of the delivery.
//
// The texts name the status or the kind of failure and nothing that the endpoint wrote, except where
// a redirect points to: an endpoint may echo what it was sent, secrets included.

import { STATUS_CODES } from "node:http"
import { Option } from "effect"
import { Outcome, parseRetryAfter } from "../../../domain/index.js"

/** The parts of an answer that matter. */
export interface Answer {
  readonly status: number
  readonly retryAfter?: string | undefined
  readonly location?: string | undefined
}

const statusText = (status: number): string => {
  const phrase = STATUS_CODES[status]
  return phrase === undefined ? `HTTP ${status}` : `HTTP ${status} ${phrase}`
}

/** 408, 425 and 429 ask for patience (RFC 9110, RFC 8470, RFC 6585). */
const isTransient = (status: number) =>
  status === 408 || status === 425 || status === 429 || status >= 500

/** What a whole answer means. `now` is in milliseconds since the epoch. */
export const outcomeOfAnswer = (answer: Answer, durationMillis: number, now: number): Outcome => {
  const { status } = answer
  if (status >= 200 && status < 300) {
    return Outcome.delivered({ status, durationMillis })
  }
  return Outcome.withStatus(failureOf(answer, now), status)
}

const failureOf = ({ status, retryAfter, location }: Answer, now: number): Outcome => {
  const text = statusText(status)
  if (isTransient(status)) {
    const notBefore = Option.flatMap(Option.fromNullable(retryAfter), (header) =>
      parseRetryAfter(header, now),
    )
    return Outcome.retry(text, Option.getOrUndefined(notBefore))
  }
  if (status >= 300 && status < 400) {
    const target = location === undefined ? "" : ` to ${location.slice(0, 200)}`
    // Of every event if the endpoint has moved: then it is the sink that is wrong, not the event.
    return Outcome.misconfigured(`${text}${target}: redirects are not followed`)
  }
  switch (status) {
    case 410:
      return Outcome.gone(text)
    case 401:
    case 403:
    case 404:
      return Outcome.misconfigured(text)
    default:
      return Outcome.reject(text)
  }
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "the connection was refused"],
  ["ECONNRESET", "the connection was reset"],
  ["EPIPE", "the connection was closed"],
  ["UND_ERR_SOCKET", "the connection was closed before the answer was whole"],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "the answer is not of the length it states"],
  ["UND_ERR_HEADERS_OVERFLOW", "the headers of the answer are too large"],
  ["UND_ERR_DESTROYED", "the connection was let go of"],
  ["UND_ERR_CLOSED", "the connection was let go of"],
  ["EHOSTUNREACH", "the host cannot be reached"],
  ["ENETUNREACH", "the network cannot be reached"],
  ["ETIMEDOUT", "the connection timed out"],
  ["EMFILE", "this process has too many open connections"],
])

/** The request itself was not fit to be sent: it will not be the next time either. */
const UNSENDABLE: ReadonlySet<string> = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED"])

const tagOf = (error: Error): string | undefined =>
  "_tag" in error && typeof error._tag === "string" ? error._tag : undefined

const codeOf = (error: Error): string | undefined =>
  "code" in error && typeof error.code === "string" ? error.code : undefined

/** What it means that there is no whole answer. */
export const outcomeOfFailure = (error: Error): Outcome => {
  const tag = tagOf(error)
  if (tag === "TargetRefused")
    return Outcome.misconfigured(`the target is refused: ${error.message}`)
  if (tag === "HostUnresolved" || tag === "ConnectTimedOut") return Outcome.retry(error.message)
  if (error.name === "HTTPParserError") return Outcome.retry("the answer is not valid HTTP")
  const code = codeOf(error)
  if (code !== undefined && UNSENDABLE.has(code)) {
    return Outcome.reject(`the event makes no valid request: ${error.message}`)
  }
  // What is not in the table is mostly a fault of TLS, and its code (CERT_HAS_EXPIRED) says most.
  const kind = code === undefined ? undefined : (KINDS.get(code) ?? `the exchange failed (${code})`)
  return Outcome.retry(kind ?? "the exchange failed")
}
