// Small texts that callers write: patterns, durations, sizes, rates, sequences, Retry-After.

import { Duration, Either, Option, Schema } from "effect"
import * as fc from "fast-check"
import {
  AckedRanges,
  formatByteSize,
  formatDuration,
  formatRate,
  parseByteSize,
  parseDuration,
  parseRate,
  parseRetryAfter,
  parseTypePattern,
  SequenceFromString,
  typeMatches,
} from "../../src/domain/index.js"
import { same, target, type Target, textsLike } from "./Target.js"

const patterns = target(
  "type patterns",
  fc.tuple(textsLike(fc.constantFrom("*", "a.b.*", "a.*.c", "a..b", "booking.v1.*")), fc.string()),
  ([text, type]) => {
    const pattern = parseTypePattern(text)
    if (Either.isLeft(pattern)) return
    same(pattern.right, text, "it is not what was read")
    typeMatches(pattern.right, type)
    if (!text.includes("*") && !typeMatches(pattern.right, text)) throw new Error("it is no match")
  },
)

const durations = target(
  "durations",
  textsLike(fc.constantFrom("500ms", "30s", "1h30m", "2 days", "1.5s", "0s")),
  (text) => {
    const duration = parseDuration(text)
    if (Either.isLeft(duration)) return
    const again = Either.getOrThrow(parseDuration(formatDuration(duration.right)))
    same(Duration.toMillis(again), Duration.toMillis(duration.right), "it is not what was read")
  },
)

const sizes = target(
  "sizes",
  textsLike(fc.constantFrom("64kB", "1GiB", "0", "1.5MB", "100 B")),
  (text) => {
    const size = parseByteSize(text)
    if (Either.isLeft(size)) return
    const again = Either.getOrThrow(parseByteSize(formatByteSize(size.right)))
    same(again, size.right, "it is not what was read")
  },
)

const rates = target(
  "rates",
  textsLike(fc.constantFrom("10/s", "600/min", "5/1h", "1/m")),
  (text) => {
    const rate = parseRate(text)
    if (Either.isLeft(rate)) return
    same(
      Either.getOrThrow(parseRate(formatRate(rate.right))),
      rate.right,
      "it is not what was read",
    )
  },
)

const decodeSequence = Schema.decodeEither(SequenceFromString)

const sequences = target(
  "sequences",
  textsLike(fc.constantFrom("0", "1", "9007199254740991", "007")),
  (text) => {
    const sequence = decodeSequence(text)
    if (Either.isLeft(sequence)) return
    const written = Schema.encodeSync(SequenceFromString)(sequence.right)
    same(Either.getOrThrow(decodeSequence(written)), sequence.right, "it is not what was read")
  },
)

const cursors = target(
  "cursors",
  textsLike(fc.constantFrom("0", "41:43-45,47", "7:9", "9007199254740990:9007199254740991")),
  (text) => {
    const ranges = AckedRanges.parse(text)
    if (Either.isLeft(ranges)) return
    const written = ranges.right.toString()
    same(
      Either.getOrThrow(AckedRanges.parse(written)).toString(),
      written,
      "it is not what was read",
    )
  },
)

const now = Date.UTC(2026, 0, 1)

const retryAfter = target(
  "Retry-After",
  textsLike(fc.constantFrom("120", "Wed, 21 Oct 2026 07:28:00 GMT", "0", "1.5")),
  (text) => {
    const at = parseRetryAfter(text, now)
    if (Option.isSome(at) && !Number.isFinite(at.value)) throw new Error("it is no time")
  },
)

export const textTargets: ReadonlyArray<Target> = [
  patterns,
  durations,
  sizes,
  rates,
  sequences,
  cursors,
  retryAfter,
]
