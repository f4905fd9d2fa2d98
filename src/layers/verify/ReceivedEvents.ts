// The CloudEvents of a webhook whose signature has been verified, in any mode of the HTTP binding.

import { WebhookVerificationError } from "./VerificationError.js"

/** A CloudEvent. Extensions stand beside the attributes; other specifications give them their types. */
export interface ReceivedEvent {
  readonly specversion: "1.0"
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string
  readonly time?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly data?: unknown
  /** Binary data, in base64. */
  readonly data_base64?: string
  readonly [extension: string]: unknown
}

/** As frameworks give them: of `fetch`, of Node, or any record. */
export type ReceivedHeaders =
  | Headers
  | Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** What is needed of the `Headers` of `fetch`. */
export interface Headers {
  forEach(visit: (value: string, name: string) => void): void
}

/** By lower-case names. A header that was given more than once has all its values. */
export type HeaderValues = ReadonlyMap<string, ReadonlyArray<string>>

export const headerValues = (headers: ReceivedHeaders): HeaderValues => {
  const values = new Map<string, ReadonlyArray<string>>()
  const add = (name: string, value: string | ReadonlyArray<string> | undefined) => {
    if (value === undefined) return
    const lower = name.toLowerCase()
    values.set(lower, [
      ...(values.get(lower) ?? []),
      ...(typeof value === "string" ? [value] : value),
    ])
  }
  if (isHeaders(headers)) headers.forEach((value, name) => add(name, value))
  else for (const [name, value] of Object.entries(headers)) add(name, value)
  return values
}

const isHeaders = (headers: ReceivedHeaders): headers is Headers =>
  typeof headers["forEach"] === "function"

const malformed = (reason: string) => new WebhookVerificationError("malformed-event", reason)

const STRUCTURED = /^application\/cloudevents\+json *(?:;|$)/i
const BATCH = /^application\/cloudevents-batch\+json *(?:;|$)/i
const JSON_TYPE = /^[^;]*[/+]json *(?:;|$)/i

/** The events, and whether the signature covers their attributes too. */
export const readEvents = (
  headers: HeaderValues,
  body: Uint8Array,
): { readonly events: ReadonlyArray<ReceivedEvent>; readonly isWhollySigned: boolean } => {
  const contentType = headers.get("content-type")?.[0] ?? ""
  if (BATCH.test(contentType)) {
    const batch = parseJson(textOf(body))
    if (!Array.isArray(batch)) throw malformed("A batch is a JSON array of events")
    const items: ReadonlyArray<unknown> = batch
    return { events: items.map(eventOf), isWhollySigned: true }
  }
  if (STRUCTURED.test(contentType)) {
    return { events: [eventOf(parseJson(textOf(body)))], isWhollySigned: true }
  }
  return { events: [binaryEvent(headers, contentType, body)], isWhollySigned: false }
}

const textOf = (body: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body)
  } catch (cause) {
    throw new WebhookVerificationError("malformed-event", "The body is not UTF-8", { cause })
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new WebhookVerificationError("malformed-event", "The body is not JSON", { cause })
  }
}

const required = ["id", "source", "type"] as const
const optional = ["subject", "time", "datacontenttype", "dataschema", "data_base64"] as const

const eventOf = (value: unknown): ReceivedEvent => {
  if (!isRecord(value)) throw malformed("An event is a JSON object")
  if (value["specversion"] !== "1.0") throw malformed("specversion: must be 1.0")
  for (const name of required) {
    if (!isText(value[name])) throw malformed(`${name}: must be a string that is not empty`)
  }
  for (const name of optional) {
    if (value[name] !== undefined && typeof value[name] !== "string") {
      throw malformed(`${name}: must be a string`)
    }
  }
  return value as ReceivedEvent
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isText = (value: unknown): boolean => typeof value === "string" && value !== ""

const PREFIX = "ce-"

const binaryEvent = (
  headers: HeaderValues,
  contentType: string,
  body: Uint8Array,
): ReceivedEvent => {
  const attributes: Record<string, unknown> = {}
  for (const [name, [value = "", ...more]] of headers) {
    if (!name.startsWith(PREFIX)) continue
    if (more.length > 0) throw malformed(`${name}: is given twice`)
    // No attribute has such a name, and it would be more than one to an object.
    if (!/^ce-[a-z0-9]+$/.test(name)) throw malformed("An attribute has a name that is none")
    attributes[name.slice(PREFIX.length)] = decoded(value)
  }
  if (contentType !== "") attributes["datacontenttype"] = contentType
  if (body.length > 0) {
    if (JSON_TYPE.test(contentType)) attributes["data"] = parseJson(textOf(body))
    else if (/^text\//i.test(contentType)) attributes["data"] = textOf(body)
    else attributes["data_base64"] = base64Of(body)
  }
  return eventOf(attributes)
}

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value)
  } catch (cause) {
    const reason = "An attribute is not percent-encoded UTF-8"
    throw new WebhookVerificationError("malformed-event", reason, { cause })
  }
}

const base64Of = (bytes: Uint8Array): string => {
  let binary = ""
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
