// The functions of CEL that there are here. A function of one argument or more is also a method of its
// first: `size(x)` is `x.size()`.

import { MAX_MADE_TEXT } from "../expression/index.js"
import { MAX_MADE_LIST } from "./CelOperators.js"
import { type CelFunction, notFor } from "./CelFunction.js"
import { timeFunctions } from "./CelTimeFunctions.js"
import {
  CelDuration,
  CelFault,
  CelTimestamp,
  type CelType,
  type CelValue,
  isInt,
  isList,
  isObject,
  namesOf,
  typeOf,
} from "./CelValue.js"
import { durationText, timestampText } from "./CelTimeText.js"

const size = (value: CelValue): number | undefined => {
  if (typeof value === "string") return Array.from(value).length
  if (isList(value)) return value.length
  return isObject(value) ? namesOf(value).length : undefined
}

/** A function on texts, which pays for looking at them. */
const onTexts = (
  name: string,
  arity: number,
  returns: CelType,
  apply: (texts: ReadonlyArray<string>, position: number) => CelValue | CelFault,
): readonly [string, CelFunction] => [
  name,
  {
    returns,
    arities: [arity],
    apply: (given, scope, position) => {
      const texts = given.filter((value) => typeof value === "string")
      if (texts.length !== arity) return notFor(name, given, position)
      const [text = "", sought = ""] = texts
      // Finding a text in another may take as many comparisons as the product of their lengths.
      const steps = 1 + (text.length >>> 5) + ((text.length * sought.length) >>> 6)
      return scope.pay(steps, position) ?? apply(texts, position)
    },
  },
]

const toInt = (value: CelValue): bigint | undefined => {
  if (typeof value === "bigint") return value
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return undefined
    const whole = BigInt(Math.trunc(value))
    return isInt(whole) ? whole : undefined
  }
  if (value instanceof CelTimestamp) return BigInt(Math.floor(value.millis / 1000))
  if (typeof value !== "string" || !/^[+-]?[0-9]{1,19}$/.test(value)) return undefined
  const int = BigInt(value.replace("+", ""))
  return isInt(int) ? int : undefined
}

const toDouble = (value: CelValue): number | undefined => {
  if (typeof value === "number") return value
  if (typeof value === "bigint") return Number(value)
  if (
    typeof value !== "string" ||
    !/^[+-]?[0-9]{1,64}(?:\.[0-9]{1,64})?(?:[eE][+-]?[0-9]{1,4})?$/.test(value)
  )
    return undefined
  return Number(value)
}

const toText = (value: CelValue): string | undefined => {
  if (typeof value === "string") return value
  if (value instanceof CelTimestamp) return timestampText(value)
  if (value instanceof CelDuration) return durationText(value)
  return typeof value === "object" ? undefined : String(value)
}

const truths: ReadonlyMap<CelValue, boolean> = new Map([
  ...["1", "t", "true", "TRUE", "True"].map((text) => [text, true] as const),
  ...["0", "f", "false", "FALSE", "False"].map((text) => [text, false] as const),
])

const toBool = (value: CelValue): boolean | undefined =>
  typeof value === "boolean" ? value : truths.get(value)

const conversion = (
  name: string,
  returns: CelType,
  convert: (value: CelValue) => CelValue | undefined,
): readonly [string, CelFunction] => [
  name,
  {
    returns,
    arities: [1],
    apply: ([value = null], _scope, position) =>
      convert(value) ?? new CelFault(`${name}() cannot convert this ${typeOf(value)}`, position),
  },
]

/** A place in a text: an int, or a double without a fraction. */
const placeOf = (value: CelValue | undefined): number | undefined => {
  if (typeof value !== "bigint" && typeof value !== "number") return undefined
  const place = Number(value)
  return Number.isSafeInteger(place) ? place : undefined
}

const substring: CelFunction = {
  returns: "string",
  arities: [2, 3],
  apply: (given, scope, position) => {
    const [text] = given
    if (typeof text !== "string") return notFor("substring", given, position)
    const start = placeOf(given[1])
    const end = given.length > 2 ? placeOf(given[2]) : text.length
    if (start === undefined || end === undefined) return notFor("substring", given, position)
    if (start < 0 || end < start || end > text.length)
      return new CelFault("substring() reaches outside the text", position)
    return scope.pay(1 + ((end - start) >>> 5), position) ?? text.slice(start, end)
  },
}

const join: CelFunction = {
  returns: "string",
  arities: [1, 2],
  apply: (given, scope, position) => {
    const [list = null, separator = ""] = given
    if (!isList(list) || typeof separator !== "string") return notFor("join", given, position)
    const paid = scope.pay(list.length, position)
    if (paid !== undefined) return paid
    const texts = list.filter((part) => typeof part === "string")
    if (texts.length < list.length) return new CelFault("join() takes texts only", position)
    const own = texts.reduce((sum, text) => sum + text.length, 0)
    const length = own + separator.length * list.length
    if (length > MAX_MADE_TEXT) return new CelFault("makes a text that is too long", position)
    return scope.pay(length >>> 5, position) ?? texts.join(separator)
  },
}

const split: CelFunction = {
  returns: "list",
  arities: [2],
  apply: (given, scope, position) => {
    const [text, separator] = given
    if (typeof text !== "string" || typeof separator !== "string")
      return notFor("split", given, position)
    const steps = 1 + (text.length >>> 5) + ((text.length * separator.length) >>> 6)
    const paid = scope.pay(steps, position)
    if (paid !== undefined) return paid
    const parts = text.split(separator, MAX_MADE_LIST + 1)
    if (parts.length > MAX_MADE_LIST) return new CelFault("makes a list that is too long", position)
    return scope.pay(parts.length, position) ?? parts
  },
}

const sizeFunction: CelFunction = {
  returns: "int",
  arities: [1],
  apply: (given, scope, position) => {
    const [value = null] = given
    const found = size(value)
    if (found === undefined) return notFor("size", given, position)
    const steps = isList(value) ? 1 : 1 + found
    return scope.pay(steps, position) ?? BigInt(found)
  },
}

const identity: CelFunction = {
  returns: "dyn",
  arities: [1],
  apply: ([value = null]) => value,
}

export const celFunctions: ReadonlyMap<string, CelFunction> = new Map<string, CelFunction>([
  ["size", sizeFunction],
  ["dyn", identity],
  conversion("int", "int", toInt),
  conversion("double", "double", toDouble),
  conversion("string", "string", toText),
  conversion("bool", "bool", toBool),
  onTexts("startsWith", 2, "bool", ([text = "", start = ""]) => text.startsWith(start)),
  onTexts("endsWith", 2, "bool", ([text = "", end = ""]) => text.endsWith(end)),
  onTexts("contains", 2, "bool", ([text = "", part = ""]) => text.includes(part)),
  onTexts("indexOf", 2, "int", ([text = "", part = ""]) => BigInt(text.indexOf(part))),
  onTexts("lowerAscii", 1, "string", ([text = ""]) =>
    text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  ),
  onTexts("upperAscii", 1, "string", ([text = ""]) =>
    text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase()),
  ),
  onTexts("trim", 1, "string", ([text = ""]) => text.trim()),
  ["substring", substring],
  ["split", split],
  ["join", join],
  ...timeFunctions,
])
