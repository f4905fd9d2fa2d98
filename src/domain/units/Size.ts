/**
 * Sizes in bytes as people write them: "512B", "10MB" (10^6), "1MiB" (2^20).
 *
 * A unit is always required, letters may be of any case, and the result is a whole number of bytes,
 * so that `parseByteSize(formatByteSize(size))` is `size`.
 */
import { Either, ParseResult, Schema } from "effect"

/** A whole number of bytes from zero to {@link MAX_BYTE_SIZE}. */
export const ByteSize = Schema.Number.pipe(
  Schema.filter(
    (bytes) =>
      (Number.isInteger(bytes) && bytes >= 0 && bytes <= 2 ** 50) ||
      "must be a whole number of bytes from 0 to 1PiB",
  ),
  Schema.brand("ByteSize"),
  Schema.annotations({ identifier: "ByteSize" }),
)
export type ByteSize = typeof ByteSize.Type

/** The largest size that can be written: 1 PiB. */
export const MAX_BYTE_SIZE: ByteSize = ByteSize.make(2 ** 50)

const BYTES_PER_UNIT: ReadonlyArray<readonly [name: string, size: number]> = [
  ["PiB", 2 ** 50],
  ["PB", 1e15],
  ["TiB", 2 ** 40],
  ["TB", 1e12],
  ["GiB", 2 ** 30],
  ["GB", 1e9],
  ["MiB", 2 ** 20],
  ["MB", 1e6],
  ["KiB", 2 ** 10],
  ["kB", 1e3],
  ["B", 1],
]
const SIZES = new Map(BYTES_PER_UNIT.map(([name, size]) => [name.toLowerCase(), size]))
const MAX_TEXT_LENGTH = 32
const FORM = /^(\d{1,16})(?:\.(\d{1,6}))? ?([a-z]{1,3})$/i

/** The text is no size; `reason` says what is wrong with it. */
export class InvalidByteSize extends Schema.TaggedError<InvalidByteSize>()("InvalidByteSize", {
  text: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `"${this.text}" is not a size: ${this.reason}. Write it as "512B", "10MB" or "1MiB".`
  }
}

/** Reads a size of whole bytes between zero and {@link MAX_BYTE_SIZE}. */
export const parseByteSize = (text: string): Either.Either<ByteSize, InvalidByteSize> => {
  const fail = (reason: string) =>
    Either.left(new InvalidByteSize({ text: text.slice(0, MAX_TEXT_LENGTH), reason }))
  if (text.length > MAX_TEXT_LENGTH) return fail(`it is longer than ${MAX_TEXT_LENGTH} characters`)
  const [, digits, fraction = "", name = ""] = FORM.exec(text) ?? []
  if (digits === undefined) return fail("a number and a unit are expected")
  const size = SIZES.get(name.toLowerCase())
  if (size === undefined) return fail(`"${name}" is not a unit of size`)
  const partial = (Number(fraction) * size) / 10 ** fraction.length
  const bytes = Number(digits) * size + partial
  if (!Number.isInteger(partial)) return fail("it is not a whole number of bytes")
  return bytes > MAX_BYTE_SIZE
    ? fail(`it is larger than ${formatByteSize(MAX_BYTE_SIZE)}`)
    : Either.right(ByteSize.make(bytes))
}

/** Writes a size in the largest unit that divides it. */
export const formatByteSize = (bytes: ByteSize): string => {
  const [name, size] = BYTES_PER_UNIT.find(
    ([, candidate]) => bytes > 0 && bytes % candidate === 0,
  ) ?? ["B", 1]
  return `${bytes / size}${name}`
}

/** Codec between a size in bytes and its text. */
export const ByteSizeText = Schema.transformOrFail(Schema.String, Schema.typeSchema(ByteSize), {
  strict: true,
  decode: (text, _, ast) =>
    Either.mapLeft(parseByteSize(text), (error) => new ParseResult.Type(ast, text, error.message)),
  encode: (bytes) => ParseResult.succeed(formatByteSize(bytes)),
}).annotations({
  identifier: "ByteSizeText",
  description: 'a size with its unit, such as "512B", "10MB" or "1MiB"',
  jsonSchema: { type: "string", examples: ["512B", "10MB", "1MiB"] },
})

/** Codec of a size within bounds, both included. */
export const byteSizeBetween = (minimum: ByteSize, maximum: ByteSize) =>
  ByteSizeText.pipe(
    Schema.filter(
      (bytes) =>
        (bytes >= minimum && bytes <= maximum) ||
        `must be from ${formatByteSize(minimum)} to ${formatByteSize(maximum)}`,
    ),
  )
