/**
 * Events as HTTP messages in binary mode (HTTP binding, section 3.1). Structured and batch mode are
 * `encodeStructured` and `encodeBatch` under their content types.
 */
import { Either, Encoding } from "effect"
import type { CloudEvent } from "./CloudEvent.js"
import { dataKindOf, isUtf8, modeOf, structuredContentType } from "./ContentType.js"
import { encodeStructured } from "./EventJson.js"
import { encodeHeaderValue } from "./HeaderValue.js"

/** Headers by lower-case name. */
export interface EncodedHttp {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/**
 * The event with its attributes as headers and its data as the body. What binary mode cannot say
 * goes in structured mode: data whose content type is itself that of a CloudEvent, and text whose
 * content type names another encoding than UTF-8.
 */
export const encodeBinary = (event: CloudEvent): EncodedHttp => {
  const contentType = event.datacontenttype ?? (event.data === undefined ? undefined : json)
  if (contentType !== undefined && !isBinaryMode(event, contentType)) {
    return { headers: { "content-type": structuredContentType }, body: encodeStructured(event) }
  }
  const headers: Record<string, string> = {}
  for (const name of Object.keys(event)) {
    if (notHeaders.has(name)) continue
    const value = event[name]
    headers[`ce-${name}`] = typeof value === "string" ? encodeHeaderValue(value) : String(value)
  }
  if (contentType !== undefined) headers["content-type"] = contentType
  return { headers, body: bodyOf(event, contentType) }
}

const json = "application/json"
const notHeaders: ReadonlySet<string> = new Set(["datacontenttype", "data", "data_base64"])

const isBinaryMode = (event: CloudEvent, contentType: string) =>
  modeOf(contentType) === "binary" && (event.data === undefined || isUtf8(contentType))

const bodyOf = (event: CloudEvent, contentType: string | undefined): string | Uint8Array => {
  if (event.data_base64 !== undefined) {
    // Validated base64 decodes; the empty text stands in only to satisfy the type.
    return Either.getOrElse(Encoding.decodeBase64(event.data_base64), () => "")
  }
  if (event.data === undefined) return ""
  const isText = contentType !== undefined && dataKindOf(contentType) !== "json"
  return isText && typeof event.data === "string" ? event.data : JSON.stringify(event.data)
}
