/**
 * Durations as people write them: "500ms", "1.5s", "1h30m", "3d".
 *
 * A unit is always required, parts go from the largest unit to the smallest, and the sum is a whole
 * number of milliseconds, so that `parseDuration(formatDuration(d))` is `d`.
 */
import { Duration, Either, ParseResult, Schema } from "effect"

const MILLIS_PER_UNIT = [
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const

/** The longest duration that can be written: ten years of 365 days. */
export const MAX_DURATION: Duration.Duration = Duration.days(3_650)

const MAX_TEXT_LENGTH = 64
const PART = /(\d{1,15})(?:\.(\d{1,6}))?(ms|[wdhms])/y

/** The text is no duration; `reason` says what is wrong with it. */
export class InvalidDuration extends Schema.TaggedError<InvalidDuration>()("InvalidDuration", {
  text: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `"${this.text}" is not a duration: ${this.reason}. Write it as "500ms", "30s" or "1h30m".`
  }
}

/** Reads a duration of whole milliseconds between zero and {@link MAX_DURATION}. */
export const parseDuration = (text: string): Either.Either<Duration.Duration, InvalidDuration> => {
  const fail = (reason: string) =>
    Either.left(new InvalidDuration({ text: text.slice(0, MAX_TEXT_LENGTH), reason }))
  if (text.length === 0) return fail("it is empty")
  if (text.length > MAX_TEXT_LENGTH) return fail(`it is longer than ${MAX_TEXT_LENGTH} characters`)
  let total = 0
  let lastUnit = -1
  let position = 0
  while (position < text.length) {
    PART.lastIndex = position
    const part = PART.exec(text)
    if (part === null) return fail(`a number and a unit are expected at position ${position}`)
    const [whole, digits, fraction = "", name] = part
    const unit = MILLIS_PER_UNIT.findIndex(([candidate]) => candidate === name)
    const size = MILLIS_PER_UNIT[unit]?.[1] ?? 0
    if (unit <= lastUnit) return fail("units go from the largest to the smallest, each once")
    const partial = (Number(fraction) * size) / 10 ** fraction.length
    if (!Number.isInteger(partial)) return fail("it is not a whole number of milliseconds")
    total += Number(digits) * size + partial
    lastUnit = unit
    position += whole.length
  }
  return total > Duration.toMillis(MAX_DURATION)
    ? fail(`it is longer than ${formatDuration(MAX_DURATION)}`)
    : Either.right(Duration.millis(total))
}

/** Writes a duration in the largest units that fit, rounded to milliseconds and kept in bounds. */
export const formatDuration = (duration: Duration.Duration): string => {
  let rest = Math.round(Duration.toMillis(Duration.min(duration, MAX_DURATION)))
  if (rest === 0) return "0s"
  let text = ""
  for (const [name, size] of MILLIS_PER_UNIT) {
    if (name === "w") continue
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${name}`
    rest -= count * size
  }
  return text
}

/** Codec between a duration and its text. */
export const DurationText = Schema.transformOrFail(Schema.String, Schema.DurationFromSelf, {
  strict: true,
  decode: (text, _, ast) =>
    Either.mapLeft(parseDuration(text), (error) => new ParseResult.Type(ast, text, error.message)),
  encode: (duration) => ParseResult.succeed(formatDuration(duration)),
}).annotations({
  identifier: "DurationText",
  description: 'a duration with its unit, such as "500ms", "30s", "1h30m" or "3d"',
  jsonSchema: { type: "string", examples: ["500ms", "30s", "1h30m", "3d"] },
})

/** Codec of a duration within bounds, both included. */
export const durationBetween = (minimum: Duration.Duration, maximum: Duration.Duration) =>
  DurationText.pipe(
    Schema.filter(
      (duration) =>
        Duration.between(duration, { minimum, maximum }) ||
        `must be from ${formatDuration(minimum)} to ${formatDuration(maximum)}`,
    ),
  )
