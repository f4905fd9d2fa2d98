/**
 * HTTP messages to events (CloudEvents 1.0, HTTP binding): binary, structured and batch mode.
 * A total function of the message: whatever is sent is events or one typed problem.
 */
import { Either, Encoding } from "effect"
import { attributeNamePattern } from "./AttributeRules.js"
import { type CloudEvent, isReservedName, parseCloudEvent } from "./CloudEvent.js"
import {
  batchContentType,
  dataKindOf,
  essenceOf,
  type HttpMode,
  isUtf8,
  modeOf,
  structuredContentType,
} from "./ContentType.js"
import { jsonOfBatch, jsonOfEvent } from "./EventJson.js"
import { defaultEventLimits, type EventLimits } from "./EventLimits.js"
import {
  BatchTooLarge,
  type EventProblem,
  EventTooLarge,
  InvalidEvent,
  InvalidUtf8,
  UnsupportedContentType,
} from "./EventProblem.js"
import { decodeHeaderValue } from "./HeaderValue.js"
import { parseJson, utf8LengthAbove } from "./JsonText.js"
import { type Mended, type MendedEvent, mend, type Supplies } from "./MendEvent.js"

export interface HttpMessage {
  /** By lower-case name, as Node's and the platform's servers give them. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /** Bytes as received, or text that was already decoded from UTF-8. */
  readonly body: Uint8Array | string
}

export interface DecodeOptions {
  readonly limits?: EventLimits
  /** Reads leniently, see `mend`. Without it only what CloudEvents 1.0 allows is accepted. */
  readonly mend?: Supplies
}

export interface DecodedHttp {
  readonly mode: HttpMode
  /** One event, or in batch mode any number. */
  readonly events: ReadonlyArray<CloudEvent>
  /** What lenient reading changed; empty when reading strictly. */
  readonly mended: ReadonlyArray<Mended>
}

type Decoding<A> = Either.Either<A, EventProblem>

export const decodeHttp = (
  message: HttpMessage,
  options: DecodeOptions = {},
): Decoding<DecodedHttp> => {
  const limits = options.limits ?? defaultEventLimits
  const given = message.headers["content-type"]
  const contentType = (typeof given === "string" ? given : given?.join(", "))?.trim() || undefined
  const mode = modeOf(contentType)
  if (mode === "binary") {
    return Either.flatMap(decodeBinary(message, contentType, limits), (value) =>
      readAll([value], undefined, mode, limits, options.mend),
    )
  }
  const expected = mode === "batch" ? batchContentType : structuredContentType
  if (contentType === undefined || essenceOf(contentType) !== expected || !isUtf8(contentType)) {
    return unsupported(contentType)
  }
  return Either.flatMap(
    textOf(message.body, mode, limits),
    (text): Decoding<DecodedHttp> =>
      mode === "batch"
        ? Either.flatMap(jsonOfBatch(text, limits), (values) =>
            readAll(values, 0, mode, limits, options.mend),
          )
        : Either.flatMap(jsonOfEvent(text, limits), (value) =>
            readAll([value], undefined, mode, limits, options.mend),
          ),
  )
}

/** Reads each value strictly or leniently; `firstIndex` is undefined where there is no batch. */
const readAll = (
  values: ReadonlyArray<unknown>,
  firstIndex: number | undefined,
  mode: HttpMode,
  limits: EventLimits,
  supplies: Supplies | undefined,
): Decoding<DecodedHttp> => {
  const events: Array<CloudEvent> = []
  const mended: Array<Mended> = []
  for (const [offset, value] of values.entries()) {
    const index = firstIndex === undefined ? undefined : firstIndex + offset
    const read = readOne(value, index, limits, supplies)
    if (Either.isLeft(read)) return Either.left(read.left)
    events.push(read.right.event)
    mended.push(...read.right.mended)
  }
  return Either.right({ mode, events, mended })
}

const readOne = (
  value: unknown,
  index: number | undefined,
  limits: EventLimits,
  supplies: Supplies | undefined,
): Decoding<MendedEvent> =>
  supplies === undefined
    ? Either.map(parseCloudEvent(value, limits, index), (event) => ({ event, mended: [] }))
    : mend(value, supplies, limits, index)

/** The message's attributes and data, in the shape of the JSON format, not yet validated. */
const decodeBinary = (
  message: HttpMessage,
  contentType: string | undefined,
  limits: EventLimits,
): Decoding<Readonly<Record<string, unknown>>> => {
  const attributes: Record<string, unknown> = {}
  let any = false
  for (const header of Object.keys(message.headers)) {
    const value = message.headers[header]
    if (!header.startsWith("ce-") || value === undefined) continue
    any = true
    const fault = headerFault(header, value)
    if (fault !== undefined) return Either.left(new InvalidEvent({ field: header, reason: fault }))
    const decoded = decodeHeaderValue(typeof value === "string" ? value : (value[0] ?? ""), header)
    if (Either.isLeft(decoded)) return Either.left(decoded.left)
    attributes[header.slice(3)] = decoded.right
  }
  if (!any) return unsupported(contentType)
  if (contentType !== undefined) attributes["datacontenttype"] = contentType
  return Either.map(dataOf(message.body, contentType, limits), (data) =>
    Object.assign(attributes, data),
  )
}

const headerFault = (header: string, value: string | ReadonlyArray<string>) => {
  const name = header.slice(3)
  if (name === "datacontenttype") return "is not allowed: use Content-Type"
  if (name === "data" || name === "data_base64") return "is not allowed: the body is the data"
  if (!isReservedName(name) && !attributeNamePattern.test(name)) {
    return "is no attribute name: only a-z and 0-9 are allowed"
  }
  return typeof value === "string" || value.length === 1 ? undefined : "must be given once"
}

interface EventData {
  readonly data?: unknown
  readonly data_base64?: string
}

/** An empty body is no data. Without a content type, bytes stay bytes. */
const dataOf = (
  body: Uint8Array | string,
  contentType: string | undefined,
  limits: EventLimits,
): Decoding<EventData> => {
  const tooLarge = sizeFault(body, "binary", limits)
  if (tooLarge !== undefined) return Either.left(tooLarge)
  if (body.length === 0) return Either.right({})
  const kind = contentType === undefined ? "binary" : dataKindOf(contentType)
  if (kind === "binary") return binaryData(body)
  if (contentType !== undefined && !isUtf8(contentType)) return unsupported(contentType)
  return Either.flatMap(kind === "json" ? decodeUtf8(body) : decodeText(body), (text) =>
    kind === "json"
      ? Either.map(parseJson(text, limits.maxDepth, "data"), (data) => ({ data }))
      : Either.right({ data: text }),
  )
}

const binaryData = (body: Uint8Array | string): Decoding<EventData> => {
  if (typeof body === "string" && loneSurrogate.test(body)) return notUtf8
  return Either.right({ data_base64: Encoding.encodeBase64(body) })
}

const loneSurrogate = /\p{Cs}/u
const notUtf8 = Either.left(new InvalidUtf8({ field: "body" }))

/** The body as text, no larger than its mode may be. */
const textOf = (
  body: Uint8Array | string,
  mode: HttpMode,
  limits: EventLimits,
): Decoding<string> => {
  const tooLarge = sizeFault(body, mode, limits)
  return tooLarge === undefined ? decodeUtf8(body) : Either.left(tooLarge)
}

const sizeFault = (body: Uint8Array | string, mode: HttpMode, limits: EventLimits) => {
  const limit = mode === "batch" ? limits.maxBatchBytes : limits.maxEventBytes
  const actual = typeof body === "string" ? utf8LengthAbove(body, limit) : body.length
  if (actual === undefined || actual <= limit) return undefined
  return mode === "batch"
    ? new BatchTooLarge({ field: "body", unit: "bytes", limit, actual })
    : new EventTooLarge({ field: "body", limitBytes: limit, actualBytes: actual })
}

const jsonDecoder = new TextDecoder("utf-8", { fatal: true })
/** In text that is kept as data a byte order mark is data too. */
const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const decodeUtf8 = (body: Uint8Array | string) => decodeWith(jsonDecoder, body)
const decodeText = (body: Uint8Array | string) => decodeWith(textDecoder, body)

const decodeWith = (
  decoder: { readonly decode: (bytes: Uint8Array) => string },
  body: Uint8Array | string,
): Either.Either<string, InvalidUtf8> => {
  if (typeof body === "string") return Either.right(body)
  try {
    return Either.right(decoder.decode(body))
  } catch {
    // A fatal decoder throws only for bytes that are not UTF-8.
    return notUtf8
  }
}

const unsupported = (contentType: string | undefined) =>
  Either.left(
    new UnsupportedContentType({
      field: "content-type",
      ...(contentType === undefined ? {} : { contentType }),
    }),
  )
