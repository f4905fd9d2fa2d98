// Regular expressions in CEL: RE2 syntax, matched in time linear in the text, without backtracking.

import { Either } from "effect"
import { RE2JS } from "re2js"

/** The longest pattern, in UTF-16 units. */
export const MAX_REGEX_LENGTH = 256
/** Instructions of a compiled pattern: each character of a text may cost as many. */
export const MAX_REGEX_SIZE = 256

export interface CelRegex {
  /** Whether it is found anywhere in the text. */
  readonly isFoundIn: (text: string) => boolean
  /** Steps of the budget for a text of that length. */
  readonly costOf: (length: number) => number
}

/** A count in braces, which stands for as many copies. */
const largeCount = /\{\d*,?\d{3,}/

/** The pattern, or why it is none. */
export const compileRegex = (pattern: string): Either.Either<CelRegex, string> => {
  if (pattern.length > MAX_REGEX_LENGTH)
    return Either.left(`a pattern has at most ${MAX_REGEX_LENGTH} characters`)
  if (largeCount.test(pattern)) return Either.left("a pattern repeats at most 99 times")
  try {
    const compiled = RE2JS.compile(pattern)
    const size = compiled.programSize()
    if (size > MAX_REGEX_SIZE) return Either.left("the pattern is too large")
    return Either.right({
      isFoundIn: (text) => compiled.test(text),
      costOf: (length) => 1 + ((length * size) >>> 3),
    })
  } catch (cause) {
    // It throws for nothing but patterns that it does not take.
    const reason = cause instanceof Error ? cause.message : String(cause)
    return Either.left(`the pattern is not RE2: ${reason.slice(0, 200)}`)
  }
}
