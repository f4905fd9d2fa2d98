// Values that hold other values, in the text form of `array_out`, `record_out`, `range_out`,
// `multirange_out` and `hstore_out`. Each reader answers undefined for text that is not in the form.

import type { JsonValue, ReadScalar } from "./PgScalar.js"

/** A member whose name may be anything, `__proto__` included. */
export const setMember = (object: Record<string, unknown>, name: string, value: unknown): void => {
  if (name === "__proto__") {
    const member = { value, enumerable: true, configurable: true, writable: true }
    Object.defineProperty(object, name, member)
  } else object[name] = value
}

class Text {
  at = 0
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  peek(): string {
    return this.text.charAt(this.at)
  }

  take(wanted: string): boolean {
    if (!this.text.startsWith(wanted, this.at)) return false
    this.at += wanted.length
    return true
  }

  /** What stands between quotes: a backslash, or a quote before a quote, protects what follows. */
  quoted(): string | undefined {
    if (!this.take('"')) return undefined
    let value = ""
    let start = this.at
    while (!this.isAtEnd) {
      const char = this.peek()
      if (char === "\\" || (char === '"' && this.text.charAt(this.at + 1) === '"')) {
        value += this.text.slice(start, this.at) + this.text.charAt(this.at + 1)
        this.at += 2
        start = this.at
      } else if (char === '"') {
        value += this.text.slice(start, this.at)
        this.at += 1
        return value
      } else this.at += 1
    }
    return undefined
  }

  /** What stands before one of the stops, or before the end of the text. */
  until(stops: string): string {
    let value = ""
    while (!this.isAtEnd && !stops.includes(this.peek())) {
      if (this.peek() === "\\") this.at += 1
      value += this.peek()
      this.at += 1
    }
    return value
  }
}

/** As many as a server nests. */
const maxDimensions = 6

const bounds = /^(?:\[-?\d+:-?\d+\])+=/

/** Nested arrays as nested arrays; where indexes start is not told. */
export const readArray = (
  text: string,
  delimiter: string,
  readElement: ReadScalar,
): ReadonlyArray<JsonValue> | undefined => {
  const source = new Text(text.replace(bounds, ""))
  const values = readLevel(source, delimiter, readElement, maxDimensions)
  return source.isAtEnd ? values : undefined
}

const readLevel = (
  source: Text,
  delimiter: string,
  readElement: ReadScalar,
  levels: number,
): ReadonlyArray<JsonValue> | undefined => {
  if (levels === 0 || !source.take("{")) return undefined
  const values: Array<JsonValue> = []
  if (source.take("}")) return values
  for (;;) {
    if (source.peek() === "{") {
      const inner = readLevel(source, delimiter, readElement, levels - 1)
      if (inner === undefined) return undefined
      values.push(inner)
    } else if (source.peek() === '"') {
      const quoted = source.quoted()
      if (quoted === undefined) return undefined
      values.push(readElement(quoted))
    } else {
      const word = source.until(`${delimiter}}`)
      values.push(word.toUpperCase() === "NULL" ? null : readElement(word))
    }
    if (source.take("}")) return values
    if (!source.take(delimiter)) return undefined
  }
}

export interface CompositeField {
  readonly name: string
  readonly read: ReadScalar
}

/** An object with a member for each field. */
export const readComposite = (
  text: string,
  fields: ReadonlyArray<CompositeField>,
): JsonValue | undefined => {
  const source = new Text(text)
  if (!source.take("(")) return undefined
  const object: Record<string, unknown> = {}
  for (const [index, { name, read }] of fields.entries()) {
    if (index > 0 && !source.take(",")) return undefined
    const value = fieldText(source)
    setMember(object, name, value === undefined ? null : read(value))
  }
  return source.take(")") && source.isAtEnd ? object : undefined
}

/** Nothing between two commas is null; pieces in quotes and others may follow each other. */
const fieldText = (source: Text): string | undefined => {
  let value: string | undefined
  while (!source.isAtEnd && source.peek() !== "," && source.peek() !== ")") {
    const piece = source.peek() === '"' ? source.quoted() : source.until(',)"')
    if (piece === undefined) return value
    value = (value ?? "") + piece
  }
  return value
}

/** `{lower, upper, lowerInclusive, upperInclusive}`, a bound that is not there being null, or `{empty: true}`. */
export const readRange = (text: string, readBound: ReadScalar): JsonValue | undefined => {
  const source = new Text(text)
  const range = rangeAt(source, readBound)
  return source.isAtEnd ? range : undefined
}

const rangeAt = (source: Text, readBound: ReadScalar): JsonValue | undefined => {
  if (source.take("empty")) return { empty: true }
  const lowerInclusive = source.take("[")
  if (!lowerInclusive && !source.take("(")) return undefined
  const lower = boundText(source)
  if (!source.take(",")) return undefined
  const upper = boundText(source)
  const upperInclusive = source.take("]")
  if (!upperInclusive && !source.take(")")) return undefined
  return {
    lower: lower === undefined ? null : readBound(lower),
    upper: upper === undefined ? null : readBound(upper),
    lowerInclusive,
    upperInclusive,
  }
}

const boundText = (source: Text): string | undefined => {
  let value: string | undefined
  while (!source.isAtEnd && !",)]".includes(source.peek())) {
    const piece = source.peek() === '"' ? source.quoted() : source.until(',)]"')
    if (piece === undefined) return value
    value = (value ?? "") + piece
  }
  return value
}

/** The ranges in order. */
export const readMultirange = (text: string, readBound: ReadScalar): JsonValue | undefined => {
  const source = new Text(text)
  if (!source.take("{")) return undefined
  const ranges: Array<JsonValue> = []
  while (!source.take("}")) {
    if (ranges.length > 0 && !source.take(",")) return undefined
    const range = rangeAt(source, readBound)
    if (range === undefined) return undefined
    ranges.push(range)
  }
  return source.isAtEnd ? ranges : undefined
}

/** An object whose members are text or null. */
export const readHstore = (text: string): JsonValue | undefined => {
  const source = new Text(text)
  const object: Record<string, unknown> = {}
  while (!source.isAtEnd) {
    const key = source.quoted()
    if (key === undefined || !source.take("=>")) return undefined
    if (source.take("NULL")) setMember(object, key, null)
    else {
      const value = source.quoted()
      if (value === undefined) return undefined
      setMember(object, key, value)
    }
    if (!source.isAtEnd && !source.take(", ")) return undefined
  }
  return object
}
