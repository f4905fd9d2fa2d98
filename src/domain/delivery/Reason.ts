/**
 * Why something happened, in words for a person.
 *
 * The text often comes from a tenant's endpoint, so it is made safe for logs, headers and SQL: one
 * line, no control or direction-changing characters, no unpaired surrogates, bounded length.
 */
import { Schema } from "effect"

/** The longest reason, in UTF-16 code units. */
export const MAX_REASON_LENGTH = 500

const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]+/gu
const SPACES = / {2,}/g
const UNPAIRED_END = /[\uD800-\uDBFF]$/

const sanitize = (text: string): string => {
  // Cut first, so that the work is bounded whatever the length of the text.
  const head = text.slice(0, MAX_REASON_LENGTH * 4)
  const clean = head.replace(UNSAFE, " ").replace(SPACES, " ").trim()
  if (clean === "") return "no reason given"
  if (clean.length <= MAX_REASON_LENGTH) return clean
  return `${clean
    .slice(0, MAX_REASON_LENGTH - 1)
    .replace(UNPAIRED_END, "")
    .trimEnd()}…`
}

/** A sanitized reason. Decoding checks it; {@link reasonOf} makes one of any text. */
export const Reason = Schema.String.pipe(
  Schema.filter((text) => sanitize(text) === text || "must be one clean line of bounded length"),
  Schema.brand("Reason"),
  Schema.annotations({ identifier: "Reason", jsonSchema: { type: "string" } }),
)
export type Reason = typeof Reason.Type

/** Makes a reason of any text. Never throws; a reason is left as it is. */
export const reasonOf = (text: string): Reason => sanitize(text) as Reason
