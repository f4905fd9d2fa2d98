/**
 * Rates as people write them: "100/s", "600/m burst 50", "10MiB/s burst 50MiB".
 *
 * A rate is so much per second, minute or hour, with a burst: how much may come at once after a quiet
 * time. Without one it is as much as the rate names. `parseRate(formatRate(rate))` is `rate`.
 */
import { Either, Option, ParseResult, Schema } from "effect"
import { ByteSize, formatByteSize, parseByteSize } from "./Size.js"

export interface Rate {
  /** How much comes in `perMillis`; at least 1. */
  readonly amount: number
  /** A second, a minute or an hour, in milliseconds. */
  readonly perMillis: number
  /** How much may come at once; at least 1. */
  readonly burst: number
}

/** The most that a rate or a burst can name: burst times unit stays an exact integer. */
export const MAX_RATE_AMOUNT = 1_000_000_000

const MILLIS_PER_UNIT = { s: 1_000, m: 60_000, h: 3_600_000 } as const
const FORM = /^([^/]{1,32})\/([smh])(?: burst (.{1,32}))?$/
const MAX_TEXT_LENGTH = 96

/** The text is no rate; `reason` says what is wrong with it. */
export class InvalidRate extends Schema.TaggedError<InvalidRate>()("InvalidRate", {
  text: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `"${this.text}" is not a rate: ${this.reason}. Write it as "100/s", "600/m" or "100/s burst 500".`
  }
}

/** How the amounts of a rate are written. */
interface AmountText {
  readonly parse: (text: string) => Option.Option<number>
  readonly format: (amount: number) => string
  readonly noun: string
}

const counts: AmountText = {
  parse: (text) => (/^\d{1,10}$/.test(text) ? Option.some(Number(text)) : Option.none()),
  format: String,
  noun: "a whole number",
}

const sizes: AmountText = {
  parse: (text) => Option.map(Either.getRight(parseByteSize(text)), Number),
  format: (bytes) => formatByteSize(ByteSize.make(bytes)),
  noun: "a size",
}

const parser =
  ({ noun, parse }: AmountText) =>
  (text: string): Either.Either<Rate, InvalidRate> => {
    const fail = (reason: string) =>
      Either.left(new InvalidRate({ text: text.slice(0, MAX_TEXT_LENGTH), reason }))
    const [, amountText, unit, burstText] = FORM.exec(text) ?? []
    if (amountText === undefined || (unit !== "s" && unit !== "m" && unit !== "h")) {
      return fail(`${noun} and one of /s, /m, /h are expected`)
    }
    const amount = Option.getOrUndefined(parse(amountText))
    const burst = burstText === undefined ? amount : Option.getOrUndefined(parse(burstText))
    if (amount === undefined || burst === undefined) return fail(`${noun} is expected`)
    if (amount < 1 || burst < 1) return fail("it lets nothing through")
    return amount > MAX_RATE_AMOUNT || burst > MAX_RATE_AMOUNT
      ? fail(`it is more than ${MAX_RATE_AMOUNT}`)
      : Either.right({ amount, perMillis: MILLIS_PER_UNIT[unit], burst })
  }

const formatter =
  ({ format }: AmountText) =>
  ({ amount, burst, perMillis }: Rate): string => {
    const unit = perMillis === MILLIS_PER_UNIT.s ? "s" : perMillis === MILLIS_PER_UNIT.m ? "m" : "h"
    const rate = `${format(amount)}/${unit}`
    return burst === amount ? rate : `${rate} burst ${format(burst)}`
  }

/** Reads a rate of things that are counted. */
export const parseRate = parser(counts)
export const formatRate = formatter(counts)

/** Reads a rate of bytes. */
export const parseByteRate = parser(sizes)
export const formatByteRate = formatter(sizes)

const RateFromSelf = Schema.Struct({
  amount: Schema.Number,
  perMillis: Schema.Number,
  burst: Schema.Number,
})

const codec = (
  parse: (text: string) => Either.Either<Rate, InvalidRate>,
  format: (rate: Rate) => string,
) =>
  Schema.transformOrFail(Schema.String, Schema.typeSchema(RateFromSelf), {
    strict: true,
    decode: (text, _, ast) =>
      Either.mapLeft(parse(text), (error) => new ParseResult.Type(ast, text, error.message)),
    encode: (rate) => ParseResult.succeed(format(rate)),
  })

/** Codec between a rate and its text. */
export const RateText = codec(parseRate, formatRate).annotations({
  identifier: "RateText",
  description:
    'a rate per second, minute or hour, such as "100/s" or "600/m", with a burst, such as "100/s burst 500"; without one the burst is as much as the rate names',
  jsonSchema: { type: "string", examples: ["100/s", "600/m", "100/s burst 500"] },
})

/** Codec between a rate of bytes and its text. */
export const ByteRateText = codec(parseByteRate, formatByteRate).annotations({
  identifier: "ByteRateText",
  description: 'a rate of bytes, such as "10MiB/s" or "10MiB/s burst 50MiB"',
  jsonSchema: { type: "string", examples: ["10MiB/s", "10MiB/s burst 50MiB"] },
})
