// Regular expressions of tenants, matched in time linear in the text (RE2). What RE2 cannot do in
// linear time, such as looking ahead or back-references, is no pattern here.

import { Either } from "effect"
import { RE2JS } from "re2js"
import type { Run } from "./SchemaNode.js"

const maxLength = 512
/** Steps that a character costs, and more for a large pattern: each of its states may be looked at. */
const stepsPerCharacter = 4
const instructionsPerStep = 16

export interface Pattern {
  /** Whether it is found anywhere in a text. */
  readonly isIn: (text: string, run: Run) => boolean
  /** Instructions. */
  readonly size: number
}

export const linearPattern = (source: string): Either.Either<Pattern, string> => {
  if (source.length > maxLength) return Either.left(`is longer than ${maxLength} characters`)
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(RE2JS.translateRegExp(source))
  } catch {
    return Either.left("is no regular expression that can be matched in linear time (RE2)")
  }
  const size = compiled.programSize()
  return Either.right({
    size,
    isIn: (text, run) => {
      run.spend(1 + Math.ceil(text.length * (stepsPerCharacter + size / instructionsPerStep)))
      return compiled.matcher(text).find()
    },
  })
}
