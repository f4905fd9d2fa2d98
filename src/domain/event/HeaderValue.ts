/**
 * Attribute values as HTTP header values (HTTP binding, section 3.1.3.2). What is encoded contains
 * only printable ASCII: no spaces, no quotes, no line breaks.
 */
import { Either } from "effect"
import { InvalidUtf8 } from "./EventProblem.js"

const needsNothing = /^[\x21\x23\x24\x26-\x7e]*$/
const encoded = /[^\x21\x23\x24\x26-\x7e]/gu

export const encodeHeaderValue = (text: string): string =>
  needsNothing.test(text) ? text : text.replace(encoded, encodeURIComponent)

const percentRun = /(?:%[0-9A-Fa-f]{2})+/g

/**
 * Takes off double quotes with their backslashes, then decodes percent signs once. A percent sign
 * without two hexadecimal digits stands for itself; encoded bytes that are not UTF-8 fail.
 */
export const decodeHeaderValue = (
  text: string,
  header: string,
): Either.Either<string, InvalidUtf8> => {
  const bare = unquote(text)
  if (!bare.includes("%")) return Either.right(bare)
  try {
    return Either.right(bare.replace(percentRun, decodeURIComponent))
  } catch {
    // `decodeURIComponent` has this one way to fail: bytes that are not UTF-8.
    return Either.left(new InvalidUtf8({ field: header }))
  }
}

const unquote = (text: string) =>
  text.length >= 2 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/gs, "$1")
    : text
