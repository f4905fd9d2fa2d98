/**
 * Content types as far as events need them: which mode they announce, and how data is carried.
 */

export const structuredContentType = "application/cloudevents+json"
export const batchContentType = "application/cloudevents-batch+json"

export type HttpMode = "structured" | "binary" | "batch"

/** HTTP binding, section 3: by prefix, the longer one first. */
export const modeOf = (contentType: string | undefined): HttpMode => {
  const lower = contentType?.toLowerCase() ?? ""
  if (lower.startsWith("application/cloudevents-batch")) return "batch"
  return lower.startsWith("application/cloudevents") ? "structured" : "binary"
}

/** Type and subtype in lower case, without parameters. */
export const essenceOf = (contentType: string): string =>
  (contentType.split(";", 1)[0] ?? "").trim().toLowerCase()

const charset = /; *charset *= *(?:"([^"]*)"|([^\s;"]*))/i

/** The `charset` parameter in lower case, or undefined where there is none. */
export const charsetOf = (contentType: string): string | undefined => {
  if (!contentType.includes(";")) return undefined
  const found = charset.exec(contentType)
  return (found?.[1] ?? found?.[2])?.toLowerCase()
}

export const isUtf8 = (contentType: string): boolean => {
  const name = charsetOf(contentType)
  return name === undefined || name === "utf-8"
}

/** How data of a content type stands in the JSON format: as JSON, as text, or as base64. */
export const dataKindOf = (contentType: string): "json" | "text" | "binary" => {
  if (contentType === "application/json") return "json"
  const essence = essenceOf(contentType)
  const subtype = essence.slice(essence.indexOf("/") + 1)
  if (subtype === "json" || subtype.endsWith("+json")) return "json"
  if (essence.startsWith("text/") || textSubtypes.has(subtype)) return "text"
  return subtype.endsWith("+xml") || subtype.endsWith("+yaml") ? "text" : "binary"
}

const textSubtypes: ReadonlySet<string> = new Set([
  "xml",
  "yaml",
  "javascript",
  "graphql",
  "x-ndjson",
  "x-www-form-urlencoded",
])
