/**
 * JSON text: read with its depth checked first, so that no text can exhaust the stack or make
 * a value that cannot be written again. Of equal names in an object the last one counts; a member
 * named `__proto__` is an ordinary member; numbers have the precision of a double.
 */
import { Either } from "effect"
import { MalformedJson, TooDeep } from "./EventProblem.js"

/** Whether arrays and objects lie deeper in each other than `maxDepth`. */
export const isDeeperThan = (text: string, maxDepth: number): boolean =>
  mayNestDeeper(text, maxDepth) && nestsDeeper(text, maxDepth)

/** Without that many brackets no such depth is possible; most texts end here. */
const mayNestDeeper = (text: string, maxDepth: number) => {
  let seen = 0
  for (let at = text.indexOf("{"); at >= 0; at = text.indexOf("{", at + 1)) {
    if (++seen > maxDepth) return true
  }
  for (let at = text.indexOf("["); at >= 0; at = text.indexOf("[", at + 1)) {
    if (++seen > maxDepth) return true
  }
  return false
}

const quote = 0x22
const backslash = 0x5c

const nestsDeeper = (text: string, maxDepth: number) => {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = endOfString(text, at)
      if (at < 0) return false
      continue
    }
    // `[` and `{` differ from each other, as `]` and `}` do, by the bit 0x20 alone.
    const bracket = code | 0x20
    if (bracket === 0x7b) {
      if (++depth > maxDepth) return true
    } else if (bracket === 0x7d) {
      depth--
    }
  }
  return false
}

/** The place of the quote that closes the string opened at `start`; -1 where none does. */
const endOfString = (text: string, start: number) => {
  let end = text.indexOf('"', start + 1)
  while (end >= 0) {
    let before = end - 1
    while (text.charCodeAt(before) === backslash) before--
    // An even number of backslashes before it: the quote is not escaped.
    if ((end - before) % 2 === 1) return end
    end = text.indexOf('"', end + 1)
  }
  return end
}

/** Parses JSON no deeper than `maxDepth`; `field` names the text in errors. */
export const parseJson = (
  text: string,
  maxDepth: number,
  field: string,
): Either.Either<unknown, MalformedJson | TooDeep> => {
  if (isDeeperThan(text, maxDepth)) return Either.left(new TooDeep({ field, limit: maxDepth }))
  try {
    return Either.right(JSON.parse(text))
  } catch (cause) {
    return Either.left(new MalformedJson({ field, ...positionOf(cause) }))
  }
}

/** The engine tells the place only in its message, and only for some texts. */
const positionOf = (cause: unknown) => {
  const found = cause instanceof Error ? /at position (\d+)/.exec(cause.message) : null
  return found === null ? {} : { position: Number(found[1]) }
}

/** The length of well-formed text in UTF-8. */
export const utf8Length = (text: string): number => {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // A surrogate pair is two units of two extra bytes in all.
    if (code >= 0x80) bytes += code < 0x800 || (code & 0xf800) === 0xd800 ? 1 : 2
  }
  return bytes
}

/** The length of the text in UTF-8, or less of what is above, where it exceeds `limitBytes`; else undefined. */
export const utf8LengthAbove = (text: string, limitBytes: number): number | undefined => {
  if (text.length * 3 <= limitBytes) return undefined
  if (text.length > limitBytes) return text.length
  const bytes = utf8Length(text)
  return bytes > limitBytes ? bytes : undefined
}
