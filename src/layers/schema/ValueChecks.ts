// The keywords of JSON Schema that look at one value and need no other part of the schema.

import { isIP } from "node:net"
import { Either } from "effect"
import type { Pattern } from "./LinearPattern.js"
import { type Check, escaped, faultOf, type Run } from "./SchemaNode.js"

type Made = Either.Either<Check, string>

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
export const isArray: (value: unknown) => value is ReadonlyArray<unknown> = Array.isArray

const typeOf = (value: unknown): string => {
  if (value === null) return "null"
  return Array.isArray(value) ? "array" : typeof value
}

const types: ReadonlySet<string> = new Set([
  "null",
  "boolean",
  "object",
  "array",
  "number",
  "integer",
  "string",
])

export const typeCheck = (keyword: unknown): Made => {
  const wanted: ReadonlyArray<unknown> = isArray(keyword) ? keyword : [keyword]
  const names = wanted.filter((name): name is string => typeof name === "string" && types.has(name))
  if (names.length === 0 || names.length < wanted.length) {
    return Either.left("must be a type of JSON, or several")
  }
  const allowed = new Set(names)
  const integer = allowed.has("integer")
  return Either.right((value) => {
    const type = typeOf(value)
    if (allowed.has(type) || (integer && Number.isInteger(value))) return undefined
    return faultOf(`must be ${names.join(" or ")}, not ${type}`)
  })
}

/** What it costs to write a value down. */
const stepsPerValue = 8

/**
 * A text that is the same for JSON values that are equal, whatever the order of their members, and
 * for no others. Costs as many steps as it is long.
 */
export const canonical = (value: unknown, run: Pick<Run, "spend">): string => {
  run.spend(stepsPerValue)
  if (isArray(value)) return `[${value.map((item) => canonical(item, run)).join(",")}]`
  if (isObject(value)) {
    const names = Object.keys(value)
      .filter((name) => value[name] !== undefined)
      .sort()
    const members = names.map((name) => `${JSON.stringify(name)}:${canonical(value[name], run)}`)
    return `{${members.join(",")}}`
  }
  const text = JSON.stringify(value === 0 ? 0 : value)
  run.spend(text.length >> 5)
  return text
}

const unlimited = { spend: () => undefined }

/** Equal to one of these. */
export const enumCheck = (values: unknown): Made => {
  if (!isArray(values)) return Either.left("must be an array")
  const known = new Set(values.map((value) => canonical(value, unlimited)))
  return Either.right((value, run) =>
    known.has(canonical(value, run)) ? undefined : faultOf("is none of the values allowed"),
  )
}

export const constCheck = (constant: unknown): Made =>
  Either.map(
    enumCheck([constant]),
    (check) => (value, run) => check(value, run) && faultOf("is not the value required"),
  )

type NumberTest = (value: number, limit: number) => boolean

const numberTests: Readonly<Record<string, readonly [NumberTest, string]>> = {
  minimum: [(value, limit) => value >= limit, "at least"],
  maximum: [(value, limit) => value <= limit, "at most"],
  exclusiveMinimum: [(value, limit) => value > limit, "more than"],
  exclusiveMaximum: [(value, limit) => value < limit, "less than"],
  multipleOf: [(value, of) => Number.isInteger(value / of), "a multiple of"],
}

export const numberCheck = (keyword: string, limit: unknown): Made => {
  const found = numberTests[keyword]
  if (found === undefined || typeof limit !== "number") return Either.left("must be a number")
  if (keyword === "multipleOf" && limit <= 0) return Either.left("must be more than 0")
  const [test, words] = found
  return Either.right((value) =>
    typeof value !== "number" || test(value, limit)
      ? undefined
      : faultOf(`must be ${words} ${limit}`),
  )
}

/** Characters, not UTF-16 units. */
const charactersIn = (text: string): number => {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    const paired = unit >= 0xd800 && unit < 0xdc00 && at + 1 < text.length
    if (paired && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) at++
    count++
  }
  return count
}

const sizes: Readonly<
  Record<string, readonly [(value: unknown, run: Run) => number | undefined, string]>
> = {
  Length: [
    (value, run) => {
      if (typeof value !== "string") return undefined
      run.spend(value.length >> 5)
      return charactersIn(value)
    },
    "characters",
  ],
  Items: [(value) => (isArray(value) ? value.length : undefined), "items"],
  Properties: [
    (value, run) => {
      if (!isObject(value)) return undefined
      const count = Object.keys(value).length
      run.spend(count >> 3)
      return count
    },
    "members",
  ],
}

/** `minLength`, `maxItems` and so on. */
export const sizeCheck = (keyword: string, limit: unknown): Made => {
  const found = sizes[keyword.slice(3)]
  if (found === undefined || typeof limit !== "number" || !Number.isInteger(limit) || limit < 0) {
    return Either.left("must be a whole number, 0 or more")
  }
  const [measure, unit] = found
  const isMinimum = keyword.startsWith("min")
  return Either.right((value, run) => {
    const size = measure(value, run)
    if (size === undefined || (isMinimum ? size >= limit : size <= limit)) return undefined
    return faultOf(`must have at ${isMinimum ? "least" : "most"} ${limit} ${unit}`)
  })
}

export const patternCheck =
  (source: string, { isIn }: Pattern): Check =>
  (value, run) =>
    typeof value !== "string" || isIn(value, run) ? undefined : faultOf(`must match ${source}`)

export const uniqueItemsCheck = (wanted: unknown): Made => {
  if (typeof wanted !== "boolean") return Either.left("must be true or false")
  return Either.right((value, run) => {
    if (!wanted || !isArray(value)) return undefined
    const seen = new Set<string>()
    for (const [index, item] of value.entries()) {
      const text = canonical(item, run)
      if (seen.has(text)) return { pointer: `/${index}`, reason: "is there twice" }
      seen.add(text)
    }
    return undefined
  })
}

const isNames = (value: unknown): value is ReadonlyArray<string> =>
  isArray(value) && value.every((name) => typeof name === "string")

const missing = (value: Readonly<Record<string, unknown>>, names: ReadonlyArray<string>) => {
  const name = names.find((one) => !has(value, one))
  return name === undefined ? undefined : { pointer: `/${escaped(name)}`, reason: "is required" }
}

/** A member that JSON would have: one that is undefined is left out of it. */
export const has = (value: Readonly<Record<string, unknown>>, name: string): boolean =>
  Object.hasOwn(value, name) && value[name] !== undefined

export const requiredCheck = (names: unknown): Made =>
  isNames(names)
    ? Either.right((value, run) => {
        if (!isObject(value)) return undefined
        run.spend(names.length)
        return missing(value, names)
      })
    : Either.left("must be an array of names")

/** The names that must be there too when one is. */
export const dependentRequiredCheck = (name: string, names: unknown): Made =>
  isNames(names)
    ? Either.right((value, run) => {
        if (!isObject(value) || !has(value, name)) return undefined
        run.spend(names.length)
        return missing(value, names)
      })
    : Either.left("must be an array of names")

/** The formats that are held to; all others are only remarks. Each takes linear time. */
const formats: Readonly<Record<string, (text: string) => boolean>> = {
  "date-time": (text) => {
    const at = text.search(/[Tt ]/)
    return at === 10 && isDate(text.slice(0, at)) && isTime(text.slice(at + 1))
  },
  date: (text) => isDate(text),
  time: (text) => isTime(text),
  email: (text) => text.length <= 320 && /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)*$/.test(text),
  hostname: (text) =>
    text.length <= 253 &&
    text.split(".").every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label)),
  ipv4: (text) => isIP(text) === 4,
  ipv6: (text) => isIP(text) === 6 && !text.includes("%"),
  uri: (text) => /^[a-z][a-z0-9+.-]*:[\x21-\x7e]*$/i.test(text) && URL.canParse(text),
  uuid: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
}

const isDate = (text: string): boolean => {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

const isTime = (text: string): boolean =>
  /^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d(?:\.\d+)?|60(?:\.0+)?)(?:z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i.test(
    text,
  )

export const formatCheck = (name: unknown): Made => {
  if (typeof name !== "string") return Either.left("must be a string")
  const holds = Object.hasOwn(formats, name) ? formats[name] : undefined
  return Either.right((value, run) => {
    if (holds === undefined || typeof value !== "string") return undefined
    run.spend(value.length >> 3)
    return holds(value) ? undefined : faultOf(`is no ${name}`)
  })
}
