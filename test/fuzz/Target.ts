// What is fuzzed: a parser, with inputs for it and what must hold of whatever it answers.

import * as fc from "fast-check"

export interface Target {
  readonly name: string
  /** Draws an input and asks the parser; throws when something does not hold. */
  readonly inputs: fc.Arbitrary<unknown>
  readonly check: (input: unknown) => void
}

export const target = <A>(
  name: string,
  inputs: fc.Arbitrary<A>,
  check: (input: A) => void,
): Target => ({ name, inputs, check: (input) => check(input as A) })

/** Fails with the two values where they differ. */
export const same = (left: unknown, right: unknown, what: string): void => {
  const [a, b] = [fc.stringify(left), fc.stringify(right)]
  if (a !== b) throw new Error(`${what}: ${a} is not ${b}`)
}

/** A text with up to three pieces of it taken out, put twice or replaced. */
const mutated = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      texts,
      fc.array(
        fc.record({
          at: fc.double({ min: 0, max: 1, noNaN: true }),
          length: fc.nat({ max: 8 }),
          put: fc.oneof(fc.constant(""), fc.fullUnicodeString({ maxLength: 3 }), fc.constant(null)),
        }),
        { maxLength: 3 },
      ),
    )
    .map(([text, edits]) =>
      edits.reduce((edited, { at, length, put }) => {
        const start = Math.floor(at * edited.length)
        const piece = edited.slice(start, start + length)
        return edited.slice(0, start) + (put ?? piece + piece) + edited.slice(start + length)
      }, text),
    )

/** A text many times over, which is where parsers are slow. */
const repeated = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(texts, fc.string({ maxLength: 3 }), fc.nat({ max: 2_000 })).map(([text, by, times]) =>
    Array.from({ length: times }, () => text)
      .join(by)
      .slice(0, 20_000),
  )

/** Texts that are right, nearly right, much too long, and anything. */
export const textsLike = (right: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: right, weight: 2 },
    { arbitrary: mutated(right), weight: 6 },
    { arbitrary: repeated(mutated(right)), weight: 1 },
    { arbitrary: fc.fullUnicodeString(), weight: 1 },
  )
