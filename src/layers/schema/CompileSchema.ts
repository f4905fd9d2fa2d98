// A JSON Schema (2020-12 or draft-07) as checks that are interpreted, never as generated code.
//
// A part is made once, wherever it is referred to from, so that a schema which refers to itself is no
// larger for it. What it may cost is the budget's to bound, at the time of checking.

import { Either } from "effect"
import type { SchemaFault } from "../../actors/index.js"
import { arrayKeywords, combiningKeywords, objectKeywords } from "./Applicators.js"
import { linearPattern, type Pattern } from "./LinearPattern.js"
import { type Check, escaped, faultOf, SchemaNode } from "./SchemaNode.js"
import {
  constCheck,
  enumCheck,
  formatCheck,
  isObject,
  numberCheck,
  patternCheck,
  requiredCheck,
  sizeCheck,
  typeCheck,
  uniqueItemsCheck,
} from "./ValueChecks.js"

const maxParts = 2_000
const maxDepth = 64
/** Instructions of all patterns together: repetitions multiply them, and making them takes time. */
const maxProgram = 10_000

const dialects: Readonly<Record<string, Dialect>> = {
  "https://json-schema.org/draft/2020-12/schema": "2020-12",
  "http://json-schema.org/draft-07/schema": "draft-07",
}

export type Dialect = "2020-12" | "draft-07"

/** Ends the reading of a schema from wherever it is. Never leaves this file. */
class Refused extends Error {
  readonly fault: SchemaFault
  constructor(fault: SchemaFault) {
    super(fault.reason)
    this.fault = fault
  }
}

/** What the keywords of a part are given to be read with. */
export interface Reading {
  readonly dialect: Dialect
  readonly node: SchemaNode
  readonly schema: Readonly<Record<string, unknown>>
  readonly pointer: string
  readonly depth: number
  /** The part at a place below this one. */
  readonly part: (schema: unknown, ...path: ReadonlyArray<string>) => SchemaNode
  /** Refuses the schema for a keyword, or something below it. */
  readonly refuse: (reason: string, ...path: ReadonlyArray<string>) => never
  readonly add: (check: Check) => void
  /** The pattern of a text below this part. */
  readonly pattern: (source: unknown, ...path: ReadonlyArray<string>) => Pattern
  /** Takes over a check, or refuses the schema for the keyword that it is of. */
  readonly take: (made: Either.Either<Check, string>, ...path: ReadonlyArray<string>) => void
}

export const compileSchema = (schema: unknown): Either.Either<SchemaNode, SchemaFault> => {
  try {
    const { nodes, root } = new Compiler(schema)
    if (hasCircle(nodes)) {
      return Either.left(faultOf("refers to itself without going into the data"))
    }
    return Either.right(root)
  } catch (refused) {
    if (refused instanceof Refused) return Either.left(refused.fault)
    throw refused
  }
}

class Compiler {
  readonly root: SchemaNode
  readonly #document: unknown
  readonly #dialect: Dialect
  readonly #parts = new Map<unknown, SchemaNode>()
  #count = 0
  #program = 0

  /** The parts that others can be in. */
  get nodes(): Iterable<SchemaNode> {
    return this.#parts.values()
  }

  constructor(document: unknown) {
    this.#document = document
    this.#dialect = dialectOf(document)
    this.root = this.#part(document, "", 0)
  }

  #part(schema: unknown, pointer: string, depth: number): SchemaNode {
    const known = isObject(schema) ? this.#parts.get(schema) : undefined
    if (known !== undefined) return known
    const node = new SchemaNode()
    if (depth > maxDepth) refuse(pointer, `is nested deeper than ${maxDepth}`)
    if (++this.#count > maxParts) refuse(pointer, `has more than ${maxParts} parts`)
    if (schema === false) node.checks.push(() => faultOf("is not allowed"))
    if (typeof schema === "boolean") return node
    if (!isObject(schema)) return refuse(pointer, "must be a schema: an object, true or false")
    this.#parts.set(schema, node)
    const reading: Reading = {
      dialect: this.#dialect,
      node,
      schema,
      pointer,
      depth,
      part: (below, ...path) => this.#part(below, placeOf(pointer, path), depth + 1),
      refuse: (reason, ...path) => refuse(placeOf(pointer, path), reason),
      pattern: (source, ...path) => this.#pattern(source, placeOf(pointer, path)),
      add: (check) => node.checks.push(check),
      take: (made, ...path) => {
        if (Either.isLeft(made)) refuse(placeOf(pointer, path), made.left)
        else node.checks.push(made.right)
      },
    }
    for (const [keyword, value] of Object.entries(schema)) {
      if (keyword === "$ref") this.#refer(reading, value)
      else readKeyword(reading, keyword, value)
    }
    arrayKeywords(reading)
    objectKeywords(reading)
    combiningKeywords(reading)
    return node
  }

  #pattern(source: unknown, pointer: string): Pattern {
    if (typeof source !== "string") return refuse(pointer, "must be a string")
    const made = linearPattern(source)
    if (Either.isLeft(made)) return refuse(pointer, made.left)
    this.#program += made.right.size
    if (this.#program > maxProgram) return refuse(pointer, "is one regular expression too many")
    return made.right
  }

  #refer({ depth, node, refuse }: Reading, to: unknown): void {
    if (typeof to !== "string" || !(to === "#" || to.startsWith("#/"))) {
      return refuse("must be a reference inside the schema, such as #/$defs/name", "$ref")
    }
    const target = this.#part(this.#find(to, refuse), to.slice(1), depth + 1)
    node.inPlace.push(target)
    node.checks.push((value, run) => target.check(value, run))
  }

  #find(reference: string, refuse: Reading["refuse"]): unknown {
    let at: unknown = this.#document
    for (const segment of reference.split("/").slice(1)) {
      const name = decoded(segment).replaceAll("~1", "/").replaceAll("~0", "~")
      const holder: unknown = at
      if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, name)) {
        return refuse("refers to nothing", "$ref")
      }
      at = Reflect.get(holder, name)
    }
    return at
  }
}

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const refuse = (pointer: string, reason: string): never => {
  throw new Refused({ pointer, reason })
}

const placeOf = (pointer: string, path: ReadonlyArray<string>): string =>
  `${pointer}${path.map((segment) => `/${escaped(segment)}`).join("")}`

const dialectOf = (schema: unknown): Dialect => {
  if (!isObject(schema) || schema["$schema"] === undefined) return "2020-12"
  const { $schema } = schema
  const found = typeof $schema === "string" ? dialects[$schema.replace(/#$/, "")] : undefined
  return found ?? refuse("/$schema", `must be one of ${Object.keys(dialects).join(", ")}`)
}

/** Remarks, which check nothing, and what `arrayKeywords` and the others look for themselves. */
const silent: ReadonlySet<string> = new Set([
  ..."$schema $comment $defs definitions title description default examples deprecated".split(" "),
  ..."readOnly writeOnly contentEncoding contentMediaType contentSchema".split(" "),
  ..."items prefixItems additionalItems contains minContains maxContains".split(" "),
  ..."properties patternProperties additionalProperties propertyNames".split(" "),
  ..."dependentRequired dependentSchemas dependencies".split(" "),
  ..."allOf anyOf oneOf not if then else".split(" "),
])

const readKeyword = (reading: Reading, keyword: string, value: unknown): void => {
  const { refuse, take } = reading
  switch (keyword) {
    case "type":
      return take(typeCheck(value), keyword)
    case "enum":
      return take(enumCheck(value), keyword)
    case "const":
      return take(constCheck(value), keyword)
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
    case "multipleOf":
      return take(numberCheck(keyword, value), keyword)
    case "minLength":
    case "maxLength":
    case "minItems":
    case "maxItems":
    case "minProperties":
    case "maxProperties":
      return take(sizeCheck(keyword, value), keyword)
    case "pattern":
      return reading.add(patternCheck(String(value), reading.pattern(value, keyword)))
    case "format":
      return take(formatCheck(value), keyword)
    case "uniqueItems":
      return take(uniqueItemsCheck(value), keyword)
    case "required":
      return take(requiredCheck(value), keyword)
    case "$id":
      // It would change what references below it mean.
      if (reading.pointer === "" && typeof value === "string") return
      return refuse("may stand at the root only", keyword)
    case "$anchor":
    case "$dynamicAnchor":
    case "$dynamicRef":
    case "$recursiveAnchor":
    case "$recursiveRef":
    case "$vocabulary":
    case "unevaluatedItems":
    case "unevaluatedProperties":
      return refuse("is not supported", keyword)
    default:
      if (!silent.has(keyword) && !keyword.startsWith("x-")) {
        refuse("is no keyword of JSON Schema; own ones begin with x-", keyword)
      }
  }
}

/** Whether a part can come back to itself on the same value. */
const hasCircle = (nodes: Iterable<SchemaNode>): boolean => {
  const done = new Set<SchemaNode>()
  const path = new Set<SchemaNode>()
  const visit = (node: SchemaNode): boolean => {
    if (path.has(node)) return true
    if (done.has(node)) return false
    path.add(node)
    const found = node.inPlace.some(visit)
    path.delete(node)
    done.add(node)
    return found
  }
  return [...nodes].some(visit)
}
