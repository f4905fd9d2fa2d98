/** What a pattern means, said as plainly as possible: the reference for matcher and routing table. */
import * as fc from "fast-check"
import { TypePattern } from "../../../src/domain/routing/index.js"

const segmentsMatch = (pattern: ReadonlyArray<string>, type: ReadonlyArray<string>): boolean => {
  const [head, ...rest] = pattern
  if (head === undefined) return type.length === 0
  if (type.length === 0) return false
  if (head === "*" && rest.length === 0) return true
  return (head === "*" || head === type[0]) && segmentsMatch(rest, type.slice(1))
}

export const naiveMatches = (pattern: string, type: string): boolean =>
  segmentsMatch(pattern.split("."), type.split("."))

/** Few segments, so that patterns and types meet often; among them names that objects inherit. */
const segment = fc.constantFrom("a", "b", "ab", "", "__proto__", "constructor")

export const typeArbitrary = fc
  .array(segment, { minLength: 1, maxLength: 5 })
  .map((segments) => segments.join("."))
  .filter((type) => type.length > 0)

export const patternArbitrary = fc
  .array(fc.oneof(segment, fc.constant("*")), { minLength: 1, maxLength: 5 })
  .map((segments) => segments.join("."))
  .filter((pattern) => pattern.length > 0)
  .map((pattern) => TypePattern.make(pattern))
