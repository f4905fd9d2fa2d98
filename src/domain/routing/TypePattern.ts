/**
 * Patterns over event types.
 *
 * Types and patterns are split on dots, and a segment may be empty: `a..b` has the three segments
 * `a`, the empty one, and `b`. In a pattern `*` stands for exactly one segment, empty or not, except
 * as the last segment, where it stands for one or more; alone it matches every type. Everything else
 * stands for itself, case included.
 */
import { type Brand, Either, Schema } from "effect"

/** The longest pattern, in UTF-16 code units. */
export const MAX_PATTERN_LENGTH = 256
/** The most segments in a pattern; it also bounds the depth of a routing table. */
export const MAX_PATTERN_SEGMENTS = 32

const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u

/** What is wrong with a pattern, and the offset in it (from zero) where it goes wrong. */
interface Flaw {
  readonly position: number
  readonly reason: string
}

const findFlaw = (pattern: string): Flaw | undefined => {
  if (pattern.length === 0) return { position: 0, reason: "it is empty" }
  if (pattern.length > MAX_PATTERN_LENGTH)
    return { position: MAX_PATTERN_LENGTH, reason: `it exceeds ${MAX_PATTERN_LENGTH} characters` }
  const unprintable = pattern.search(UNPRINTABLE)
  if (unprintable >= 0) return { position: unprintable, reason: "event types are printable text" }
  let start = 0
  for (const [index, segment] of pattern.split(".").entries()) {
    if (index === MAX_PATTERN_SEGMENTS)
      return { position: start, reason: `it exceeds ${MAX_PATTERN_SEGMENTS} segments` }
    const star = segment.indexOf("*")
    if (star >= 0 && segment !== "*")
      return { position: start + star, reason: '"*" stands for a whole segment only' }
    start += segment.length + 1
  }
  return undefined
}

type TypePatternText = string & Brand.Brand<"TypePattern">

/** A well-formed type pattern. Decoding and `TypePattern.make` both check it. */
export const TypePattern = Schema.String.pipe(
  Schema.filter((pattern) => {
    const flaw = findFlaw(pattern)
    return flaw === undefined || `invalid type pattern at position ${flaw.position}: ${flaw.reason}`
  }),
  Schema.brand("TypePattern"),
  Schema.annotations({
    identifier: "TypePattern",
    description:
      'dot-separated segments; "*" is one segment, or one or more as the last; alone it matches all',
    jsonSchema: { type: "string", minLength: 1, maxLength: MAX_PATTERN_LENGTH },
    arbitrary: () => (fc) =>
      fc
        .array(fc.constantFrom("*", "a", "b", "booking", ""), { minLength: 1, maxLength: 6 })
        .map((segments) => segments.join("."))
        .filter((pattern): pattern is TypePatternText => pattern.length > 0),
  }),
)
export type TypePattern = typeof TypePattern.Type

/** The text is no type pattern. `pattern` is cut to the length that a pattern may have. */
export class InvalidTypePattern extends Schema.TaggedError<InvalidTypePattern>()(
  "InvalidTypePattern",
  { pattern: Schema.String, position: Schema.Number, reason: Schema.String },
) {
  override get message(): string {
    const shown = JSON.stringify(this.pattern)
    return `${shown} is not a type pattern: at position ${this.position}, ${this.reason}`
  }
}

/** Reads a pattern. Never throws. */
export const parseTypePattern = (text: string): Either.Either<TypePattern, InvalidTypePattern> => {
  const flaw = findFlaw(text)
  return flaw === undefined
    ? Either.right(text as TypePattern)
    : Either.left(new InvalidTypePattern({ pattern: text.slice(0, MAX_PATTERN_LENGTH), ...flaw }))
}

/** Whether the pattern is a plain type, which it alone matches. */
export const isLiteralPattern = (pattern: TypePattern): boolean => !pattern.includes("*")

/** Whether the pattern matches the type. Allocates nothing. */
export const typeMatches = (pattern: TypePattern, type: string): boolean => {
  let p = 0
  let t = 0
  while (true) {
    const patternDot = pattern.indexOf(".", p)
    const patternEnd = patternDot < 0 ? pattern.length : patternDot
    const isStar = patternEnd - p === 1 && pattern[p] === "*"
    if (isStar && patternDot < 0) return true
    const typeDot = type.indexOf(".", t)
    const typeEnd = typeDot < 0 ? type.length : typeDot
    if (!isStar) {
      if (typeEnd - t !== patternEnd - p) return false
      for (let i = p; i < patternEnd; i++)
        if (pattern.charCodeAt(i) !== type.charCodeAt(t - p + i)) return false
    }
    if (patternDot < 0 || typeDot < 0) return patternDot < 0 && typeDot < 0
    p = patternDot + 1
    t = typeDot + 1
  }
}
