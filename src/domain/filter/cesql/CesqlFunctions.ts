// The built-in functions of CESQL. Characters are Unicode code points, counted from one.

import { MAX_MADE_TEXT, tooCostly } from "../../expression/index.js"
import { minInteger, maxInteger } from "./CesqlSyntax.js"
import {
  castTo,
  type CesqlType,
  type CesqlValue,
  type Evaluation,
  toBoolean,
  toInteger,
  toText,
} from "./CesqlValue.js"

export interface CesqlFunction {
  readonly returns: CesqlType
  /** Answers a value of its type in any case; takes note of what goes wrong. */
  readonly apply: (given: ReadonlyArray<CesqlValue>, on: Evaluation) => CesqlValue
}

/** The function of that name which takes so many arguments. */
export const functionFor = (name: string, arity: number): CesqlFunction | undefined =>
  functions
    .get(name)
    ?.find(({ parameters, rest }) =>
      rest ? arity >= parameters.length : arity === parameters.length,
    )

export const isFunctionName = (name: string): boolean => functions.has(name)

interface Overload extends CesqlFunction {
  readonly parameters: ReadonlyArray<CesqlType | "Any">
  /** It takes any number of further texts. */
  readonly rest: boolean
}

const overload = (
  parameters: ReadonlyArray<CesqlType | "Any">,
  returns: CesqlType,
  apply: (given: ReadonlyArray<CesqlValue>, on: Evaluation) => CesqlValue,
  rest = false,
): Overload => ({
  parameters,
  returns,
  rest,
  apply: (given, on) => {
    const cast = given.map((value, index) => {
      const type = parameters[index] ?? "String"
      return type === "Any" ? value : castTo(type, value, on)
    })
    if (!on.budget.spendOnText(cast.reduce((sum: number, value) => sum + lengthOf(value), 0)))
      on.fail("generic", tooCostly)
    return on.error === undefined ? apply(cast, on) : zero[returns]
  },
})

const zero: Readonly<Record<CesqlType, CesqlValue>> = { String: "", Integer: 0, Boolean: false }
const lengthOf = (value: CesqlValue) => (typeof value === "string" ? value.length : 1)

const ofText = (apply: (text: string) => CesqlValue, returns: CesqlType = "String") =>
  overload(["String"], returns, ([text = ""]) => apply(toText(text)))

const ofTextAndInteger = (apply: (text: string, count: number, on: Evaluation) => string) =>
  overload(["String", "Integer"], "String", ([text = "", count = 0], on) =>
    apply(toText(text), toInteger(count, on), on),
  )

const made = (text: string, on: Evaluation): string => {
  if (text.length <= MAX_MADE_TEXT) return text
  on.fail("functionEvaluation", `makes a text longer than ${MAX_MADE_TEXT} characters`)
  return ""
}

const surrogate = /[\uD800-\uDFFF]/
/** Something with a length and slices in characters. */
const charactersOf = (text: string): string | ReadonlyArray<string> =>
  surrogate.test(text) ? Array.from(text) : text
const textOf = (characters: string | ReadonlyArray<string>): string =>
  typeof characters === "string" ? characters : characters.join("")

const whiteSpace = /\p{White_Space}/u

const trim = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && whiteSpace.test(text.charAt(start))) start++
  while (end > start && whiteSpace.test(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

const left = (text: string, count: number, on: Evaluation): string => {
  if (count >= 0) return textOf(charactersOf(text).slice(0, count))
  on.fail("functionEvaluation", "LEFT takes no negative number of characters")
  return text
}

const right = (text: string, count: number, on: Evaluation): string => {
  if (count < 0) {
    on.fail("functionEvaluation", "RIGHT takes no negative number of characters")
    return text
  }
  const characters = charactersOf(text)
  return textOf(characters.slice(Math.max(0, characters.length - count)))
}

const substring = (text: string, position: number, length: number, on: Evaluation): string => {
  const characters = charactersOf(text)
  if (position > characters.length || position < -characters.length || length < 0) {
    on.fail("functionEvaluation", "SUBSTRING begins outside the text or has a negative length")
    return ""
  }
  if (position === 0) return ""
  const start = position > 0 ? position - 1 : characters.length + position
  return textOf(characters.slice(start, start + length))
}

const absolute = (value: number, on: Evaluation): number => {
  if (value !== minInteger) return Math.abs(value)
  on.fail("math", "ABS of the least integer is none")
  return maxInteger
}

const functions: ReadonlyMap<string, ReadonlyArray<Overload>> = new Map([
  ["LENGTH", [ofText((text) => charactersOf(text).length, "Integer")]],
  ["CONCAT", [overload([], "String", (texts, on) => made(texts.join(""), on), true)]],
  [
    "CONCAT_WS",
    [
      overload(
        ["String"],
        "String",
        ([delimiter = "", ...texts], on) => {
          const length = texts.length * lengthOf(delimiter)
          return length > MAX_MADE_TEXT || !on.budget.spendOnText(length)
            ? made(" ".repeat(MAX_MADE_TEXT + 1), on)
            : made(texts.join(toText(delimiter)), on)
        },
        true,
      ),
    ],
  ],
  ["LOWER", [ofText((text) => text.toLowerCase())]],
  ["UPPER", [ofText((text) => text.toUpperCase())]],
  ["TRIM", [ofText(trim)]],
  ["LEFT", [ofTextAndInteger(left)]],
  ["RIGHT", [ofTextAndInteger(right)]],
  [
    "SUBSTRING",
    [
      ofTextAndInteger((text, position, on) => substring(text, position, text.length, on)),
      overload(
        ["String", "Integer", "Integer"],
        "String",
        ([text = "", position = 0, length = 0], on) =>
          substring(toText(text), toInteger(position, on), toInteger(length, on), on),
      ),
    ],
  ],
  [
    "ABS",
    [overload(["Integer"], "Integer", ([value = 0], on) => absolute(toInteger(value, on), on))],
  ],
  ["INT", [overload(["Any"], "Integer", ([value = 0], on) => toInteger(value, on))]],
  ["BOOL", [overload(["Any"], "Boolean", ([value = 0], on) => toBoolean(value, on))]],
  ["STRING", [overload(["Any"], "String", ([value = ""]) => toText(value))]],
])
